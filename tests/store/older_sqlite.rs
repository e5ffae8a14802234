//! Files of the embedded database of every earlier schema, and migrations of them that are interrupted.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, SystemTime},
};

use natter::domain::fold;
use rusqlite::{Connection, functions::FunctionFlags};

use crate::{
    older_data::{BEE, FILES, assert_opens, natter, rows_of},
    support::{TestDatabase, id},
};

/// A migration, and what a natter of its schema wrote.
macro_rules! schema {
    ($number:literal, $rows:expr) => {
        (include_str!(concat!("../../src/store/sqlite/migrations/000", $number, ".sql")), $rows)
    };
    ($number:literal) => {
        schema!($number, include_str!(concat!("fixtures/sqlite/", $number, ".sql")))
    };
}

/// By number, from 1 on. The last one is today's.
const SCHEMAS: [(&str, &str); 9] = [
    schema!("1"),
    schema!("2"),
    schema!("3"),
    schema!("4"),
    schema!("5"),
    schema!("6"),
    schema!("7"),
    schema!("8"),
    schema!("9", ""),
];

fn connect(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "wal").unwrap();
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("fold", 1, flags, |call| Ok(fold(call.get_raw(0).as_str()?))).unwrap();
    connection
}

fn dir_of(database: &TestDatabase) -> &Path {
    let TestDatabase::Embedded(dir) = database else { panic!("not the embedded database") };
    dir.path()
}

/// Makes a file of a schema, with what natters of all schemas up to it wrote.
pub fn at_schema(schema: usize) -> TestDatabase {
    let database = TestDatabase::embedded();
    let connection = connect(&dir_of(&database).join("natter.db"));
    for (migration, rows) in &SCHEMAS[..schema] {
        connection.execute_batch(&format!("BEGIN; {migration}; {rows}; COMMIT")).unwrap();
    }
    connection.pragma_update(None, "user_version", schema as u32).unwrap();
    if schema >= FILES {
        let object = dir_of(&database).join("files/80");
        fs::create_dir_all(&object).unwrap();
        fs::write(object.join("018f0000000070008000000000000080"), BEE).unwrap();
    }
    database
}

/// Of the file itself, without what is in its WAL: only a checkpoint of committed pages changes it.
fn schema_in_file(path: &Path) -> u32 {
    u32::from_be_bytes(fs::read(path).unwrap()[60..64].try_into().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_every_schema_opens() {
    for schema in 1..=SCHEMAS.len() {
        let database = at_schema(schema);
        assert_opens(&database, schema).await;
        let connection = connect(&dir_of(&database).join("natter.db"));
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, SCHEMAS.len() as i64, "each schema is here");
    }
}

/// The statements of migrations.
fn statements(migrations: &[(&'static str, &'static str)]) -> Vec<String> {
    let code = |line: &'static str| line.split_once("-- ").map_or(line, |(code, _comment)| code);
    let all = migrations.iter().flat_map(|(migration, _)| migration.lines()).map(code).collect::<Vec<_>>().join("\n");
    all.split(';').filter(|statement| !statement.trim().is_empty()).map(str::to_owned).collect()
}

/// What is on the disk if natter is killed after each statement of a migration: the file, and a WAL with pages of a
/// transaction that never commits.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_ends_after_any_statement_starts_again() {
    for schema in [1, 3] {
        let whole = at_schema(schema);
        let expected = rows_of(whole.open().await.as_ref()).await;
        let (statements, mut with_pages) = (statements(&SCHEMAS[schema..]), 0);
        for done in 0..=statements.len() {
            let (running, killed) = (at_schema(schema), TestDatabase::embedded());
            let connection = connect(&dir_of(&running).join("natter.db"));
            // pages go to the WAL before the commit if the cache is too small for them
            connection.pragma_update(None, "cache_size", 1).unwrap();
            connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            connection.execute_batch(&statements[..done].join(";")).unwrap();
            for name in ["natter.db", "natter.db-wal"] {
                fs::copy(dir_of(&running).join(name), dir_of(&killed).join(name)).unwrap();
            }
            with_pages += usize::from(fs::metadata(dir_of(&killed).join("natter.db-wal")).unwrap().len() > 0);
            let store = killed.open().await;
            assert_eq!(rows_of(store.as_ref()).await, expected, "schema {schema}, after {done} statements");
            store.close().await;
        }
        let count = statements.len();
        assert!(count > 30 && with_pages > count / 2, "{with_pages} of {count} wrote pages");
    }
}

/// Many messages, so that the migration takes a while.
const MANY: &str = "
    WITH RECURSIVE n (i) AS (SELECT 5 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
    INSERT INTO messages SELECT 1, i, i + 1, x'018f000000007000800000000000000a', 'more-' || i, 1700000001000 + i,
        'message ' || i FROM n;
    UPDATE rooms SET last_seq = 30000, last_rev = 30001";

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_natter_migrates_at_its_next_start() {
    let database = at_schema(1);
    let (path, wal) = (dir_of(&database).join("natter.db"), dir_of(&database).join("natter.db-wal"));
    connect(&path).execute_batch(MANY).unwrap();
    let mut killed = 0;
    for megabytes in 0..5 {
        let started = SystemTime::now();
        let mut natter = Command::new(env!("CARGO_BIN_EXE_natter"));
        natter.args(["user", "list", "--data-dir", dir_of(&database).to_str().unwrap()]);
        let mut natter = natter.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        // a WAL of the run before has its length
        let is_far =
            || fs::metadata(&wal).is_ok_and(|wal| wal.len() > megabytes << 20 && wal.modified().unwrap() > started);
        while !is_far() && natter.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        natter.kill().unwrap();
        natter.wait().unwrap();
        if schema_in_file(&path) > 1 {
            break; // it was quicker
        }
        killed += 1;
    }
    assert!(killed >= 1, "natter was quicker");
    let store = database.open().await;
    assert_eq!(rows_of(store.as_ref()).await.iter().filter(|row| row.starts_with("messages ")).count(), 30_000);
    let ada = store.user(&id("ada")).await.unwrap().unwrap();
    assert_eq!(store.highest_hash_cost().await.unwrap(), Some(4));
    assert_eq!(ada.version, 3);
    store.close().await;
    let (code, output) = natter(&database, &["doctor"]);
    assert!(code == 0 && output.contains("is healthy"), "{output}");
}
