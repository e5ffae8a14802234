//! What users see of each other.

use natter::{
    domain::{About, Content, Notice, Person, Role, RoomAction, RoomKind, Timestamp},
    store::{Conflict, Error, MessageRetention, Searched, UserChanges, UserSearch},
};

use crate::{
    members::{Member, in_lobby},
    support::{TestDatabase, add, id, name, new_user},
};

pub async fn a_user_says_something_about_themselves(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    assert_eq!((ada.about.as_str(), ada.shows_last_seen), ("", true));
    let about = About::parse("likes bees\nand honey").unwrap();
    let changes = UserChanges { about: Some(about.clone()), shows_last_seen: Some(false), ..UserChanges::default() };
    let changed = store.update_user(ada.key, changes).await.unwrap();
    assert_eq!((&changed.about, changed.shows_last_seen, changed.version), (&about, false, 1));
    let renamed = UserChanges { name: Some(name("Countess")), ..UserChanges::default() };
    store.update_user(ada.key, renamed).await.unwrap();
    let stored = store.user(&id("ada")).await.unwrap().unwrap();
    assert_eq!((&stored.about, stored.shows_last_seen, stored.name.as_str()), (&about, false, "Countess"));
}

pub async fn people_are_found_by_their_keys_while_they_have_an_account(database: &TestDatabase) {
    let store = database.open().await;
    let [ada, bob] = [add(store.as_ref(), "ada").await, add(store.as_ref(), "bob").await];
    let renamed = UserChanges { name: Some(name("Countess")), ..UserChanges::default() };
    store.update_user(ada.key, renamed).await.unwrap();
    store.delete_user(bob.key, MessageRetention::Keep).await.unwrap();
    let found = store.people(&[bob.key, ada.key]).await.unwrap();
    assert_eq!(found, [Person { key: ada.key, user_id: "ada".into(), name: "Countess".into(), avatar: None }]);
    assert_eq!(store.people(&[]).await.unwrap(), []);
}

pub async fn a_bot_is_no_admin(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let bot = store.create_user(new_user("bot", Some(Role::Bot))).await.unwrap();
    assert_eq!((bot.role, bot.is_admin()), (Role::Bot, false));
    assert_eq!(store.user(&id("bot")).await.unwrap().unwrap().role, Role::Bot);
    let to_bot = UserChanges { role: Some(Role::Bot), ..UserChanges::default() };
    let refused = store.update_user(ada.key, to_bot).await;
    assert!(matches!(refused, Err(Error::Conflict(Conflict::LastAdmin))), "{refused:?}");
}

pub async fn last_seen_is_shown_unless_a_user_hides_it(database: &TestDatabase) {
    let store = database.open().await;
    let [ada, bob, cyd] =
        [add(store.as_ref(), "ada").await, add(store.as_ref(), "bob").await, add(store.as_ref(), "cyd").await];
    let keys = [ada.key, bob.key, cyd.key];
    assert_eq!(store.last_seen(&keys).await.unwrap(), [None; 3]);
    let [early, late] = [Timestamp(1_700_000_000_000), Timestamp(1_700_000_060_000)];
    store.record_seen(&[ada.key, bob.key], late).await.unwrap();
    store.record_seen(&[ada.key, cyd.key], early).await.unwrap();
    assert_eq!(store.last_seen(&keys).await.unwrap(), [Some(late), Some(late), Some(early)], "it never goes back");
    let hide = |shows| UserChanges { shows_last_seen: Some(shows), ..UserChanges::default() };
    store.update_user(bob.key, hide(false)).await.unwrap();
    store.delete_user(cyd.key, MessageRetention::Keep).await.unwrap();
    store.record_seen(&[cyd.key], late).await.unwrap();
    assert_eq!(store.last_seen(&keys).await.unwrap(), [Some(late), None, None]);
    store.update_user(bob.key, hide(true)).await.unwrap();
    assert_eq!(store.last_seen(&[bob.key, bob.key]).await.unwrap(), [Some(late); 2]);
}

pub async fn a_search_of_names_finds_no_addresses(database: &TestDatabase) {
    let store = database.open().await;
    add(store.as_ref(), "ada").await;
    add(store.as_ref(), "bob").await;
    for (text, fields, expected) in [
        ("ADA", Searched::Names, 1),
        ("the user", Searched::Names, 2),
        ("example.org", Searched::Names, 0),
        ("112", Searched::Names, 0),
        ("example.org", Searched::All, 2),
    ] {
        let search = UserSearch { text: text.to_owned(), fields, limit: 10, ..UserSearch::default() };
        let (found, total) = store.search_users(&search).await.unwrap();
        assert_eq!((found.len(), total), (expected, expected as u64), "{text}");
    }
}

