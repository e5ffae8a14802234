//! Damages of objects, and those that make rows, objects or the database unreadable.

use std::fs;

use mongodb::bson::{Document, doc};
use natter::{domain::FileId, store::set_avatar};
use natter_test_support::{NatterCommand, TemporaryDirectory, eventually};
use rusqlite::Connection;

use crate::{
    doctor::{doctor, full, messages, restored},
    files::{bytes, files_of, fill_files},
    filling::fill,
    store::TestDatabase,
    support::{CommandOutput, user},
};

/// Makes an object unreadable, though it is there.
async fn make_unreadable(database: &TestDatabase, object: FileId) {
    match database {
        TestDatabase::Embedded(dir) => {
            let name = object.to_string();
            let path = dir.path().join("files").join(&name[name.len() - 2..]).join(&name);
            fs::remove_file(&path).unwrap();
            fs::create_dir(&path).unwrap();
        }
        TestDatabase::MongoDb(_) => {
            let id = mongodb::bson::Uuid::from_bytes(*object.0.as_bytes());
            let chunks = database.mongo().await.collection::<Document>("fs.chunks");
            let text = doc! { "$set": { "data": "text" } };
            let first = chunks.update_one(doc! { "files_id": id, "n": 0 }, text).bypass_document_validation(true);
            assert_eq!(first.await.unwrap().matched_count, 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_objects_and_lost_avatars_are_found() {
    let (backups, large) = full().await;
    for database in [TestDatabase::embedded(), TestDatabase::mongodb().await] {
        restored(&backups.path("full"), &database).await;
        let store = database.open().await;
        let dan = user(store.as_ref(), "dan").await;
        let avatar = set_avatar(store.as_ref(), dan.key, &bytes(11, 100), None).await.unwrap().avatar.unwrap();
        store.close().await;
        doctor(&database, &[]).await.ok().says("is healthy");
        let mut before = messages(&database).await;

        // a thumbnail is made from its file: without its mark nothing shows it
        make_unreadable(&database, large.thumbnail()).await;
        let found = doctor(&database, &[]).await;
        found
            .says("the thumbnail of the file \"large.png\" of message 1211 in room lobby (\"Lobby\") cannot be read: ");
        found.says("Thumbnails: 1 found. natter doctor --repair mends this.");
        assert_eq!(found.code, 1);
        doctor(&database, &["--repair"]).await.ok().says("is healthy");
        before.get_mut(&("lobby".to_owned(), 1211)).unwrap().files[0].has_thumbnail = false;
        assert_eq!(messages(&database).await, before);

        make_unreadable(&database, large).await;
        let store = database.open().await;
        store.objects().remove(avatar).await.unwrap();
        store.close().await;
        for found in [doctor(&database, &[]).await, doctor(&database, &["--repair"]).await] {
            assert_eq!(found.code, 1);
            found.says("the file \"large.png\" of message 1211 in room lobby (\"Lobby\") cannot be read: ");
            found.says("Restore a backup that has the file, or remove it from its message.");
            found.says("Avatars: 1 found. The user or an admin removes it, or uploads another picture.");
            found.says("the avatar of dan is missing");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_named() {
    for database in [TestDatabase::embedded(), TestDatabase::mongodb().await] {
        fill_files(&database).await;
        doctor(&database, &[]).await.ok();
        match &database {
            TestDatabase::Embedded(dir) => {
                let file = Connection::open(dir.path().join("natter.db")).unwrap();
                file.execute("UPDATE messages SET mentions = '{' WHERE id = (1 << 40) + 1", []).unwrap();
                fs::rename(dir.path().join("files"), dir.path().join("moved")).unwrap();
                fs::write(dir.path().join("files"), "no directory").unwrap();
            }
            TestDatabase::MongoDb(_) => {
                let mongo = database.mongo().await;
                for (name, document) in [
                    ("fs.files", doc! { "_id": "f" }),
                    ("users", doc! { "_id": 5 }),
                    ("fs.chunks", doc! { "files_id": "g", "n": 0 }),
                ] {
                    let of = mongo.collection::<Document>(name);
                    of.insert_one(document).bypass_document_validation(true).await.unwrap();
                }
            }
        }
        let found = doctor(&database, &[]).await;
        assert_eq!(found.code, 1);
        for what in ["the database", "a table", "the list of objects"] {
            found.says(&format!("  {what} cannot be read: "));
        }
        found.says("Restore a backup from before");
    }
}

/// What is no database at all is refused in one line.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_is_named() {
    let database = TestDatabase::embedded();
    let TestDatabase::Embedded(dir) = &database else { unreachable!() };
    for (content, why) in [(vec![b'x'; 8192], "file is not a database"), (Vec::new(), "it contains no natter database")]
    {
        fs::write(dir.path().join("natter.db"), content).unwrap();
        let line = doctor(&database, &[]).await.refusal();
        assert!(line.contains("cannot be opened: ") && line.contains(why), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_missing_table_of_the_embedded_database_is_found() {
    let database = TestDatabase::embedded();
    fill_files(&database).await;
    let TestDatabase::Embedded(dir) = &database else { unreachable!() };
    let path = dir.path().join("natter.db");
    let whole = fs::read(&path).unwrap();
    let file = Connection::open(&path).unwrap();
    let all = "SELECT type || ' ' || name FROM sqlite_schema WHERE sql IS NOT NULL";
    let all = file.prepare(all).and_then(|mut all| all.query_map([], |row| row.get(0))?.collect());
    let all: Vec<String> = all.unwrap();
    drop(file);
    let of_kind = |kind: &str| all.iter().filter_map(|name| name.strip_prefix(kind)).collect::<Vec<_>>();
    let (tables, indexes) = (of_kind("table "), of_kind("index "));
    assert!(tables.len() > 9 && indexes.len() > 20, "{all:?}");
    for name in tables {
        fs::write(&path, &whole).unwrap();
        let file = Connection::open(&path).unwrap();
        file.execute_batch(&format!("PRAGMA foreign_keys = off; DROP TABLE {name}")).unwrap();
        drop(file);
        let found = doctor(&database, &[]).await;
        assert_eq!(found.code, 1, "{name}");
        found.says(&format!("the table or index {name} is missing, or is another one"));
    }
    // of many, the first are named
    fs::write(&path, &whole).unwrap();
    let file = Connection::open(&path).unwrap();
    for name in &indexes {
        file.execute_batch(&format!("DROP INDEX {name}")).unwrap();
    }
    drop(file);
    let found = doctor(&database, &[]).await;
    found.says(&format!("The database: {} found. A natter backup, restored into an empty database", indexes.len()));
    found.says(&format!("  and {} more", indexes.len() - 20));
    for name in &indexes[..20] {
        found.says(&format!("the table or index {name} is missing, or is another one"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_missing_index_of_mongodb_is_found() {
    let database = TestDatabase::mongodb().await;
    fill_files(&database).await;
    let mongo = database.mongo().await;
    let (mut dropped, mut is_first) = (0, true);
    for name in mongo.list_collection_names().await.unwrap() {
        let of = mongo.collection::<Document>(&name);
        let indexes: Vec<_> = of.list_index_names().await.unwrap().into_iter().filter(|name| name != "_id_").collect();
        if indexes.is_empty() {
            continue;
        }
        of.drop_indexes().await.unwrap();
        dropped += indexes.len();
        let found = doctor(&database, &[]).await;
        assert_eq!(found.code, 1);
        found.says(&format!("The database: {dropped} found. A natter backup, restored into an empty database"));
        if is_first {
            for index in indexes {
                found.says(&format!("the index {index} of the collection {name} is missing, or is another one"));
            }
        }
        is_first = false;
    }
    assert!(dropped > 30, "{dropped}");
}

/// What a removal leaves if it is interrupted between the chunks and the file, or by hand.
#[tokio::test(flavor = "multi_thread")]
async fn files_of_grid_fs_without_chunks_are_removed() {
    let database = TestDatabase::mongodb().await;
    fill_files(&database).await;
    let files = database.mongo().await.collection::<Document>("fs.files");
    let id = FileId::generate();
    let (key, now) = (mongodb::bson::Uuid::from_bytes(*id.0.as_bytes()), mongodb::bson::DateTime::now());
    let empty = doc! { "_id": key, "length": 1_i64, "chunkSize": 261_120, "uploadDate": now };
    files.insert_one(empty).await.unwrap();
    let found = doctor(&database, &[]).await;
    found.says(&format!("the object {id} in fs.files has no bytes in fs.chunks"));
    found.says("natter doctor --repair mends this.");
    assert_eq!(found.code, 1);
    doctor(&database, &["--repair"]).await.ok().says("is healthy");
    assert_eq!(files.count_documents(doc! { "_id": key }).await.unwrap(), 0);
    assert_eq!(files_of(&database).await.len(), 3, "the others are there");
    doctor(&database, &[]).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_mentions_that_are_too_many_are_removed() {
    let database = TestDatabase::embedded();
    fill(&database).await;
    let TestDatabase::Embedded(dir) = &database else { unreachable!() };
    let file = Connection::open(dir.path().join("natter.db")).unwrap();
    let insert = "INSERT INTO mentions SELECT key, (1 << 40) + 9, 5, key, 0 FROM users";
    let added = file.execute(insert, []).unwrap();
    let found = doctor(&database, &[]).await;
    found.says(&format!("the list of mentions differs from the messages in {added} places"));
    doctor(&database, &["--repair"]).await.ok().says("is healthy");
    let left = "SELECT count(*) FROM mentions WHERE sent_at = 5";
    assert_eq!(file.query_row(left, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    doctor(&database, &[]).await.ok();
}

/// With MongoDB each machine has its own index, in the data directory.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_search_index_beside_mongodb_is_found_and_removed() {
    let (database, directory) = (TestDatabase::mongodb().await, TemporaryDirectory::new());
    fill_files(&database).await;
    let (data, bin) = (directory.path().join("data"), env!("CARGO_BIN_EXE_natter"));
    let running = NatterCommand::new(bin, directory.path()).args(["--database", database.url()]);
    let running = tokio::task::block_in_place(|| running.start());
    let index = || {
        let found = fs::read_dir(&data).ok()?.find_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?;
            (name.starts_with("search-") && name.ends_with(".db")).then_some(path)
        })?;
        let count = "SELECT count(*) FROM docs WHERE room <> 0";
        let count: i64 = Connection::open(&found).ok()?.query_row(count, [], |row| row.get(0)).ok()?;
        (count > 0).then_some(found)
    };
    let path = eventually("the index", async || index()).await;
    drop(running);
    let doctor = async |more: &[&str]| -> CommandOutput {
        doctor(&database, &[&["--data-dir", data.to_str().unwrap()], more].concat()).await
    };
    doctor(&[]).await.ok().says("is healthy");
    Connection::open(&path).unwrap().execute("DELETE FROM docs WHERE seq = 1", []).unwrap();
    let found = doctor(&[]).await;
    found.says("message 1 in room lobby is not found");
    assert_eq!(found.code, 1);
    doctor(&["--repair"]).await.ok().says("is healthy");
    assert!(!path.exists(), "natter makes it anew");
}
