//! The tables of users and of rooms that admins see.

use natter::{
    domain::{Action, Command, RoomAction, RoomId, RoomKind, RoomName, Timestamp, User},
    store::{Access, Database, MessageRetention, NewRoom, SortByActivity, SortUsersBy, UserChanges, UserSearch},
};

use crate::support::{TestDatabase, add, lobby, post, post_many};

/// The users in the table of `reader`, with their messages and when they were last seen.
async fn table(
    store: &dyn Database,
    reader: &User,
    search: UserSearch,
    by: Option<SortByActivity>,
) -> Vec<(String, u64, Option<i64>)> {
    let (lines, total) = store.user_table(reader, &search, by).await.unwrap();
    assert_eq!(total, store.search_users(&search).await.unwrap().1);
    let line =
        |line: natter::store::UserLine| (line.user.user_id.to_string(), line.messages, line.last_seen.map(|at| at.0));
    lines.into_iter().map(line).collect()
}

fn all() -> UserSearch {
    UserSearch { limit: 10, ..UserSearch::default() }
}

async fn room_of(store: &dyn Database, kind: RoomKind, name: &str, owner: &User, members: &[&User]) -> RoomId {
    let members = members.iter().map(|user| user.key).collect();
    let (name, topic) = (name.to_owned(), String::new());
    store.create_room(NewRoom { kind, name, topic, owner: owner.key, members }).await.unwrap().id
}

async fn say(store: &dyn Database, user: &User, room: &RoomId, count: u32) -> Access {
    let access = store.access(user, room).await.unwrap();
    for n in 0..count {
        store.change(&access, post(&format!("{}-{n}", room.as_str()), "hello")).await.unwrap();
    }
    access
}

pub async fn the_table_of_users_counts_what_its_reader_may_read(database: &TestDatabase) {
    let store = database.open().await;
    let s = store.as_ref();
    let (ada, bob, cyd) = (add(s, "ada").await, add(s, "bob").await, add(s, "cyd").await);
    post_many(s, &ada, 2).await;
    post_many(s, &bob, 3).await;
    let open = room_of(s, RoomKind::Open, "Open", &cyd, &[]).await;
    let secret = room_of(s, RoomKind::Closed, "Secret", &bob, &[&cyd]).await;
    let shared = room_of(s, RoomKind::Closed, "Shared", &bob, &[&ada]).await;
    let direct = room_of(s, RoomKind::Direct, "", &bob, &[&cyd]).await;
    let gone = room_of(s, RoomKind::Open, "Gone", &bob, &[]).await;
    for (room, count) in [(&open, 4), (&secret, 5), (&shared, 6), (&direct, 7), (&gone, 8)] {
        say(s, &bob, room, count).await;
    }
    // a deleted text was posted; a notice is none; a room that was left still has the texts
    let in_open = s.access(&bob, &open).await.unwrap();
    s.change(&in_open, Command::new(Action::Delete { seq: 4 })).await.unwrap();
    s.change(&in_open, Command::new(Action::Room(RoomAction::Leave))).await.unwrap();
    let in_gone = s.access(&bob, &gone).await.unwrap();
    s.change(&in_gone, Command::new(Action::Room(RoomAction::Delete))).await.unwrap();
    s.record_seen(&[ada.key, bob.key], Timestamp(5_000)).await.unwrap();
    s.record_seen(&[cyd.key], Timestamp(4_000)).await.unwrap();
    let hide = UserChanges { shows_last_seen: Some(false), ..UserChanges::default() };
    s.update_user(ada.key, hide).await.unwrap();

    let line = |id: &str, messages: u64, seen: Option<i64>| (id.to_owned(), messages, seen);
    let of_ada = [line("ada", 2, None), line("bob", 3 + 4 + 6, Some(5_000)), line("cyd", 0, Some(4_000))];
    assert_eq!(table(s, &ada, all(), None).await, of_ada);
    let of_cyd = [line("ada", 2, None), line("bob", 3 + 4 + 5 + 7, Some(5_000)), line("cyd", 0, Some(4_000))];
    assert_eq!(table(s, &cyd, all(), None).await, of_cyd);
    let bob_only = UserSearch { text: "BOB".into(), ..all() };
    assert_eq!(table(s, &ada, bob_only, Some(SortByActivity::Messages)).await, [of_ada[1].clone()]);
    s.delete_user(bob.key, MessageRetention::Keep).await.unwrap();
    assert_eq!(table(s, &ada, all(), None).await.len(), 2);
}

