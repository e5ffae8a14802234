//! The databases without natter, as references: one thread writes the rows that natter wrote again, in groups of natter's
//! size, one group after another.

use std::{path::Path, time::Instant};

use mongodb::{
    Client, Collection,
    bson::{RawDocumentBuf, doc},
    options::{Acknowledgment, WriteConcern},
};
use rusqlite::{Connection, params_from_iter, types::Value};

/// Most rows that are written.
const ROWS: usize = 150_000;

/// Rows a second of SQLite with natter's pragmas, table and indexes. `from` is the directory of natter's database, `to` is
/// empty.
pub fn sqlite(from: &Path, to: &Path, group: usize) -> rusqlite::Result<f64> {
    let natter = Connection::open(from.join("natter.db"))?;
    let mut bare = Connection::open(to.join("bare.db"))?;
    bare.pragma_update(None, "journal_mode", "wal")?;
    bare.pragma_update(None, "synchronous", "full")?;
    // the tables that messages refer to have to exist
    let mut parents: Vec<String> = natter
        .prepare("SELECT DISTINCT \"table\" FROM pragma_foreign_key_list('messages')")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    parents.retain(|table| table != "messages");
    for table in parents.iter().map(String::as_str).chain(["messages"]) {
        let mut shape = natter.prepare(
            "SELECT sql FROM sqlite_schema WHERE tbl_name = ?1 AND type IN ('table', 'index') AND sql IS NOT NULL
             ORDER BY type DESC",
        )?;
        for sql in shape.query_map([table], |row| row.get::<_, String>(0))? {
            bare.execute_batch(&sql?)?;
        }
    }
    for table in &parents {
        let (insert, rows) = rows(&natter, table, "1")?;
        for row in rows {
            bare.execute(&insert, params_from_iter(row))?;
        }
    }
    bare.pragma_update(None, "foreign_keys", true)?;
    let (insert, rows) = rows(&natter, "messages", "1, 2")?;
    let (count, started) = (rows.len(), Instant::now());
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let transaction = bare.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut statement = transaction.prepare_cached(&insert)?;
        for row in rows.by_ref().take(group.max(1)) {
            statement.execute(params_from_iter(row))?;
        }
        drop(statement);
        transaction.commit()?;
    }
    Ok(count as f64 / started.elapsed().as_secs_f64())
}

/// The statement that inserts a row into `table`, and the rows.
fn rows(natter: &Connection, table: &str, order: &str) -> rusqlite::Result<(String, Vec<Vec<Value>>)> {
    let mut select = natter.prepare(&format!("SELECT * FROM {table} ORDER BY {order} LIMIT {ROWS}"))?;
    let columns = select.column_count();
    let rows = select.query_map([], |row| (0..columns).map(|column| row.get(column)).collect())?;
    let rows = rows.collect::<rusqlite::Result<_>>()?;
    Ok((format!("INSERT INTO {table} VALUES ({})", vec!["?"; columns].join(", ")), rows))
}

/// Documents a second of `insert_many`, acknowledged by a majority and journaled, with natter's indexes. natter wrote to
/// the database `from` of the server at `url`; the database `to` does not exist yet.
pub async fn mongo(url: &str, from: &str, to: &str, group: usize) -> mongodb::error::Result<f64> {
    const NAME: &str = "log";
    let client = Client::with_uri_str(url).await?;
    let natter: Collection<RawDocumentBuf> = client.database(from).collection(NAME);
    let concern = WriteConcern::builder().w(Acknowledgment::Majority).journal(true).build();
    let bare: Collection<RawDocumentBuf> = client.database(to).collection(NAME);
    let mut indexes = natter.list_indexes().await?;
    while indexes.advance().await? {
        let index = indexes.deserialize_current()?;
        if index.keys != doc! { "_id": 1 } {
            bare.create_index(index).await?;
        }
    }
    let (mut found, mut documents) =
        (natter.find(doc! {}).sort(doc! { "_id": 1 }).limit(ROWS as i64).await?, Vec::new());
    while found.advance().await? {
        documents.push(found.current().to_owned());
    }
    let started = Instant::now();
    for group in documents.chunks(group.max(1)) {
        bare.insert_many(group).ordered(true).write_concern(concern.clone()).await?;
    }
    Ok(documents.len() as f64 / started.elapsed().as_secs_f64())
}
