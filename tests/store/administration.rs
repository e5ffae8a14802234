//! What admins do to accounts, and the list of it.

use natter::{
    domain::{
        Action, AuditAction, AuditEntry, AuditId, Command, Emoji, Role, RoomKind, Timestamp, TokenId, User, UserKey,
    },
    store::{
        AUDIT_LIFETIME_SECS, Conflict, Database, Error, Event, Events, LoginLink, MessageRetention, NewUser, Searched,
        UserChanges, UserSearch,
    },
};

use crate::support::{TestDatabase, add, hash, lobby, name, new_user, next, post, whole_log};

pub fn entry(action: AuditAction, subject: &str) -> AuditEntry {
    AuditEntry::new("ada", action, subject)
}

/// The actions in the audit list, the latest first.
async fn listed(store: &dyn Database) -> Vec<(AuditAction, String)> {
    let entries = store.audit(None, 100).await.unwrap();
    entries.into_iter().map(|entry| (entry.action, entry.subject)).collect()
}

/// The next revocation of a user's tokens.
async fn revoked(events: &mut Events) -> (UserKey, i64) {
    loop {
        for event in next(events).await {
            if let Event::UserRevoked { key, version } = event {
                return (key, version);
            }
        }
    }
}

async fn may_log_in(store: &dyn Database, user: &User) -> bool {
    let version = store.user(&user.user_id).await.unwrap().unwrap().version;
    store.authenticate(user.key, version, TokenId::generate()).await.unwrap().is_some()
}

pub async fn a_disabled_account_has_no_valid_token(database: &TestDatabase) {
    let store = database.open().await;
    let mut events = store.events().unwrap();
    let other = database.open_another().await;
    let mut elsewhere = other.as_ref().map(|other| other.events().unwrap());
    let (_, bob) = (add(store.as_ref(), "ada").await, add(store.as_ref(), "bob").await);
    let disabled = store.set_disabled(bob.key, true, entry(AuditAction::UserDisabled, "bob")).await.unwrap();
    assert_eq!(disabled, User { disabled: true, version: 2, ..bob.clone() });
    assert_eq!(revoked(&mut events).await, (bob.key, 2));
    if let Some(elsewhere) = &mut elsewhere {
        assert_eq!(revoked(elsewhere).await, (bob.key, 2), "at another process");
    }
    assert!(store.authenticate(bob.key, 1, TokenId::generate()).await.unwrap().is_none());
    assert!(!may_log_in(store.as_ref(), &bob).await);
    let grant = (bob.key, 2, TokenId::generate());
    assert_eq!(store.void_tokens(&[grant]).await.unwrap(), [grant.2]);
    assert_eq!(store.user(&bob.user_id).await.unwrap(), Some(disabled.clone()));
    assert!(store.credentials(&bob.user_id).await.unwrap().unwrap().0.disabled);
    // again: nothing is written
    assert_eq!(store.set_disabled(bob.key, true, entry(AuditAction::UserDisabled, "bob")).await.unwrap(), disabled);

    let enabled = store.set_disabled(bob.key, false, entry(AuditAction::UserEnabled, "bob")).await.unwrap();
    assert_eq!(enabled, User { disabled: false, ..disabled });
    assert!(may_log_in(store.as_ref(), &bob).await);
    assert!(store.authenticate(bob.key, 1, TokenId::generate()).await.unwrap().is_none(), "what was void stays void");
    let acts = [(AuditAction::UserEnabled, "bob".to_owned()), (AuditAction::UserDisabled, "bob".to_owned())];
    assert_eq!(listed(store.as_ref()).await, acts);
    let gone = store.set_disabled(UserKey::generate(), true, entry(AuditAction::UserDisabled, "x")).await.unwrap_err();
    assert!(matches!(gone, Error::NotFound), "{gone:?}");
}

