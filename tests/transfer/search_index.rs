//! `natter doctor` compares the search index with the log.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::Connection;

use crate::{
    doctor::doctor,
    files::fill_files,
    filling::fill,
    store::{TestDatabase, add, lobby, post},
    support::Natter,
};

/// Runs natter until all is indexed. Meanwhile the doctor finds nothing wrong.
async fn index(database: &TestDatabase) {
    let running = Natter::start(database).await;
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let found = doctor(database, &[]).await.ok();
        let is_there = documents(database).is_some_and(|count| count > 0);
        if is_there && found.lines_with("the search index has").is_empty() {
            break;
        }
        assert!(Instant::now() < until, "{found:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    running.stop().await;
}

fn directory(database: &TestDatabase) -> &Path {
    let TestDatabase::Embedded(dir) = database else { unreachable!() };
    dir.path()
}

/// How many messages are indexed. `None` if there is no index.
fn documents(database: &TestDatabase) -> Option<i64> {
    let path = directory(database).join("search.db");
    let connection = path.is_file().then(|| Connection::open(path).unwrap())?;
    connection.query_row("SELECT count(*) FROM docs WHERE room <> 0", [], |row| row.get(0)).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_damage_of_the_search_index_is_found_and_mended() {
    let database = TestDatabase::embedded();
    fill(&database).await;
    fill_files(&database).await;
    doctor(&database, &[]).await.ok().says("is healthy");
    index(&database).await;
    doctor(&database, &[]).await.ok().says("is healthy");
    let path = directory(&database).join("search.db");
    let all = documents(&database);
    let copy = std::fs::read(&path).unwrap();
    // all documents of the lobby, which has most of the messages
    for (damage, says) in [
        ("DELETE FROM docs WHERE seq = 9", "message 9 in room lobby is not found"),
        ("UPDATE docs SET flags = 1 WHERE seq = 9", "message 9 in room lobby is found by has: and is: in another way"),
        (
            "DELETE FROM fts WHERE rowid IN (SELECT id FROM docs WHERE seq = 9)",
            "message 9 in room lobby is found by other words",
        ),
        (
            "UPDATE rooms SET rev = 99999 WHERE id = 'lobby'",
            "room lobby is indexed up to change 99999, and its log ends at",
        ),
    ] {
        std::fs::write(&path, &copy).unwrap();
        Connection::open(&path).unwrap().execute_batch(damage).unwrap();
        let found = doctor(&database, &[]).await;
        found.says(says);
        found.says("natter doctor --repair mends this.");
        assert_eq!(found.code, 1, "{says}");
        doctor(&database, &["--repair"]).await.ok().says("is healthy");
        assert_eq!(documents(&database), None, "it is removed");
        doctor(&database, &[]).await.ok().says("is healthy");
    }
    std::fs::write(&path, "rubbish ".repeat(copy.len() / 8)).unwrap();
    doctor(&database, &[]).await.says("the search index is damaged");
    doctor(&database, &["--repair"]).await.ok().says("is healthy");
    std::fs::write(&path, &copy).unwrap();
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    doctor(&database, &[]).await.ok().says("is healthy"); // natter makes it anew at its start
    index(&database).await;
    assert_eq!(documents(&database), all, "it is made anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_behind_is_healthy() {
    let database = TestDatabase::embedded();
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let access = lobby(store.as_ref(), &ada).await;
    store.change(&access, post("1", "the first")).await.unwrap();
    store.close().await;
    index(&database).await;
    let store = database.open().await;
    for n in 0..3 {
        store.change(&access, post(&format!("more-{n}"), "another")).await.unwrap();
    }
    store.close().await;
    let found = doctor(&database, &[]).await.ok();
    found.says("is healthy");
    found.says("the search index has ");
    index(&database).await;
}
