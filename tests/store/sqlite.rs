//! The embedded database's file: its migration, its writes and what is left in it.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use natter::{
    domain::{Action, Command, Content, Room, RoomId, Text, Timestamp, UserKey},
    store::{Database, Event, MessageRow, Row, Table},
};
use natter_test_support::eventually;
use rusqlite::Connection;

use crate::{
    members::{Member, edit, in_lobby, new_post, react},
    support::{TestDatabase, id, lobby, next, post, revs, whole_log},
};

/// Longer than two checks for writes of another process.
const EXTERNAL_WRITE_CHECKS: Duration = Duration::from_millis(600);

fn file(database: &TestDatabase, name: &str) -> std::path::PathBuf {
    let TestDatabase::Embedded(dir) = database else { panic!("not the embedded database") };
    dir.path().join(name)
}

fn bytes(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

/// A row of schema 2.
struct OldRow {
    seq: u64,
    rev: u64,
    author: UserKey,
    client: String,
    sent_at: Timestamp,
    text: Option<String>,
}

/// Creates the database of an earlier natter, and returns its messages in order of `seq`. 3 users posted 30 messages to
/// it, one of them was deleted with their messages, and the others posted 6 more.
fn schema_2(path: &Path) -> Vec<OldRow> {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(include_str!("fixtures/schema2.sql")).unwrap();
    let mut rows =
        connection.prepare("SELECT seq, rev, author, client_id, sent_at, text FROM messages ORDER BY seq").unwrap();
    let old = |row: &rusqlite::Row<'_>| {
        Ok(OldRow {
            seq: row.get::<_, i64>(0)? as u64,
            rev: row.get::<_, i64>(1)? as u64,
            author: UserKey(uuid::Uuid::from_bytes(row.get(2)?)),
            client: row.get(3)?,
            sent_at: Timestamp(row.get(4)?),
            text: row.get(5)?,
        })
    };
    rows.query_map([], old).unwrap().map(Result::unwrap).collect()
}