pub async fn an_admin_who_can_log_in_is_kept(database: &TestDatabase) {
    let store = database.open().await;
    let (ada, bob) = (add(store.as_ref(), "ada").await, add(store.as_ref(), "bob").await);
    let disable = async |user: &User| store.set_disabled(user.key, true, entry(AuditAction::UserDisabled, "x")).await;
    let promote = UserChanges { role: Some(Role::Admin), ..UserChanges::default() };
    store.update_user(bob.key, promote).await.unwrap();
    disable(&bob).await.unwrap();
    let demote = UserChanges { role: Some(Role::Member), ..UserChanges::default() };
    for refused in [
        disable(&ada).await.map(drop),
        store.update_user(ada.key, demote).await.map(drop),
        store.delete_user(ada.key, MessageRetention::Keep).await,
        store.delete_user(ada.key, MessageRetention::Delete).await,
        store.delete_user_by_admin(ada.key, MessageRetention::Keep, entry(AuditAction::UserDeleted, "ada")).await,
    ] {
        assert!(matches!(refused, Err(Error::Conflict(Conflict::LastAdmin))), "{refused:?}");
    }
    assert_eq!(listed(store.as_ref()).await.len(), 1, "a refused act is not listed");
    store.delete_user_by_admin(bob.key, MessageRetention::Keep, entry(AuditAction::UserDeleted, "bob")).await.unwrap();
    assert_eq!(listed(store.as_ref()).await[0], (AuditAction::UserDeleted, "bob".to_owned()));
    assert_eq!(store.user(&bob.user_id).await.unwrap(), None);
}

pub async fn a_logout_by_an_admin_voids_all_tokens(database: &TestDatabase) {
    let store = database.open().await;
    let mut events = store.events().unwrap();
    let bob = add(store.as_ref(), "bob").await;
    let after = store.log_out(bob.key, entry(AuditAction::UserLoggedOut, "bob")).await.unwrap();
    assert_eq!(after, User { version: 2, ..bob.clone() });
    assert_eq!(revoked(&mut events).await, (bob.key, 2));
    assert!(store.authenticate(bob.key, 1, TokenId::generate()).await.unwrap().is_none());
    assert!(may_log_in(store.as_ref(), &bob).await);
    let gone = store.log_out(UserKey::generate(), entry(AuditAction::UserLoggedOut, "x")).await.unwrap_err();
    assert!(matches!(gone, Error::NotFound), "{gone:?}");
    assert_eq!(listed(store.as_ref()).await.len(), 1);
}

pub async fn a_login_link_works_once(database: &TestDatabase) {
    let store = database.open().await;
    let (_, bob) = (add(store.as_ref(), "ada").await, add(store.as_ref(), "bob").await);
    let now = Timestamp::now();
    let link = |n: u8| LoginLink { hash: [n; 32], expires: now.plus_secs(60) };
    let make = async |n: u8| store.set_login_link(bob.key, link(n), entry(AuditAction::LoginLinkMade, "bob")).await;
    let user = async |n: u8| store.login_link_user(&[n; 32], now).await.unwrap().map(|user| user.key);
    let used = async |n: u8| store.use_login_link(&[n; 32], now).await.unwrap().map(|user| user.key);
    assert_eq!((user(1).await, used(1).await), (None, None));
    make(1).await.unwrap();
    assert_eq!((user(1).await, user(1).await), (Some(bob.key), Some(bob.key)));
    assert_eq!(store.login_link_user(&[1; 32], now.plus_secs(61)).await.unwrap(), None, "it has expired");
    make(2).await.unwrap();
    assert_eq!((user(1).await, used(1).await), (None, None), "a new one voids it");
    let (first, second) = tokio::join!(used(2), used(2));
    assert!(first.xor(second) == Some(bob.key), "{first:?} {second:?}");
    assert_eq!(user(2).await, None);

    make(3).await.unwrap();
    let rename = UserChanges { name: Some(name("Robert")), ..UserChanges::default() };
    store.update_user(bob.key, rename).await.unwrap();
    assert_eq!(user(3).await, Some(bob.key));
    let password = UserChanges { password: Some(hash("new")), ..UserChanges::default() };
    store.update_user(bob.key, password).await.unwrap();
    assert_eq!(user(3).await, None, "a new password voids it");
    make(4).await.unwrap();
    store.set_disabled(bob.key, true, entry(AuditAction::UserDisabled, "bob")).await.unwrap();
    assert_eq!((user(4).await, used(4).await), (None, None));
    for refused in [
        make(5).await,
        store.set_login_link(UserKey::generate(), link(6), entry(AuditAction::LoginLinkMade, "x")).await,
    ] {
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    }
    store.set_disabled(bob.key, false, entry(AuditAction::UserEnabled, "bob")).await.unwrap();
    assert_eq!((user(4).await, user(5).await), (None, None));
    let used: Vec<_> = store.audit(None, 100).await.unwrap();
    let used: Vec<_> = used.iter().filter(|entry| entry.action == AuditAction::LoginLinkUsed).collect();
    assert_eq!(used.len(), 1, "{used:?}");
    assert_eq!((used[0].admin.as_str(), used[0].subject.as_str()), ("bob", "bob"));
    assert_eq!(listed(store.as_ref()).await.len(), 7, "four links, a use, disabled, enabled");

    make(7).await.unwrap();
    store.log_out(bob.key, entry(AuditAction::UserLoggedOut, "bob")).await.unwrap();
    assert_eq!((user(7).await, used_key(store.as_ref(), 7).await), (None, None), "a logout everywhere voids it");
}

