//! Reading a whole backup and checking it, without a database.

use std::{collections::HashSet, path::Path};

use ring::digest::{Context, SHA256};

use super::{
    format::{Counts, Header, Kind, ObjectEnd, ObjectStart, ObjectState, Trailer},
    reader::{BackupReader, NamedObjects},
};
use crate::{
    cli::{
        objects::NamedObject,
        progress::{Progress, print_line},
        transfer::{Checksum, Summing},
    },
    domain::FileId,
    store::Table,
};

/// What a whole backup has.
pub struct Verified {
    pub header: Header,
    pub checksum: Checksum,
    /// The objects that a restore leaves out. They are few: what was deleted during the backup, or lost before it.
    pub left_out: HashSet<FileId>,
    pub sha256: String,
}

/// Runs `natter backup --verify FILE`.
///
/// # Errors
/// One line: what is wrong with the file.
pub fn run(path: &Path) -> Result<(), String> {
    let verified = verify(path, "verifying")?;
    print_line(&format!("{} is whole: a backup of {}", path.display(), verified.header.created));
    verified.lines().iter().for_each(|line| print_line(line));
    Ok(())
}

impl Verified {
    pub fn lines(&self) -> Vec<String> {
        let mut lines = self.checksum.lines();
        if !self.left_out.is_empty() {
            lines.push(format!("  {:<15}{}, left out of their messages", "without bytes", self.left_out.len()));
        }
        lines.push(format!("SHA-256 {}", self.sha256));
        lines
    }
}

/// Reads a backup to its end.
///
/// # Errors
/// One line: it is truncated or damaged, or no backup.
pub fn verify(path: &Path, label: &str) -> Result<Verified, String> {
    let (mut reader, header) = BackupReader::open(path)?;
    let (mut read, length) = reader.progress();
    let mut progress = Progress::start(format!("{label}, in bytes"), length);
    let mut advance = |reader: &BackupReader| {
        let (position, _) = reader.progress();
        progress.advance(position - read);
        read = position;
    };
    let (mut sum, mut table) = (Summing::default(), 0);
    let mut block = reader.block()?;
    while block.kind == Kind::Row {
        let row = reader.row(&block.content)?;
        if (row.table() as usize) < table {
            return Err(reader.damaged("its rows are not in order"));
        }
        table = row.table() as usize;
        sum.add(&row);
        advance(&reader);
        block = reader.block()?;
    }
    let mut named = NamedObjects::open(path)?;
    let (mut whole, mut left_out) = (0, HashSet::new());
    while block.kind == Kind::ObjectStart {
        let start: ObjectStart = reader.parse(&block.content)?;
        let expected = named.next()?.filter(|object| object.id.to_string() == start.id);
        let Some(object) = expected else { return Err(reader.damaged("a file is in it that no message has")) };
        if skip_object(&mut reader, &object, &mut advance)? == ObjectState::Whole {
            whole += 1;
        } else {
            left_out.insert(object.id);
        }
        block = reader.block()?;
    }
    if let Some(object) = named.next()? {
        return Err(reader.damaged(format!("it lacks {object}")));
    }
    if block.kind != Kind::Trailer {
        return Err(reader.damaged("its parts are not in order"));
    }
    let trailer: Trailer = reader.parse(&block.content)?;
    let sha256 = reader.sha256();
    let mut counts = Counts::default();
    Table::ALL.into_iter().for_each(|table| counts.set(table, sum.count(table)));
    if trailer.sha256 != sha256 {
        return Err(reader.damaged(format!("its SHA-256 is {sha256}, and not {}", trailer.sha256)));
    }
    let found = (&counts, &counts, whole, left_out.len() as u64);
    if (&header.counts, &trailer.counts, trailer.objects, trailer.left_out) != found {
        return Err(reader.damaged("it has not as many rows or files as it says"));
    }
    reader.expect_end()?;
    progress.finish();
    Ok(Verified { header, checksum: sum.finish(), left_out, sha256 })
}

/// Reads an object to its end and checks its bytes.
fn skip_object(
    reader: &mut BackupReader,
    object: &NamedObject,
    advance: &mut impl FnMut(&BackupReader),
) -> Result<ObjectState, String> {
    let (mut digest, mut length) = (Context::new(&SHA256), 0);
    let mut block = reader.block()?;
    while block.kind == Kind::Part {
        digest.update(&block.content);
        length += block.content.len() as u64;
        advance(reader);
        block = reader.block()?;
    }
    if block.kind != Kind::ObjectEnd {
        return Err(reader.damaged("its parts are not in order"));
    }
    let end: ObjectEnd = reader.parse(&block.content)?;
    if end.state == ObjectState::Whole {
        let sha256 = hex::encode(digest.finish());
        let is_of_row = object.facts.is_none_or(|facts| facts.length == length && hex::encode(facts.sha256) == sha256);
        if end.length != length || end.sha256 != sha256 || !is_of_row {
            return Err(reader.damaged(format!("{object} has other bytes than it should")));
        }
    }
    Ok(end.state)
}