async fn stored(store: &dyn Database) -> Vec<MessageRow> {
    let rows = store.rows(Table::Messages, None, 500).await.unwrap();
    let message = |row| match row {
        Row::Message(row) => *row,
        _ => panic!("not a message"),
    };
    rows.into_iter().map(message).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_keeps_every_message_and_number_of_schema_2() {
    let database = TestDatabase::embedded();
    let old = schema_2(&file(&database, "natter.db"));
    assert_eq!((old.len(), old.iter().filter(|row| row.text.is_none()).count()), (36, 11));
    let store = database.open().await;
    let mut texts = HashMap::new();
    let new = stored(store.as_ref()).await;
    assert_eq!(new.len(), old.len());
    for (MessageRow { message, post_rev, client }, old) in new.iter().zip(&old) {
        let of_author = texts.entry(old.author).and_modify(|texts| *texts += 1).or_insert(1);
        assert_eq!((message.id.seq, message.rev, message.text_rev), (old.seq, old.rev, old.rev));
        assert_eq!(*post_rev, if old.seq <= 30 { old.seq } else { old.seq + 11 }, "the deletions took 31 to 41");
        assert_eq!((message.author_key, client, message.sent_at), (old.author, &old.client, old.sent_at));
        assert_eq!(message.content, Content::Text(old.text.clone()));
        assert_eq!((message.room_texts, message.author_texts), (old.seq, *of_author));
    }
    let mut by_rev: Vec<_> = old.iter().map(|row| row.rev).collect();
    by_rev.sort_unstable();
    assert_eq!(revs(&whole_log(store.as_ref()).await), by_rev);
    for after in 0..=47 {
        let chunk = store.changes(&RoomId::lobby(), after, 500).await.unwrap();
        let expected: Vec<_> = by_rev.iter().copied().filter(|rev| *rev > after).collect();
        assert_eq!(revs(&chunk.messages), expected, "after {after}");
    }

    let ada = store.user(&id("ada")).await.unwrap().unwrap();
    let access = lobby(store.as_ref(), &ada).await;
    assert_eq!(store.room(&access).await.unwrap(), Room::lobby());
    for row in old.iter().filter(|row| row.author == ada.key) {
        let repeat = store.change(&access, post(&row.client, "again")).await.unwrap();
        assert!(repeat.repeat && repeat.message.id.seq == row.seq, "{}", row.client);
    }
    store.close().await;
    let store = database.open().await;
    let next = store.change(&access, post("next", "hello")).await.unwrap().message;
    assert_eq!((next.id.seq, next.rev, next.room_texts), (37, 48, 37));
    assert_eq!(next.author_texts, 1 + old.iter().filter(|row| row.author == ada.key).count() as u64);
    let edited = store.change(&access, Command::new(edit(&next, "hello again"))).await.unwrap().message;
    assert_eq!(edited.rev, 49);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_text_is_not_in_the_file() {
    let database = TestDatabase::embedded();
    let [ada] = in_lobby(&database, ["ada"]).await;
    // one within a page, and one on pages of its own
    let texts = ["a secret of a few words".to_owned(), "secret".repeat(600)];
    for text in &texts {
        ada.post(text).await;
    }
    let path = file(&database, "natter.db");
    let is_in_file = |text: &str| {
        let bytes = fs::read(&path).unwrap();
        bytes.windows(text.len().min(1000)).any(|window| window == &text.as_bytes()[..text.len().min(1000)])
    };
    ada.store.close().await;
    assert!(texts.iter().all(|text| is_in_file(text)));
    let store = database.open().await;
    let ada = Member { store, ..ada };
    let edited = ada.edit(&ada.read(1).await, "nothing").await;
    assert_eq!(edited.text(), Some("nothing"));
    ada.change(Action::Delete { seq: 2 }).await;
    ada.store.close().await;
    assert!(!texts.iter().any(|text| is_in_file(text)));
}

/// Posts until the WAL got `pages` pages or more.
async fn write_pages(member: &Member, pages: usize) {
    let large = "🐝".repeat(Text::MAX); // four pages
    for _ in 0..pages.div_ceil(4 * 20) {
        join_all((0..20).map(|_| member.change(new_post(&large, None)))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_bound_the_wal_and_are_no_external_writes() {
    let database = TestDatabase::embedded();
    let [ada] = in_lobby(&database, ["ada"]).await;
    let mut events = ada.store.events().unwrap();
    let counting = tokio::spawn(async move {
        let mut external = 0;
        while let Some(batch) = events.recv().await {
            external += batch.iter().filter(|event| matches!(event, Event::ExternalWrite)).count();
        }
        external
    });
    let (path, wal) = (file(&database, "natter.db"), file(&database, "natter.db-wal"));
    let before = bytes(&path);
    write_pages(&ada, 1200).await;
    eventually("the thread copies pages while the store is open", async || {
        (bytes(&path) > before + (1 << 20)).then_some(())
    })
    .await;
    write_pages(&ada, 15_000).await;
    assert!(bytes(&wal) < 24 << 20, "{} of 60 MB", bytes(&wal));
    tokio::time::sleep(EXTERNAL_WRITE_CHECKS).await;
    ada.store.close().await;
    drop(ada);
    assert_eq!(counting.await.unwrap(), 0);
    assert!(!wal.exists(), "the last checkpoint removes it");
}

/// Another process, such as `natter user`, may commit often: one event a check is enough, because anything is read again.
#[tokio::test(flavor = "multi_thread")]
async fn many_writes_of_another_process_are_few_events() {
    let database = TestDatabase::embedded();
    let store = database.open().await;
    let other = Connection::open(file(&database, "natter.db")).unwrap();
    other.execute("UPDATE rooms SET topic = 'before'", []).unwrap();
    let mut events = store.events().unwrap();
    assert!(
        matches!(next(&mut events).await[..], [Event::ExternalWrite]),
        "also for writes since the store was opened"
    );
    let started = Instant::now();
    let mut received = 0;
    for n in 0..500 {
        let name = ["Ada", "Bob"][n % 2];
        other.execute("UPDATE rooms SET topic = ?1", [name]).unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(EXTERNAL_WRITE_CHECKS).await;
    while let Ok(batch) = events.try_recv() {
        assert!(matches!(batch[..], [Event::ExternalWrite]), "{batch:?}");
        received += 1;
    }
    let checks = started.elapsed().as_millis() / 250 + 2;
    assert!((1..=checks).contains(&received), "{received} events, {checks} checks");
    tokio::time::sleep(EXTERNAL_WRITE_CHECKS).await;
    assert!(events.try_recv().is_err(), "there are no more without another write");
}

/// A reader of an old snapshot, such as a backup, keeps the WAL from starting again.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_reader_stops_no_writes() {
    let database = TestDatabase::embedded();
    let [ada] = in_lobby(&database, ["ada"]).await;
    ada.post("hello").await;
    let reader = Connection::open(file(&database, "natter.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM messages;").unwrap();
    write_pages(&ada, 8000).await;
    let wal = file(&database, "natter.db-wal");
    assert!(bytes(&wal) > 30 << 20, "{} bytes", bytes(&wal));
    let seen: i64 = reader.query_row("SELECT count(*) FROM messages", [], |row| row.get(0)).unwrap();
    assert_eq!(seen, 1);
    drop(reader);
    write_pages(&ada, 3000).await;
    assert!(bytes(&wal) < 24 << 20, "{} bytes: it has started again", bytes(&wal));
}

/// The pages that each of `actions` writes to the WAL, sorted.
async fn pages(wal: &Path, actions: impl IntoIterator<Item = (&Member, Action)>) -> Vec<u64> {
    let mut pages = Vec::new();
    for (member, action) in actions {
        let before = bytes(wal);
        member.change(action).await;
        pages.push((bytes(wal) - before) / (4096 + 24));
    }
    pages.sort_unstable();
    pages
}

fn mean(pages: &[u64]) -> f64 {
    pages.iter().sum::<u64>() as f64 / pages.len() as f64
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_change_writes_few_pages() {
    let database = TestDatabase::embedded();
    let names = ["u00", "u01", "u02", "u03", "u04", "u05", "u06", "u07", "u08", "u09"];
    let users = in_lobby(&database, names).await;
    // a reader keeps the WAL from starting again, so that each commit makes the file longer
    let reader = Connection::open(file(&database, "natter.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM messages;").unwrap();
    let wal = file(&database, "natter.db-wal");
    let user = |n: usize| &users[n * 7 % users.len()];
    let words = "Shall we meet at noon, or is that too early for you?";
    let posts = pages(&wal, (0..2000).map(|n| (user(n), new_post(words, None)))).await;
    let log = whole_log(users[0].store.as_ref()).await;
    let edits = log.iter().enumerate().step_by(20).map(|(n, message)| (user(n), edit(message, "At noon.")));
    let edits = pages(&wal, edits).await;
    let reactions = log.iter().skip(7).step_by(20).map(|message| (&users[3], react(message, "👍")));
    let reactions = pages(&wal, reactions).await;
    for (what, pages) in [("post", &posts), ("edit", &edits), ("reaction", &reactions)] {
        println!("{what}: mean {:.2}, median {}, most {:?}", mean(pages), pages[pages.len() / 2], pages.last());
    }
    // the rest of the mean are new pages: each writes itself, a sibling, their parent and the file's first page
    assert!(posts[posts.len() / 2] <= 3 && mean(&posts) < 3.7);
    assert!(edits[edits.len() / 2] <= 2 && reactions[reactions.len() / 2] <= 2);
}