async fn used_key(store: &dyn Database, n: u8) -> Option<UserKey> {
    store.use_login_link(&[n; 32], Timestamp::now()).await.unwrap().map(|user| user.key)
}

pub async fn a_new_account_is_listed_if_an_admin_creates_it(database: &TestDatabase) {
    let store = database.open().await;
    add(store.as_ref(), "ada").await;
    let new = |user_id: &str| NewUser {
        entry: Some(entry(AuditAction::UserCreated, user_id)),
        ..new_user(user_id, Some(Role::Member))
    };
    assert_eq!(store.create_user(new("bob")).await.unwrap().role, Role::Member);
    assert!(matches!(store.create_user(new("bob")).await, Err(Error::Conflict(_))));
    assert_eq!(listed(store.as_ref()).await, [(AuditAction::UserCreated, "bob".to_owned())]);
}

pub async fn a_disabled_user_writes_nothing(database: &TestDatabase) {
    let store = database.open().await;
    let (ada, bob) = (add(store.as_ref(), "ada").await, add(store.as_ref(), "bob").await);
    // as of a request that was authenticated before
    let access = lobby(store.as_ref(), &bob).await;
    store.change(&access, post("a", "before")).await.unwrap();
    let seq = store.change(&lobby(store.as_ref(), &ada).await, post("b", "of ada")).await.unwrap().message.id.seq;
    store.set_disabled(bob.key, true, entry(AuditAction::UserDisabled, "bob")).await.unwrap();
    let before = whole_log(store.as_ref()).await;
    assert!(before.iter().all(|message| message.author.is_some()), "the name stays");
    let members = store.members_among(&access, &[ada.key, bob.key]).await.unwrap();
    assert_eq!(members.iter().map(|member| member.disabled).collect::<Vec<_>>(), [false, true]);
    let react = || Command::new(Action::React { seq, emoji: Emoji::parse("👍").unwrap() });
    for command in [post("c", "after"), react()] {
        let refused = store.change(&access, command).await.unwrap_err();
        assert!(matches!(refused, Error::NotFound), "{refused:?}");
    }
    assert_eq!(whole_log(store.as_ref()).await, before);
    // natter itself still deletes what it has
    store.delete_user(bob.key, MessageRetention::Delete).await.unwrap();
    let after = whole_log(store.as_ref()).await;
    assert!(after.iter().all(|message| message.author_key != bob.key || message.text().is_none()), "{after:?}");
    store.change(&lobby(store.as_ref(), &ada).await, react()).await.unwrap();
}

