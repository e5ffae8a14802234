//! Making a backup. First all rows of one moment are read, which is quick; then the objects that they name. natter may run
//! meanwhile: what it deletes after that moment may be gone before its objects are read.

use std::path::Path;

use super::{
    format::{Counts, FORMAT, Header, Kind, ObjectEnd, ObjectStart, ObjectState, Trailer},
    reader::NamedObjects,
    writer::BackupWriter,
};
use crate::{
    cli::{
        objects::NamedObject,
        progress::{Progress, print_line},
        reason::reason,
        transfer::{Checksum, PAGE_ROWS, Summing},
    },
    domain::Timestamp,
    store::{self, Database, Location, ObjectReading, ROW_FORM, Row, RowReader, Table},
};

struct Making<'a> {
    store: &'a dyn Database,
    location: &'a Location,
    writer: BackupWriter,
    whole: u64,
    deleted: u64,
    /// Lines about what the store has lost.
    lost: Vec<String>,
}

/// Makes a backup of an open store.
///
/// # Errors
/// One line: nothing was written. Or the backup is there, but lacks files that the store has lost.
pub async fn create(store: &dyn Database, location: &Location, path: &Path, replaces: bool) -> Result<(), String> {
    let writer = BackupWriter::create(path, replaces)?;
    let mut making = Making { store, location, writer, whole: 0, deleted: 0, lost: Vec::new() };
    let (counts, rows) = making.rows().await?;
    making.objects(rows.bytes).await?;
    let Making { mut writer, whole, deleted, lost, .. } = making;
    let left_out = deleted + lost.len() as u64;
    let sha256 = writer.sha256();
    writer.json(Kind::Trailer, &Trailer { counts, objects: whole, left_out, sha256: sha256.clone() })?;
    let length = writer.finish()?;
    print_line(&format!("backed up  {location} to {}, {length} bytes", path.display()));
    rows.lines().iter().for_each(|line| print_line(line));
    if deleted > 0 {
        print_line(&format!("  {:<15}{deleted} during the backup, left out of their messages", "deleted files"));
    }
    print_line(&format!("SHA-256 {sha256}"));
    if lost.is_empty() {
        return Ok(());
    }
    lost.iter().for_each(|line| print_line(line));
    Err(format!(
        "{} is whole, but {} of the files were lost before, see above; natter doctor names all that is damaged",
        path.display(),
        lost.len()
    ))
}

impl Making<'_> {
    /// Writes the rows of this moment.
    async fn rows(&mut self) -> Result<(Counts, Checksum), String> {
        let snapshot = self.store.snapshot_without_removals().await.map_err(|error| self.unreadable(error))?;
        let mut counts = Counts::default();
        for table in Table::ALL {
            counts.set(table, snapshot.count(table).await.map_err(|error| self.unreadable(error))?);
        }
        let header = Header {
            format: FORMAT,
            rows: ROW_FORM,
            natter: env!("CARGO_PKG_VERSION").to_owned(),
            created: Timestamp::now().rfc3339(),
            counts: counts.clone(),
        };
        self.writer.json(Kind::Header, &header)?;
        let mut sum = Summing::default();
        for table in Table::ALL {
            self.table(snapshot.as_ref(), table, counts.of(table), &mut sum).await?;
        }
        self.writer.begin_frame()?;
        Ok((counts, sum.finish()))
    }

    async fn table(&mut self, rows: &dyn RowReader, table: Table, total: u64, sum: &mut Summing) -> Result<(), String> {
        let mut progress = Progress::start(table.as_str(), total);
        let mut last: Option<Row> = None;
        loop {
            let page = rows.rows(table, last.as_ref(), PAGE_ROWS).await.map_err(|error| self.unreadable(error))?;
            for row in &page {
                self.writer.block(Kind::Row, row.to_json()?.as_bytes())?;
                sum.add(row);
            }
            progress.advance(page.len() as u64);
            let Some(last_of_page) = page.into_iter().next_back() else { break };
            last = Some(last_of_page);
        }
        progress.finish();
        if sum.count(table) != total {
            let (found, table) = (sum.count(table), table.as_str());
            return Err(format!("{}: {found} {table} were read, and {total} counted", self.location));
        }
        Ok(())
    }

    /// Writes the objects that the rows in the file name.
    async fn objects(&mut self, bytes: u64) -> Result<(), String> {
        let mut named = NamedObjects::open(self.writer.part())?;
        let mut progress = Progress::start("files, in bytes", bytes);
        while let Some(object) = named.next()? {
            let why = match self.object(&object, &mut progress).await? {
                ObjectState::Whole => {
                    self.whole += 1;
                    continue;
                }
                ObjectState::Deleted => {
                    self.deleted += 1;
                    continue;
                }
                ObjectState::Missing => "is missing",
                ObjectState::Damaged => "is damaged: it has other bytes than it should",
            };
            self.lost.push(format!("{} {why}", object.described(self.store).await));
        }
        progress.finish();
        Ok(())
    }

    async fn object(&mut self, object: &NamedObject, progress: &mut Progress) -> Result<ObjectState, String> {
        self.writer.json(Kind::ObjectStart, &ObjectStart { id: object.id.to_string() })?;
        let mut reading = ObjectReading::new(self.store.objects(), object.id);
        let mut state = ObjectState::Whole;
        loop {
            match reading.next().await {
                Ok(part) if part.is_empty() => break,
                Ok(part) => {
                    self.writer.block(Kind::Part, &part)?;
                    progress.advance(if object.is_thumbnail() { 0 } else { part.len() as u64 });
                }
                Err(store::Error::NotFound) => {
                    state = ObjectState::Missing;
                    break;
                }
                Err(error) => return Err(self.unreadable(error)),
            }
        }
        let found = reading.facts();
        if state == ObjectState::Whole && object.facts.is_some_and(|facts| facts != found) {
            state = ObjectState::Damaged;
        }
        if state != ObjectState::Whole && self.is_deleted(object).await? {
            state = ObjectState::Deleted;
        }
        let end = ObjectEnd { state, length: found.length, sha256: hex::encode(found.sha256) };
        self.writer.json(Kind::ObjectEnd, &end)?;
        Ok(state)
    }

    /// Whether nothing has the object any more.
    async fn is_deleted(&self, object: &NamedObject) -> Result<bool, String> {
        let unowned = self.store.without_owner(&[object.id.original()], Timestamp::now()).await;
        Ok(!unowned.map_err(|error| self.unreadable(error))?.is_empty())
    }

    fn unreadable(&self, error: store::Error) -> String {
        format!("{}: {}", self.location, reason(error))
    }
}
