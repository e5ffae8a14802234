//! Restoring a backup into an empty database. The file is read twice: first to check it to its end, so that a damaged one
//! changes nothing.

use std::{collections::HashSet, path::Path};

use super::{
    format::{Kind, ObjectEnd, ObjectStart, ObjectState},
    reader::{BackupReader, Block},
    verify::{Verified, verify},
};
use crate::{
    cli::{
        progress::{Progress, print_line},
        transfer::{
            PAGE_ROWS, Summing, check_target, copy_error, lock_directory, open_error, read, refuse_running,
            refuse_started,
        },
    },
    domain::FileId,
    store::{self, Attempt, Database, Location, Row, object_facts},
};

const FLAG: &str = "--data-dir or --database";

/// Runs `natter restore FILE`.
///
/// # Errors
/// One line for the shell.
pub async fn run(path: &Path, to: &Location) -> Result<(), String> {
    let verified = verify(path, "verifying")?;
    let _lock = lock_directory(to, FLAG)?;
    let target = store::open_target(to).await.map_err(open_error(to, FLAG))?;
    let result = Restoring { path, to, target: target.as_ref(), verified }.run().await;
    target.close().await;
    result
}

struct Restoring<'a> {
    path: &'a Path,
    to: &'a Location,
    target: &'a dyn Database,
    verified: Verified,
}

impl Restoring<'_> {
    async fn run(&self) -> Result<(), String> {
        refuse_running(self.target, self.to, FLAG).await?;
        check_target(self.target, self.to, FLAG).await?;
        self.target.begin_copy().await.map_err(copy_error(self.to))?;
        let restored = self.restore().await?;
        let read_back = read(self.target, self.to, "target: ", async |_| Ok(())).await?;
        if read_back != restored {
            let why = format!("SHA-256 of the rows {}, and {} in the backup", read_back.digest, restored.digest);
            return Err(format!("{} differs from the backup ({why}); run the same command again", self.to));
        }
        refuse_started(self.target, self.to).await?;
        self.target.finish_copy().await.map_err(copy_error(self.to))?;
        print_line(&format!("restored  {} to {}", self.path.display(), self.to));
        self.verified.lines().iter().for_each(|line| print_line(line));
        print_line("Everybody logs in with the sessions and passwords of the backup; tokens of scripts are void.");
        Ok(())
    }

    /// Adds the rows and the objects of the file.
    async fn restore(&self) -> Result<crate::cli::transfer::Checksum, String> {
        let (mut reader, header) = BackupReader::open(self.path)?;
        let (mut sum, mut page) = (Summing::default(), Vec::<Row>::new());
        let mut progress = Progress::start("rows", header.counts.sum());
        let mut block = reader.block()?;
        while block.kind == Kind::Row {
            let mut row = reader.row(&block.content)?;
            leave_out(&mut row, &self.verified.left_out);
            sum.add(&row);
            if page.len() == PAGE_ROWS as usize || page.first().is_some_and(|first| first.table() != row.table()) {
                progress.advance(page.len() as u64);
                self.insert(std::mem::take(&mut page)).await?;
            }
            page.push(row);
            block = reader.block()?;
        }
        self.insert(page).await?;
        progress.finish();
        self.objects(&mut reader, block).await?;
        if reader.sha256() != self.verified.sha256 {
            return Err(reader.damaged("it changed while it was read"));
        }
        Ok(sum.finish())
    }

    async fn insert(&self, rows: Vec<Row>) -> Result<(), String> {
        self.target.insert_rows(rows).await.map_err(copy_error(self.to))
    }

    /// Adds the objects from `block` on.
    async fn objects(&self, reader: &mut BackupReader, mut block: Block) -> Result<(), String> {
        let mut progress = Progress::start("files, in bytes", self.verified.checksum.bytes);
        while block.kind == Kind::ObjectStart {
            let start: ObjectStart = reader.parse(&block.content)?;
            let id = FileId::parse(&start.id).ok_or_else(|| reader.damaged("an id is malformed"))?;
            let is_left_out = self.verified.left_out.contains(&id);
            let (objects, mut offset) = (self.target.objects(), 0);
            block = reader.block()?;
            while block.kind == Kind::Part {
                let length = block.content.len() as u64;
                if !is_left_out {
                    objects
                        .write(id, Attempt::ONLY, offset, block.content.into())
                        .await
                        .map_err(copy_error(self.to))?;
                }
                progress.advance(if id == id.original() { length } else { 0 });
                offset += length;
                block = reader.block()?;
            }
            let end: ObjectEnd = reader.parse(&block.content)?;
            if end.state == ObjectState::Whole {
                objects.finish(id, Attempt::ONLY, offset).await.map_err(copy_error(self.to))?;
                let found = object_facts(objects, id).await.map_err(copy_error(self.to))?;
                if hex::encode(found.sha256) != end.sha256 {
                    return Err(format!("{}: a file has other bytes there than in the backup", self.to));
                }
            }
            block = reader.block()?;
        }
        progress.finish();
        Ok(())
    }
}

/// Removes the files from a message, marks of thumbnails and avatars, that the backup is without.
fn leave_out(row: &mut Row, left_out: &HashSet<FileId>) {
    if let Row::Account(account) = row {
        account.user.avatar = account.user.avatar.filter(|avatar| !left_out.contains(avatar));
    }
    if let Row::Message(row) = row
        && !left_out.is_empty()
    {
        row.message.files.retain(|file| !left_out.contains(&file.id));
        for file in &mut row.message.files {
            file.has_thumbnail &= !left_out.contains(&file.id.thumbnail());
        }
    }
}