pub async fn the_audit_list_has_the_latest_first(database: &TestDatabase) {
    let store = database.open().await;
    let (_, bob) = (add(store.as_ref(), "ada").await, add(store.as_ref(), "bob").await);
    assert_eq!(store.audit(None, 10).await.unwrap(), []);
    let entries = vec![
        entry(AuditAction::UserEdited, "bob"),
        entry(AuditAction::RoleChanged, "bob").with_detail("admin"),
        entry(AuditAction::PasswordSet, "bob"),
    ];
    let role = Some(Role::Admin);
    let named = Some(name("Robert"));
    let changes = UserChanges { name: named, role, entries: entries.clone(), ..UserChanges::default() };
    assert!(store.update_user(bob.key, changes).await.unwrap().is_admin());
    let room = entry(AuditAction::RoomArchived, "Planning");
    store.record(room.clone()).await.unwrap();
    let all: Vec<AuditEntry> = [room].into_iter().chain(entries.into_iter().rev()).collect();
    assert_eq!(store.audit(None, 10).await.unwrap(), all);
    assert_eq!(store.audit(None, 2).await.unwrap(), all[..2]);
    assert_eq!(store.audit(Some(all[1].id), 10).await.unwrap(), all[2..]);
    assert_eq!(store.audit(Some(all[3].id), 10).await.unwrap(), []);
    assert_eq!(store.audit(None, 0).await.unwrap(), []);
    // the whole change is refused
    let mut taken = UserChanges { entries: vec![entry(AuditAction::UserEdited, "bob")], ..UserChanges::default() };
    taken.email = Some(new_user("ada", None).email);
    let refused = store.update_user(bob.key, taken).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict(Conflict::EmailTaken)), "{refused:?}");
    assert_eq!(store.audit(None, 10).await.unwrap(), all);
}

pub async fn entries_of_the_audit_list_expire(database: &TestDatabase) {
    let store = database.open().await;
    let old = AuditEntry { id: AuditId::first_at(Timestamp(5_000)), ..entry(AuditAction::UserEdited, "bob") };
    let new = AuditEntry { id: AuditId::first_at(Timestamp(6_000)), ..entry(AuditAction::UserEdited, "cyd") };
    for entry in [&old, &new] {
        store.record(entry.clone()).await.unwrap();
    }
    store.sweep(Timestamp(6_000).plus_secs(AUDIT_LIFETIME_SECS)).await.unwrap();
    assert_eq!(store.audit(None, 10).await.unwrap(), [new]);
}

pub async fn disabled_people_are_found_by_admins_only(database: &TestDatabase) {
    let store = database.open().await;
    let (ada, bob) = (add(store.as_ref(), "ada").await, add(store.as_ref(), "bob").await);
    store.set_disabled(bob.key, true, entry(AuditAction::UserDisabled, "bob")).await.unwrap();
    let access = lobby(store.as_ref(), &ada).await;
    for (fields, expected) in [(Searched::All, ["ada", "bob"].as_slice()), (Searched::Names, &["ada"])] {
        for text in ["", "user"] {
            let search = UserSearch { text: text.to_owned(), fields, limit: 10, ..UserSearch::default() };
            let (found, total) = store.search_users(&search).await.unwrap();
            let ids: Vec<&str> = found.iter().map(|user| user.user_id.as_str()).collect();
            assert_eq!((ids.as_slice(), total), (expected, expected.len() as u64), "{fields:?} {text:?}");
        }
    }
    let named = store.members_named(&access, "user", 10).await.unwrap();
    assert_eq!(named.iter().map(|person| person.user_id.as_str()).collect::<Vec<_>>(), ["ada"]);
    // a member nevertheless
    assert_eq!(store.member_count(&access).await.unwrap(), 2);
    assert_eq!(RoomKind::Open, store.room(&access).await.unwrap().kind);
}