/// The userIDs of the members whom a search in the room finds.
async fn named(room: &Member, text: &str, limit: u32) -> Vec<String> {
    let found = room.store.members_named(&room.access, text, limit).await.unwrap();
    found.into_iter().map(|person| person.user_id).collect()
}

pub async fn members_are_found_by_the_beginnings_of_their_names_first(database: &TestDatabase) {
    let [ada, bob, cyd, ann, joan] = in_lobby(database, ["ada", "bob", "cyd", "ann", "joan"]).await;
    for (member, new) in
        [(&ada, "Zoë Anders"), (&bob, "Jo-Ann (b.*)"), (&cyd, "ÄRGER $x"), (&ann, "Zed"), (&joan, "Aline")]
    {
        let changes = UserChanges { name: Some(name(new)), ..UserChanges::default() };
        ada.store.update_user(member.user.key, changes).await.unwrap();
    }
    let room = bob.create(RoomKind::Closed, &[&ada, &cyd, &ann, &joan]).await;
    for (text, expected) in [
        ("AN", &["ann", "ada", "joan", "bob"][..]),
        ("ann", &["ann", "bob"]),
        ("joan", &["joan"]),
        ("zoë a", &["ada"]),
        ("(b.*)", &["bob"]),
        ("ärg", &["cyd"]),
        ("$x", &["cyd"]),
        ("rg", &["cyd"]),
        (".", &["bob"]),
        ("the user", &[]),
        ("example.org", &[]),
        ("a\0", &[]),
        ("", &["joan", "bob", "ann", "ada", "cyd"]),
    ] {
        assert_eq!(named(&room, text, 8).await, expected, "{text:?}");
    }
    assert_eq!(named(&room, "an", 2).await, ["ann", "ada"]);
    assert_eq!(named(&room, "an", 0).await, [""; 0]);
    // who is no member is not found, nor who has no account
    room.manage(RoomAction::Remove(ann.user.key)).await;
    assert_eq!(named(&room, "ann", 8).await, ["bob"]);
    assert_eq!(named(&ada, "ann", 8).await, ["ann", "bob"], "in the lobby");
    room.store.delete_user(joan.user.key, MessageRetention::Keep).await.unwrap();
    assert_eq!(named(&room, "an", 8).await, ["ada", "bob"]);
}

pub async fn members_of_a_large_room_are_found_by_their_names(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let room = bob.create(RoomKind::Open, &[]).await;
    for n in 0..205 {
        let user = add(ada.store.as_ref(), &format!("fan{n:03}")).await;
        if n % 100 != 7 {
            room.manage(RoomAction::Add(user.key)).await;
        }
    }
    assert_eq!(
        named(&room, "fan00", 8).await,
        ["fan000", "fan001", "fan002", "fan003", "fan004", "fan005", "fan006", "fan008"]
    );
    assert_eq!(named(&room, "fan107", 8).await, [""; 0]);
    assert_eq!(
        named(&ada, "07", 8).await,
        ["fan007", "fan070", "fan071", "fan072", "fan073", "fan074", "fan075", "fan076"]
    );
    room.manage(RoomAction::Leave).await;
    assert_eq!(named(&room, "bob", 8).await, [""; 0], "of an ended membership");
}

pub async fn a_notice_has_the_present_name_of_its_subject(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let room = bob.create(RoomKind::Closed, &[&ada]).await;
    let added = room.manage(RoomAction::Add(cyd.user.key)).await;
    let subject = |message: &natter::domain::Message| message.subject.as_ref().map(|subject| subject.name.clone());
    assert_eq!(added.content, Content::Notice(Notice::Added { user: cyd.user.key }));
    assert_eq!(subject(&added).as_deref(), Some("cyd the user"));
    let text = room.post("hello").await;
    assert_eq!(subject(&text), None);
    let changes = UserChanges { name: Some(name("Cyd Vicious")), ..UserChanges::default() };
    room.store.update_user(cyd.user.key, changes).await.unwrap();
    for read in [room.read(1).await, room.log().await.remove(0), room.after(0, 1).await.messages.remove(0)] {
        assert_eq!(subject(&read).as_deref(), Some("Cyd Vicious"));
        assert_eq!(read.subject.unwrap().user_id, "cyd");
    }
    room.store.delete_user(cyd.user.key, MessageRetention::Keep).await.unwrap();
    assert_eq!(room.read(1).await.subject, None);
}
