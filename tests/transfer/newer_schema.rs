//! Data of a newer natter is refused by every command, in one line, and not changed.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use mongodb::bson::{Document, doc};
use rusqlite::Connection;

use crate::{
    backups::{Backups, backup},
    files::fill_files,
    store::TestDatabase,
    support::{NodeDatabase, address, natter, setting},
};

/// Marks the data as that of the next schema. Returns the schema.
async fn make_newer(database: &TestDatabase) -> i32 {
    match database {
        TestDatabase::Embedded(dir) => {
            let file = Connection::open(dir.path().join("natter.db")).unwrap();
            let known: i32 = file.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
            file.pragma_update(None, "user_version", known + 1).unwrap();
            known + 1
        }
        TestDatabase::MongoDb(_) => {
            let migrations = database.mongo().await.collection::<Document>("migrations");
            let newer = migrations.count_documents(doc! {}).await.unwrap() as i32 + 1;
            migrations.insert_one(doc! { "_id": newer, "name": "of the future" }).await.unwrap();
            newer
        }
    }
}

/// All of the data.
async fn all(database: &TestDatabase) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    match database {
        TestDatabase::Embedded(dir) => {
            all.insert("natter.db".into(), std::fs::read(dir.path().join("natter.db")).unwrap());
        }
        TestDatabase::MongoDb(_) => {
            let mongo = database.mongo().await;
            for name in mongo.list_collection_names().await.unwrap() {
                let of = mongo.collection::<Document>(&name).find(doc! {}).await.unwrap();
                let documents: Vec<Document> = of.try_collect().await.unwrap();
                all.insert(name, format!("{documents:?}").into_bytes());
            }
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn data_of_a_newer_schema_is_refused_and_kept() {
    let (backups, source, node) = (Backups::new(), TestDatabase::embedded(), NodeDatabase::written_by_node().await);
    fill_files(&source).await;
    let file = backups.path("backup");
    backup(&source, &file, &[]).await.ok();
    let (file, new, empty) = (file.to_str().unwrap(), backups.path("new"), TestDatabase::embedded());
    for database in [TestDatabase::embedded(), TestDatabase::mongodb().await] {
        fill_files(&database).await;
        let schema = make_newer(&database).await;
        let before = all(&database).await;
        let (flag, value) = setting(&database);
        let to = if flag == "--database" { "--to" } else { flag };
        let refused = format!(
            "the data was written by a newer natter (schema {schema}, this version knows {}): start that version, or restore a \
             backup",
            schema - 1
        );
        for args in [
            &["--listen", "127.0.0.1:0", flag, &value][..],
            &["user", "list", flag, &value],
            &["doctor", flag, &value],
            &["doctor", "--repair", flag, &value],
            &["backup", new.to_str().unwrap(), flag, &value],
            &["restore", file, flag, &value],
            &["copy", "--from", &value, "--to", &address(&empty)],
            &["copy", "--from", &address(&source), "--to", &value],
            &["import", "--from", node.url(), to, &value],
        ] {
            let output = natter(args).await;
            let lines: Vec<_> = output.err.lines().filter(|line| line.starts_with("natter: ")).collect();
            assert!(output.code == 1 && output.out.is_empty(), "{args:?}: {}", output.out);
            assert!(matches!(lines[..], [line] if line.ends_with(&refused)), "{args:?}: {}", output.err);
        }
        assert!(!new.exists());
        assert!(all(&database).await == before, "nothing is changed");
    }
}
