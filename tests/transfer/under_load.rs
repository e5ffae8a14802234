//! A backup while many change the store: it has a prefix of each room's log, with all that follows from it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use natter::{
    domain::{Action, ClientId, Command, Emoji, Message, Post, RoomId, RoomKind, Timestamp, User},
    store::{Access, Database, Error, NewRoom, RoomRow, Row, Table, remove_expired_objects},
};

use crate::{
    backups::{Backups, backup, restore, verify},
    doctor::doctor,
    files::{bytes, files_of, fill_files, post_with, upload},
    store::{TestDatabase, add, lobby, log_of, text},
};

const WRITERS: u32 = 6;

/// The state of each changed message after each change, by room and `rev`.
type Changes = HashMap<RoomId, BTreeMap<u64, Message>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_under_load_has_a_prefix_of_each_log_on_the_embedded_database() {
    back_up_under_load(TestDatabase::embedded(), TestDatabase::mongodb().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_under_load_has_a_prefix_of_each_log_on_mongodb() {
    back_up_under_load(TestDatabase::mongodb().await, TestDatabase::embedded()).await;
}

async fn back_up_under_load(source: TestDatabase, target: TestDatabase) {
    let backups = Backups::new();
    let store = source.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let attic = room(store.as_ref(), &ada).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        let user = add(store.as_ref(), &format!("writer{number}")).await;
        let access = match number % 2 {
            0 => lobby(store.as_ref(), &user).await,
            _ => store.access(&user, &attic).await.unwrap(),
        };
        writers.push(tokio::spawn(write(Arc::clone(&store), user, access, number, Arc::clone(&is_over))));
    }
    let sweep = tokio::spawn(sweep(Arc::clone(&store), Arc::clone(&is_over)));
    // what the backups have is not to be what was there before
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut heads = Vec::new();
    for number in 0..3 {
        let before = heads_of(store.as_ref(), &attic).await;
        backup(&source, &backups.path(&format!("{number}")), &[]).await.ok();
        heads.push((before, heads_of(store.as_ref(), &attic).await));
    }
    // while all of this goes on
    doctor(&source, &[]).await.ok().says("is healthy");
    is_over.store(true, Ordering::Relaxed);
    let mut changes = Changes::new();
    for writer in writers {
        for message in writer.await.unwrap() {
            let room = changes.entry(message.id.room.clone()).or_default();
            assert!(room.insert(message.rev, message).is_none(), "a number is given once");
        }
    }
    sweep.await.unwrap();
    store.close().await;
    doctor(&source, &[]).await.ok().says("is healthy");

    for (number, (before, after)) in heads.into_iter().enumerate() {
        let file = backups.path(&format!("{number}"));
        verify(&file).await.ok();
        let to = if number == 2 { &target } else { &TestDatabase::embedded() };
        restore(&file, to).await.ok();
        files_of(to).await; // all objects are there
        doctor(to, &[]).await.ok().says("is healthy");
        let restored = to.open().await;
        for (room, (before, after)) in [RoomId::lobby(), attic.clone()].iter().zip(before.iter().zip(after)) {
            let head = restored.head(room).await.unwrap();
            assert!((*before..=after).contains(&head), "{before} <= {head} <= {after}");
            assert_prefix(restored.as_ref(), room, head, &changes[room]).await;
        }
        // as a room with all its members
        let members = restored.count(Table::Members).await.unwrap();
        assert_eq!(members, 2 * u64::from(WRITERS + 1), "of the lobby and of the attic, which is for everyone");
        restored.close().await;
    }
    assert!(changes.values().all(|room| room.len() > 50), "hardly anything happened");
    fill_files(&target).await; // it goes on
}

/// A room that everybody is a member of.
async fn room(store: &dyn Database, owner: &User) -> RoomId {
    let (name, topic) = ("Attic".to_owned(), String::new());
    let new = NewRoom { kind: RoomKind::Open, name, topic, owner: owner.key, members: Vec::new() };
    let room = store.create_room(new).await.unwrap().id;
    let access = store.access(owner, &room).await.unwrap();
    let everyone = Action::Room(natter::domain::RoomAction::SetEveryone(true));
    store.change(&access, Command::new(everyone)).await.unwrap();
    room
}

async fn heads_of(store: &dyn Database, attic: &RoomId) -> Vec<u64> {
    let heads = store.heads(&[RoomId::lobby(), attic.clone()]).await.unwrap();
    heads.into_iter().map(|head| head.unwrap()).collect()
}

/// Posts, replies, edits, reacts, posts files and deletes until it is over; returns the states after the changes.
async fn write(
    store: Arc<dyn Database>,
    user: User,
    access: Access,
    number: u32,
    is_over: Arc<AtomicBool>,
) -> Vec<Message> {
    let s = store.as_ref();
    let mut done: Vec<Message> = Vec::new();
    let mut own: Vec<u64> = Vec::new();
    for round in 0u32.. {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let target = own.get(round as usize % own.len().max(1)).copied();
        let action = match (round % 8, target) {
            (3, _) => {
                let file = bytes(number * 100_000 + round, 30_000);
                let id = upload(s, &user, "file.png", &file, Some(&bytes(round, 500))).await;
                let posted = post_with(s, &access, if round % 16 == 3 { "" } else { "a caption" }, &[id]).await;
                own.push(posted.seq());
                done.push(posted);
                continue;
            }
            (1, Some(seq)) => Action::React { seq, emoji: Emoji::parse("👍").unwrap() },
            (2, Some(seq)) => {
                let text_rev = s.message(&access, seq).await.unwrap().unwrap().text_rev;
                Action::Edit { seq, text_rev, text: text(&format!("edited in round {round} for @ada")) }
            }
            (5 | 7, Some(seq)) => {
                own.retain(|other| *other != seq);
                Action::Delete { seq }
            }
            (_, reply_to) => {
                let reply_to = reply_to.filter(|_| round % 2 == 0);
                let client = ClientId::generate();
                let text = text(&format!("message {round} of {number}, @room"));
                Action::Post(Post { client, text, reply_to, files: Vec::new() })
            }
        };
        match s.change(&access, Command::new(action)).await {
            Ok(changed) if changed.repeat => {}
            Ok(changed) => {
                if changed.message.rev == changed.message.text_rev && changed.message.edited_at.is_none() {
                    own.extend((!changed.message.is_deleted()).then_some(changed.message.seq()));
                }
                done.push(changed.message);
            }
            Err(Error::Refused(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    done
}

/// Removes the objects of deleted messages at once, so that a backup finds some of them gone.
async fn sweep(store: Arc<dyn Database>, is_over: Arc<AtomicBool>) {
    while !is_over.load(Ordering::Relaxed) {
        remove_expired_objects(store.as_ref(), Timestamp::now().plus_secs(301)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The room is what the changes up to `head` made of it.
async fn assert_prefix(restored: &dyn Database, room: &RoomId, head: u64, changes: &BTreeMap<u64, Message>) {
    let mut expected = BTreeMap::<u64, Message>::new();
    for (rev, change) in changes.range(..=head) {
        let is_new = !expected.contains_key(&change.seq());
        let is_deletion = change.is_deleted();
        expected.insert(change.seq(), change.clone());
        if let Some(root) = change.root.filter(|_| is_new || is_deletion) {
            let root = expected.get_mut(&root).unwrap();
            root.replies = root.replies + u64::from(is_new) - u64::from(is_deletion);
            root.rev = *rev;
        }
    }
    let mut found = log_of(restored, room).await;
    found.sort_by_key(Message::seq);
    let first = match found.first() {
        Some(notice) if matches!(notice.content, natter::domain::Content::Notice(_)) => 1,
        _ => 0,
    };
    let found = &found[first..];
    assert_eq!(found.len(), expected.len(), "in {}", room.as_str());
    for (found, expected) in found.iter().zip(expected.values()) {
        let plain = |message: &Message| Message { author: None, subject: None, files: Vec::new(), ..message.clone() };
        assert_eq!(plain(found), plain(expected));
        // of a message that was deleted later, files may be gone
        let is_gone = changes.values().any(|later| later.seq() == found.seq() && later.is_deleted());
        assert!(found.files == expected.files || (is_gone && found.files.is_empty()), "{found:?}");
    }
    // the room as it was when it was made and when it became everyone's
    let rooms = restored.rows(Table::Rooms, None, 10).await.unwrap();
    let is_everyones = rooms.iter().all(|row| matches!(row, Row::Room(RoomRow { room, .. }) if room.everyone));
    assert!(is_everyones && rooms.len() == 2);
}
