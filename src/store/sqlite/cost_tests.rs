//! What SQLite does for a question must not grow with the data.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rusqlite::{
    Connection, OpenFlags,
    hooks::{AuthContext, Authorization},
    params,
};

use super::{
    batch::{Batch, KnownRooms},
    connection::connect,
    member_rows, room_rows, schema,
    summaries::Summaries,
};
use crate::domain::{
    Action, ClientId, Command, Emoji, Level, MemberRole, Membership, Post, ReadMark, Room, RoomId, RoomKind, Text,
    Timestamp, UserKey,
};

fn database() -> Connection {
    let mut connection = connect(Path::new(":memory:"), OpenFlags::default()).unwrap();
    schema::migrate(&mut connection).unwrap();
    connection
}

/// The instructions of SQLite's virtual machine that `work` takes.
fn steps<T>(connection: &mut Connection, work: impl Fn(&Connection) -> T) -> u64 {
    let steps = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&steps);
    let count = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        false // go on
    };
    connection.progress_handler(1, Some(count)).unwrap();
    work(connection);
    connection.progress_handler(1, None::<fn() -> bool>).unwrap();
    steps.load(Ordering::Relaxed)
}

/// A room with an owner and this many members. Returns its number, and the owner.
fn room_of_members(c: &Connection, members: usize) -> (i64, UserKey) {
    let room = Room { id: RoomId::generate(), kind: RoomKind::Closed, everyone: false, ..Room::lobby() };
    let number = room_rows::write_room(c, &room, None).unwrap();
    let owner = UserKey::generate();
    let roles = std::iter::once(MemberRole::Owner).chain(std::iter::repeat_n(MemberRole::Member, members));
    for (n, role) in roles.enumerate() {
        let user = if n == 0 { owner } else { UserKey::generate() };
        let membership = Membership { user, rev: 0, role, joined_at: Timestamp(n as i64) };
        member_rows::write(c, number, &membership, Level::Mentions, false, ReadMark::default()).unwrap();
    }
    (number, owner)
}

#[test]
fn finding_who_inherits_a_room_costs_the_same_with_many_members() {
    let mut c = database();
    let rooms = [10, 2000].map(|members| room_of_members(&c, members));
    let [few, many] = rooms.map(|(room, owner)| {
        steps(&mut c, |c| {
            let concerned = member_rows::concerned(c, room, owner).unwrap();
            assert_eq!(concerned.member.unwrap().role, MemberRole::Owner);
            assert_eq!(concerned.successor.unwrap().joined_at, Timestamp(1));
        })
    });
    assert!(few > 20 && many <= few, "{few} steps, {many} with many");
}

/// Makes users, a room that they are in, and texts of the first one in it. Returns the room's number.
fn room_of_texts(batch: &mut Batch<'_>, users: [UserKey; 2], texts: u64) -> i64 {
    let room = Room { id: RoomId::generate(), kind: RoomKind::Closed, everyone: false, ..Room::lobby() };
    let number = room_rows::write_room(batch.connection, &room, None).unwrap();
    for user in users {
        let membership = Membership { user, rev: 0, role: MemberRole::Member, joined_at: Timestamp(0) };
        member_rows::write(batch.connection, number, &membership, Level::Mentions, false, ReadMark::default()).unwrap();
    }
    for n in 0..texts {
        let text = Text::parse("hello").unwrap();
        batch.change(&room.id, users[0], Command::post(ClientId::generate(), text)).unwrap();
        if n == 3 {
            batch.change(&room.id, users[0], Command::new(Action::Delete { seq: 2 })).unwrap();
        }
    }
    number
}

fn id_of(c: &Connection, room: i64) -> RoomId {
    c.query_row("SELECT room_id FROM rooms WHERE id = ?1", [room], |row| Ok(RoomId::named(row.get_ref(0)?.as_str()?)))
        .unwrap()
}

fn two_users(c: &Connection) -> [UserKey; 2] {
    [0, 1].map(|n| {
        let user = UserKey::generate();
        let insert =
            "INSERT INTO users VALUES (?1, ?2, ?2, ?2, '', '', 'member', 1, 0, '', 1, NULL, NULL, 0, NULL, NULL, NULL)";
        c.execute(insert, params![user.0.as_bytes(), format!("user{n}")]).unwrap();
        user
    })
}

