//! Going through the documents from the newest on.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params, types::Value};

use super::{
    error::Result,
    places::first_id,
    plan::Form,
    request::{Hit, Request, Rooms},
};

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    /// The page is full.
    Full,
    /// There is nothing more.
    AtEnd,
    /// As many documents as allowed were looked at.
    AtLimit,
}

/// Collects hits.
pub(super) struct Scan<'a> {
    connection: &'a Connection,
    rooms: Rooms<'a>,
    limit: usize,
    /// The ids of what was not looked at yet.
    from: i64,
    to: i64,
    /// The id of each room whose messages were seen, if it is one of the searched.
    names: HashMap<i64, Option<String>>,
    pub hits: Vec<Hit>,
}

impl<'a> Scan<'a> {
    pub fn new(connection: &'a Connection, request: &Request<'a>) -> Self {
        let before = request.before_ms.map_or(i64::MAX, first_id).min(request.below.unwrap_or(i64::MAX));
        let from = request.since_ms.map_or(i64::MIN, first_id);
        let (rooms, limit) = (request.rooms, request.limit);
        Self { connection, rooms, limit, from, to: before.saturating_sub(1), names: HashMap::new(), hits: Vec::new() }
    }

    /// The lowest id that was looked at.
    pub fn below(&self) -> i64 {
        self.to.saturating_add(1)
    }

    /// Goes on with a form of the question. Looks at `most` documents at most.
    pub fn run(&mut self, form: &Form<'_>, most: usize) -> Result<Stopped> {
        let (select, values) = match &form.expression {
            Some(expression) => (
                "SELECT d.id, d.room, d.seq, d.starts FROM fts CROSS JOIN docs d ON d.id = fts.rowid
                 WHERE fts MATCH ?3 AND fts.rowid BETWEEN ?1 AND ?2 ORDER BY fts.rowid DESC",
                vec![self.from.into(), self.to.into(), Value::from(expression.clone())],
            ),
            None => (
                "SELECT id, room, seq, starts FROM docs WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC",
                vec![self.from.into(), self.to.into()],
            ),
        };
        let mut select = self.connection.prepare_cached(select)?;
        let mut rows = select.query(rusqlite::params_from_iter(values))?;
        let mut looked_at = 0;
        while self.hits.len() < self.limit {
            if looked_at == most {
                return Ok(Stopped::AtLimit);
            }
            let Some(row) = rows.next()? else {
                return Ok(Stopped::AtEnd);
            };
            looked_at += 1;
            self.look_at(row, form)?;
        }
        Ok(Stopped::Full)
    }

    fn look_at(&mut self, row: &Row<'_>, form: &Form<'_>) -> Result<()> {
        let id: i64 = row.get(0)?;
        self.to = id - 1;
        let Some(room_id) = self.room(row.get(1)?)? else {
            return Ok(());
        };
        let starts = row.get_ref(3)?.as_blob().unwrap_or_default();
        if form.starts.iter().all(|start| start.is_in(starts)) {
            let seq = row.get::<_, i64>(2)?.cast_unsigned();
            self.hits.push(Hit { id, room_id, seq });
        }
        Ok(())
    }

    /// The id of a room. `None` if it is not searched, or was removed.
    fn room(&mut self, number: i64) -> Result<Option<String>> {
        if let Some(known) = self.names.get(&number) {
            return Ok(known.clone());
        }
        let mut select = self.connection.prepare_cached("SELECT id FROM rooms WHERE number = ?")?;
        let id: Option<String> = select.query_row(params![number], |row| row.get(0)).optional()?.flatten();
        let searched = id.filter(|id| match self.rooms {
            Rooms::All => true,
            Rooms::Only(ids) => ids.contains(id),
        });
        self.names.insert(number, searched.clone());
        Ok(searched)
    }
}
