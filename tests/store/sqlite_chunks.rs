//! What only the embedded database does: a change of many rows is made in several commits, so that others do not wait.

use std::{path::Path, sync::Arc};

use futures_util::future::join_all;
use natter::{
    domain::{RoomAction, RoomKind, UserKey},
    store::{Event, MAX_COUNTED_MEMBERS, MessageRetention},
};
use natter_test_support::eventually;
use rusqlite::{Connection, params};

use crate::{
    members::{Member, in_lobby, react},
    support::{TestDatabase, next},
};

/// The maximum number of accounts that are added in one commit, and of rooms that an account leaves.
const CHUNK: usize = 1000;
const ROOMS_CHUNK: usize = 500;
/// The maximum number of messages that are changed in one commit when an account is deleted.
const MESSAGES_CHUNK: usize = 500;
const ACCOUNTS: usize = 2500;

fn open_file(database: &TestDatabase) -> Connection {
    let TestDatabase::Embedded(dir) = database else { panic!("not the embedded database") };
    Connection::open(Path::new(dir.path()).join("natter.db")).unwrap()
}

/// Writes accounts into the file, without any membership.
fn write_accounts(database: &TestDatabase, count: usize) {
    let mut connection = open_file(database);
    let transaction = connection.transaction().unwrap();
    for n in 0..count {
        let user =
            "INSERT INTO users VALUES (?1, ?2, ?2, ?2, '', '', 'member', 1, 0, '', 1, NULL, NULL, 0, NULL, NULL, NULL)";
        transaction.execute(user, params![UserKey::generate().0.as_bytes(), format!("user {n}")]).unwrap();
    }
    transaction.commit().unwrap();
}

async fn member_count(room: &Member) -> usize {
    room.store.member_count(&room.access).await.unwrap() as usize
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_added_a_part_in_each_commit() {
    let database = TestDatabase::embedded();
    let [ada] = in_lobby(&database, ["ada"]).await;
    let room = ada.create(RoomKind::Open, &[]).await;
    write_accounts(&database, ACCOUNTS);
    let mut events = ada.store.events().unwrap();
    room.manage(RoomAction::SetEveryone(true)).await;
    let mut added = 0;
    while added < ACCOUNTS {
        let batch = next(&mut events).await;
        let changed = batch.iter().filter(|event| matches!(event, Event::MembershipChanged { .. })).count();
        assert!(changed <= CHUNK, "{changed} in one commit");
        added += changed;
    }
    assert_eq!(member_count(&room).await, ACCOUNTS + 1);
    let open = ada.store.open_rooms("attic", None, 1).await.unwrap();
    assert_eq!(open[0].members, MAX_COUNTED_MEMBERS, "a list counts no further");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_leaves_a_part_of_its_rooms_in_each_commit() {
    let database = TestDatabase::embedded();
    let [ada, bob] = in_lobby(&database, ["ada", "bob"]).await;
    let others = [&ada];
    let rooms = join_all((0..ROOMS_CHUNK + 100).map(|_| bob.create(RoomKind::Closed, &others))).await;
    let mut events = ada.store.events().unwrap();
    let store = Arc::clone(&ada.store);
    let deleting = tokio::spawn(async move { store.delete_user(bob.user.key, MessageRetention::Keep).await });
    let mut left = 0;
    while left < rooms.len() {
        let batch = next(&mut events).await;
        let changed = batch.iter().filter(|event| matches!(event, Event::Changed { .. })).count();
        assert!(changed <= ROOMS_CHUNK, "{changed} in one commit");
        left += changed;
    }
    deleting.await.unwrap().unwrap();
    assert_eq!(ada.store.rooms_of(&ada.user, None, 1000).await.unwrap().len(), rooms.len() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_is_forgotten_in_a_part_of_the_messages_in_each_commit() {
    let database = TestDatabase::embedded();
    let [ada, bob] = in_lobby(&database, ["ada", "bob"]).await;
    let count = MESSAGES_CHUNK + 100;
    let mentioning = join_all((0..count).map(|_| ada.post("@bob"))).await;
    let posted = join_all((0..count).map(|_| ada.post("hello"))).await;
    join_all(posted.iter().map(|message| bob.change(react(message, "👍")))).await;
    assert_eq!(mentioning.len() + posted.len(), 2 * count);
    let mut events = ada.store.events().unwrap();
    let store = Arc::clone(&ada.store);
    let deleting = tokio::spawn(async move { store.delete_user(bob.user.key, MessageRetention::Keep).await });
    let mut forgotten = 0;
    while forgotten < 2 * count {
        let batch = next(&mut events).await;
        let changed = batch.iter().filter(|event| matches!(event, Event::Changed { .. })).count();
        assert!(changed <= MESSAGES_CHUNK, "{changed} in one commit");
        forgotten += changed;
    }
    deleting.await.unwrap().unwrap();
    assert!(ada.log().await.iter().all(|message| message.reactions.is_empty() && message.mentions.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn adding_goes_on_after_a_restart_unless_the_room_is_no_longer_everyones() {
    let database = TestDatabase::embedded();
    let [ada] = in_lobby(&database, ["ada"]).await;
    let room = ada.create(RoomKind::Open, &[]).await;
    write_accounts(&database, 10);
    ada.store.close().await;
    let interrupt = || {
        let set = "UPDATE rooms SET everyone = 1, adding = x'' WHERE room_id = ?1";
        open_file(&database).execute(set, [room.room().as_str()]).unwrap();
    };
    interrupt();
    let room = Member { store: database.open().await, ..room.clone() };
    eventually("the others are added", async || (member_count(&room).await == 11).then_some(())).await;
    room.store.close().await;
    interrupt();
    let room = Member { store: database.open().await, ..room.clone() };
    room.manage(RoomAction::SetEveryone(false)).await;
    room.manage(RoomAction::Close).await;
    let adding = "SELECT count(*) FROM rooms WHERE adding IS NOT NULL";
    let adding: i64 = open_file(&database).query_row(adding, [], |row| row.get(0)).unwrap();
    assert_eq!(adding, 0);
    room.store.close().await;
}