pub async fn the_table_of_users_sorts_and_pages_by_activity(database: &TestDatabase) {
    let store = database.open().await;
    let s = store.as_ref();
    let mut users = Vec::new();
    for (n, id) in ["ada", "bob", "cyd", "dan"].into_iter().enumerate() {
        let user = add(s, id).await;
        post_many(s, &user, [2, 3, 0, 2][n]).await;
        users.push(user);
    }
    for (n, at) in [(0, 3), (1, 1), (3, 2)] {
        s.record_seen(&[users[n].key], Timestamp(at * 1000)).await.unwrap();
    }
    let ids = async |by, descending, offset, limit| {
        let search = UserSearch { descending, offset, limit, ..UserSearch::default() };
        let lines = table(s, &users[0], search, by).await;
        lines.into_iter().map(|(id, ..)| id).collect::<Vec<_>>()
    };
    let (seen, messages) = (Some(SortByActivity::LastSeen), Some(SortByActivity::Messages));
    assert_eq!(ids(messages, false, 0, 10).await, ["cyd", "ada", "dan", "bob"]);
    assert_eq!(ids(messages, true, 0, 10).await, ["bob", "ada", "dan", "cyd"], "the same number: in order of keys");
    assert_eq!(ids(messages, true, 1, 2).await, ["ada", "dan"]);
    assert_eq!(ids(seen, false, 0, 10).await, ["cyd", "bob", "dan", "ada"]);
    assert_eq!(ids(seen, true, 0, 3).await, ["ada", "dan", "bob"]);
    assert_eq!(ids(seen, true, 3, 3).await, ["cyd"]);
    assert!(ids(messages, false, 4, 10).await.is_empty() && ids(seen, false, 0, 0).await.is_empty());
    let by_name = UserSearch { sort: SortUsersBy::Name, descending: true, limit: 2, ..UserSearch::default() };
    assert_eq!(table(s, &users[0], by_name, None).await[0].0, "dan");
}

pub async fn the_table_of_rooms_has_open_rooms_only(database: &TestDatabase) {
    let store = database.open().await;
    let s = store.as_ref();
    let (ada, bob) = (add(s, "ada").await, add(s, "bob").await);
    let planning = room_of(s, RoomKind::Open, "Planning", &bob, &[&ada]).await;
    room_of(s, RoomKind::Open, "Archive", &bob, &[]).await;
    room_of(s, RoomKind::Closed, "Secret", &bob, &[]).await;
    room_of(s, RoomKind::Direct, "", &bob, &[&ada]).await;
    let access = say(s, &bob, &planning, 3).await;
    let said = s.message(&access, 3).await.unwrap().unwrap().sent_at;
    let rename = RoomAction::Rename(RoomName::parse("Planning 2").unwrap());
    let renamed = s.change(&access, Command::new(Action::Room(rename))).await.unwrap().message.sent_at;
    assert!(renamed >= said);
    let rooms = s.room_table("", None, 10).await.unwrap();
    let lines: Vec<_> = rooms.iter().map(|line| (line.room.name.as_str(), line.members, line.messages)).collect();
    assert_eq!(lines, [("Archive", 1, 0), ("Lobby", 2, 0), ("Planning 2", 2, 3)]);
    assert_eq!((rooms[0].latest_at, rooms[2].latest_at), (rooms[0].room.created_at, renamed));
    assert_eq!(s.room_table("plan", None, 10).await.unwrap().len(), 1);
    assert_eq!(s.room_table("", Some("lobby"), 10).await.unwrap().len(), 1);
    assert!(s.room_table("", None, 0).await.unwrap().is_empty());
    let access = lobby(s, &bob).await;
    assert!(access.is_member());
}
