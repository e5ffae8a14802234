//! Finding rooms: open ones by name, direct ones by their members; and the members of a room.

use natter::{
    domain::{Action, MemberRole, Room, RoomAction, RoomKind, RoomName, Timestamp},
    store::{Conflict, Error, Member as RoomMember, NewRoom},
};

use crate::{
    members::{Member, in_lobby},
    support::TestDatabase,
};

impl Member {
    async fn named(&self, kind: RoomKind, name: &str) -> Result<Room, Error> {
        let (name, topic) = (name.to_owned(), String::new());
        self.store.create_room(NewRoom { kind, name, topic, owner: self.user.key, members: Vec::new() }).await
    }

    async fn open_rooms(&self, search: &str, after: Option<&str>, limit: u32) -> Vec<(String, u64)> {
        let found = self.store.open_rooms(search, after, limit).await.unwrap();
        found.into_iter().map(|open| (open.room.name, open.members)).collect()
    }
}

fn rename(name: &str) -> Action {
    Action::Room(RoomAction::Rename(RoomName::parse(name).unwrap()))
}

fn is_taken<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::Conflict(Conflict::RoomNameTaken)))
}

pub async fn names_of_open_rooms_are_unique(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    let first = ada.named(RoomKind::Open, "Café Σ").await.unwrap();
    assert!(is_taken(ada.named(RoomKind::Open, "CAFÉ ς").await), "regardless of case");
    assert!(is_taken(ada.named(RoomKind::Open, "lobby").await));
    let closed = ada.named(RoomKind::Closed, "Café Σ").await.unwrap();
    ada.named(RoomKind::Closed, "Café Σ").await.unwrap();
    let closed = ada.enter(&closed.id).await.unwrap();
    assert!(is_taken(closed.give(Action::Room(RoomAction::Open)).await));
    closed.change(rename("Tea")).await;
    closed.manage(RoomAction::Open).await;
    assert!(is_taken(closed.give(rename("café σ")).await));
    assert_eq!(closed.head().await, 2, "what was refused takes no number");
    let first = ada.enter(&first.id).await.unwrap();
    first.change(rename("CAFÉ Σ")).await;
    first.manage(RoomAction::Archive).await;
    assert!(is_taken(closed.give(rename("café σ")).await), "an archived room keeps its name");
    first.manage(RoomAction::Unarchive).await;
    first.manage(RoomAction::Close).await;
    closed.change(rename("café σ")).await;
}

pub async fn one_of_many_concurrent_rooms_gets_the_name(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let ada = ada.clone();
            tokio::spawn(async move { ada.named(RoomKind::Open, "Attic").await })
        })
        .collect();
    let mut created = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => created += 1,
            taken => assert!(is_taken(taken)),
        }
    }
    assert_eq!((created, ada.store.room_count().await.unwrap()), (1, 2));
}

pub async fn open_rooms_are_found_by_name(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    for name in ["Ärger", "apples", "Bees", "APRICOTS", "100% _pure_"] {
        ada.named(RoomKind::Open, name).await.unwrap();
    }
    ada.named(RoomKind::Closed, "apes").await.unwrap();
    ada.create(RoomKind::Direct, &[&bob]).await;
    let all = ["100% _pure_", "apples", "APRICOTS", "Bees", "Lobby", "Ärger"];
    let names = |found: Vec<(String, u64)>| found.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names(ada.open_rooms("", None, 10).await), all);
    assert_eq!(ada.open_rooms("AP", None, 10).await, [("apples".to_owned(), 1), ("APRICOTS".to_owned(), 1)]);
    assert_eq!(names(ada.open_rooms("är", None, 10).await), ["Ärger"]);
    assert_eq!(names(ada.open_rooms("% _", None, 10).await), ["100% _pure_"], "its text is literal");
    assert_eq!(ada.open_rooms("lob", None, 10).await, [("Lobby".to_owned(), 2)]);
    assert_eq!(names(ada.open_rooms("", Some("apples"), 3).await), all[2..5]);
    assert_eq!(names(ada.open_rooms("b", Some("bees"), 3).await), ["Lobby"]);
    assert_eq!(ada.store.room_count().await.unwrap(), 7, "without the direct one");
}