#[test]
fn counting_unread_messages_costs_the_same_with_many_of_them() {
    let mut c = database();
    let users = two_users(&c);
    let mut known = KnownRooms::default();
    let mut batch = Batch::new(&c, &mut known);
    let rooms = [10, 3000].map(|texts| (room_of_texts(&mut batch, users, texts), texts - 1));
    let [few, many] = rooms.map(|(room, unread)| {
        steps(&mut c, |c| {
            let summary = Summaries::of(c, users[1]).unwrap().read(room).unwrap().unwrap();
            assert_eq!(summary.unread, unread);
        })
    });
    assert!(few > 20 && many <= few, "{few} steps, {many} with many");
}

#[test]
fn counting_unread_mentions_costs_a_row_for_each_of_them_only() {
    let mut c = database();
    let users = two_users(&c);
    let mut known = KnownRooms::default();
    let mut batch = Batch::new(&c, &mut known);
    let mut room = |texts| {
        let room = room_of_texts(&mut batch, users, texts);
        let id = id_of(batch.connection, room);
        for text in ["@user1", "@room", "@here and @user1"] {
            batch.change(&id, users[0], Command::post(ClientId::generate(), Text::parse(text).unwrap())).unwrap();
        }
        room
    };
    let rooms = [room(10), room(3000)];
    let [few, many] = rooms.map(|room| {
        steps(&mut c, |c| {
            assert_eq!(Summaries::of(c, users[1]).unwrap().read(room).unwrap().unwrap().mentions, 3);
        })
    });
    assert!(few > 20 && many <= few, "{few} steps, {many} with many");
}

/// A page that a transaction changes is one frame of the WAL.
#[test]
fn a_post_without_mentions_writes_its_row_and_two_indexes() {
    let dir = tempfile::tempdir().unwrap();
    let (path, wal) = (dir.path().join("natter.db"), dir.path().join("natter.db-wal"));
    let mut c = connect(&path, OpenFlags::default()).unwrap();
    schema::migrate(&mut c).unwrap();
    c.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    let users = two_users(&c);
    let mut known = KnownRooms::default();
    let room = room_of_texts(&mut Batch::new(&c, &mut known), users, 1);
    let id = id_of(&c, room);
    let post = |text: &str, reply_to| {
        Action::Post(Post {
            client: ClientId::generate(),
            text: Text::parse(text).unwrap(),
            reply_to,
            files: Vec::new(),
        })
    };
    // a message that the author has not read: the author's mark stays
    Batch::new(&c, &mut known).change(&id, users[1], Command::new(post("hello", None))).unwrap();
    let mut pages = |action: Action| {
        let before = std::fs::metadata(&wal).unwrap().len();
        c.execute_batch("BEGIN").unwrap();
        Batch::new(&c, &mut known).change(&id, users[0], Command::new(action)).unwrap();
        c.execute_batch("COMMIT").unwrap();
        (std::fs::metadata(&wal).unwrap().len() - before) / (4096 + 24)
    };
    let [plain, mention, reply] = [("hello", None), ("@user1", None), ("hello", Some(1))].map(|(text, reply_to)| {
        let mut pages: Vec<u64> = (0..21).map(|_| pages(post(text, reply_to))).collect();
        pages.sort_unstable();
        pages[10]
    });
    assert_eq!((plain, mention, reply), (3, 5, 6));
    let thumb = || Emoji::parse("👍").unwrap();
    pages(Action::React { seq: 2, emoji: thumb() }); // its page was full
    assert_eq!(pages(Action::Pin { seq: 2 }), 3);
    assert_eq!(pages(Action::Unreact { seq: 2, emoji: thumb() }), 2, "the index of pins stays");
}

/// SQLite tells the authorizer of each table and column that a statement which it prepares uses.
#[test]
fn a_statement_is_prepared_once_for_all_values() {
    let mut c = database();
    let uses = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&uses);
    let count = move |_: AuthContext<'_>| {
        counted.fetch_add(1, Ordering::Relaxed);
        Authorization::Allow
    };
    c.authorizer(Some(count)).unwrap();
    let users = two_users(&c);
    let (mut known, mut rooms) = (KnownRooms::default(), Vec::new());
    let mut prepared = Vec::new();
    for _ in 0..2 {
        // a new room: nothing is known of it
        rooms.push(room_of_texts(&mut Batch::new(&c, &mut known), users, 10));
        for room in &rooms {
            assert_eq!(Summaries::of(&c, users[1]).unwrap().read(*room).unwrap().unwrap().unread, 9);
        }
        prepared.push(uses.swap(0, Ordering::Relaxed));
    }
    assert!(prepared[0] > 20 && prepared[1] == 0, "{prepared:?}");
}
