//! The records of a natter with an embedded database: what a request must not change.

use std::collections::BTreeMap;

use rusqlite::{Connection, OpenFlags, types::ValueRef};

use crate::support::Natter;

/// All rows of all tables, by the name of the table. When a user was seen last may change.
#[derive(Debug, PartialEq, Eq)]
pub struct Records(BTreeMap<String, Vec<String>>);

impl Records {
    pub fn of(natter: &Natter) -> Self {
        let database = Connection::open_with_flags(natter.database(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let mut tables = database.prepare(tables).unwrap();
        let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
        Self(tables.map(Result::unwrap).map(|table| (table.clone(), rows(&database, &table))).collect())
    }

    /// Asserts that these are the records of `natter` now.
    #[track_caller]
    pub fn are_those_of(&self, natter: &Natter) {
        let now = Self::of(natter);
        for (table, rows) in &self.0 {
            let rows_now = &now.0[table];
            let gone: Vec<_> = rows.iter().filter(|row| !rows_now.contains(row)).collect();
            let new: Vec<_> = rows_now.iter().filter(|row| !rows.contains(row)).collect();
            assert!(gone.is_empty() && new.is_empty(), "{table}\ngone: {gone:#?}\nnew: {new:#?}");
        }
    }
}

fn rows(database: &Connection, table: &str) -> Vec<String> {
    let mut select = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let names: Vec<String> = select.column_names().map(str::to_owned).collect();
    let mut found = select.query([]).unwrap();
    let mut rows = Vec::new();
    while let Some(row) = found.next().unwrap() {
        let values = names.iter().enumerate().filter(|(_, name)| *name != "last_seen").map(|(index, name)| {
            match row.get_ref(index).unwrap() {
                ValueRef::Text(text) => format!("{name}={}", String::from_utf8_lossy(text)),
                ValueRef::Blob(bytes) => format!("{name}={}", hex::encode(bytes)),
                other => format!("{name}={other:?}"),
            }
        });
        rows.push(values.collect::<Vec<_>>().join(" "));
    }
    rows
}