pub async fn a_direct_room_is_found_by_its_members(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let [a, b, c] = [&ada, &bob, &cyd].map(|member| member.user.key);
    assert_eq!(ada.store.direct_room(&[a, b]).await.unwrap(), None, "it creates nothing");
    let of_two = ada.create(RoomKind::Direct, &[&bob]).await;
    let of_one = ada.create(RoomKind::Direct, &[]).await;
    let of_three = ada.create(RoomKind::Direct, &[&bob, &cyd]).await;
    for (members, room) in [(vec![b, a], &of_two), (vec![a, a], &of_one), (vec![c, a, b, c], &of_three)] {
        assert_eq!(ada.store.direct_room(&members).await.unwrap().unwrap().id, *room.room());
    }
    assert_eq!(ada.store.direct_room(&[b, c]).await.unwrap(), None);
}

pub async fn concurrent_first_posts_make_one_direct_room(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let tasks = [(ada.clone(), bob.clone()), (bob.clone(), ada.clone())]
        .map(|(from, to)| tokio::spawn(async move { from.create(RoomKind::Direct, &[&to]).await.room().clone() }));
    let [first, second] = tasks;
    assert_eq!(first.await.unwrap(), second.await.unwrap());
    assert_eq!(ada.rooms().await.len(), 2, "with the lobby");
}

pub async fn members_are_paged_in_order_of_their_keys(database: &TestDatabase) {
    let [ada, bob, cyd, dan] = in_lobby(database, ["ada", "bob", "cyd", "dan"]).await;
    let room = bob.create(RoomKind::Closed, &[&cyd, &dan]).await;
    let seen = Timestamp(1_700_000_000_000);
    ada.store.record_seen(&[cyd.user.key], seen).await.unwrap();
    let members = room.store.members_after(&room.access, None, 10).await.unwrap();
    let of = |member: &Member, role, last_seen| RoomMember {
        person: (&member.user).into(),
        role,
        last_seen,
        disabled: false,
    };
    let mut expected = [
        of(&bob, MemberRole::Owner, None),
        of(&cyd, MemberRole::Member, Some(seen)),
        of(&dan, MemberRole::Member, None),
    ];
    expected.sort_by_key(|member| member.person.key);
    assert_eq!(members, expected);
    let mut paged = room.store.members_after(&room.access, None, 2).await.unwrap();
    let last = paged.last().map(|member| member.person.key);
    paged.extend(room.store.members_after(&room.access, last, 2).await.unwrap());
    assert_eq!(paged, expected);
    let asked = [ada.user.key, dan.user.key];
    let found = room.store.members_among(&room.access, &asked).await.unwrap();
    assert_eq!(found, [of(&dan, MemberRole::Member, None)]);
    assert_eq!(room.store.member_count(&room.access).await.unwrap(), 3);
}

/// The rooms that a search goes through are those that give an access.
pub async fn the_readable_rooms_are_those_that_one_may_enter(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let open = ada.create(RoomKind::Open, &[]).await;
    let closed = ada.create(RoomKind::Closed, &[&bob]).await;
    let direct = ada.create(RoomKind::Direct, &[&cyd]).await;
    let archived = ada.create(RoomKind::Open, &[&bob]).await;
    archived.manage(RoomAction::Archive).await;
    let deleted = ada.create(RoomKind::Open, &[&bob]).await;
    let rooms = [&ada, &open, &closed, &direct, &archived, &deleted].map(Member::room);
    let agree = async |step: &str, counts: [usize; 3]| {
        for (user, count) in [&ada, &bob, &cyd].into_iter().zip(counts) {
            let readable = user.store.readable(&user.user).await.unwrap();
            assert_eq!(readable.len(), count, "{step}: {} {readable:?}", user.user.user_id);
            for room in rooms {
                assert_eq!(user.enter(room).await.is_ok(), readable.contains(room), "{step}: {}", user.user.user_id);
            }
        }
    };
    agree("created", [6, 5, 5]).await;
    deleted.manage(RoomAction::Delete).await;
    closed.manage(RoomAction::Remove(bob.user.key)).await;
    agree("removed", [5, 3, 4]).await;
    open.manage(RoomAction::Close).await;
    agree("closed", [5, 2, 3]).await;
    closed.manage(RoomAction::Add(cyd.user.key)).await;
    archived.manage(RoomAction::Unarchive).await;
    agree("added", [5, 2, 4]).await;
}
