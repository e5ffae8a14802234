//! `natter backup`, `backup --verify` and `restore`.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use natter::store::{self, Attempt, Location, MongoUrl, Row, Table};
use tempfile::TempDir;

use crate::{
    files::{Damage, FILE_BYTES, bytes, files_of, fill_files, post_with, upload},
    filling::{IN_LOBBY, IN_ROOMS, contents, fill},
    store::{TestDatabase, lobby},
    support::{CommandOutput, natter, setting, user},
};

/// A directory for backups.
pub struct Backups(TempDir);

impl Backups {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

pub async fn backup(database: &TestDatabase, file: &Path, more: &[&str]) -> CommandOutput {
    let (flag, value) = setting(database);
    natter(&[&["backup", file.to_str().unwrap(), flag, &value], more].concat()).await
}

pub async fn restore(file: &Path, database: &TestDatabase) -> CommandOutput {
    let (flag, value) = setting(database);
    natter(&["restore", file.to_str().unwrap(), flag, &value]).await
}

pub async fn verify(file: &Path) -> CommandOutput {
    natter(&["backup", "--verify", file.to_str().unwrap()]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_one_store_is_restored_into_the_other() {
    let backups = Backups::new();
    let (first, second, third) = (TestDatabase::embedded(), TestDatabase::mongodb().await, TestDatabase::embedded());
    fill(&first).await;
    fill_files(&first).await;
    let original = (contents(&first).await, files_of(&first).await);
    let mut digests = Vec::new();
    for (from, to, name) in [(&first, &second, "one"), (&second, &third, "two")] {
        let file = backups.path(name);
        let made = backup(from, &file, &[]).await.ok();
        let messages = format!("  messages       {}\n", IN_LOBBY + IN_ROOMS + 3);
        let files = format!("  files          3, {FILE_BYTES} bytes\n");
        let verified = verify(&file).await.ok();
        verified.says("is whole: a backup of 20");
        let restored = restore(&file, to).await.ok();
        for output in [&made, &verified, &restored] {
            output.says(&messages);
            output.says(&files);
        }
        assert_eq!(made.digest(), verified.digest());
        assert_eq!(made.digest(), restored.digest());
        digests.push(content_of(&file));
        assert_eq!((contents(to).await, files_of(to).await), original);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "it has password hashes");
    }
    assert_eq!(rows_in(&digests[0]), rows_in(&digests[1]), "the rows are the same from both stores");
    assert_eq!(backups.names().len(), 2, "nothing is left beside them: {:?}", backups.names());
}

fn content_of(file: &Path) -> Vec<u8> {
    zstd::decode_all(fs::File::open(file).unwrap()).unwrap()
}

/// The rows in a backup, by its form.
fn rows_in(content: &[u8]) -> Vec<String> {
    let mut rest = content.strip_prefix(b"natter backup\n").unwrap();
    let mut rows = Vec::new();
    while let [kind, a, b, c, d, after @ ..] = rest {
        let (block, next) = after.split_at(u32::from_le_bytes([*a, *b, *c, *d]) as usize);
        if *kind == b'R' {
            rows.push(String::from_utf8(block.to_vec()).unwrap());
        }
        rest = next;
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_file_is_replaced_with_force_only() {
    let (backups, database) = (Backups::new(), TestDatabase::embedded());
    fill_files(&database).await;
    let file = backups.path("backup");
    fs::write(&file, "something else").unwrap();
    let line = backup(&database, &file, &[]).await.refusal();
    assert!(line.contains("exists; name another file, or replace it with --force"), "{line}");
    assert_eq!(fs::read(&file).unwrap(), b"something else");
    fs::write(backups.path("backup.part"), "what a killed backup left").unwrap();
    backup(&database, &file, &["--force"]).await.ok();
    verify(&file).await.ok();
    assert_eq!(backups.names(), ["backup"]);
    for (file, why) in [(backups.path("none/backup"), "cannot be written"), (backups.path(".."), "exists")] {
        let line = backup(&database, &file, &[]).await.refusal();
        assert!(line.contains(why), "{line}");
    }
    let none = TestDatabase::embedded();
    let line = backup(&none, &backups.path("new"), &[]).await.refusal();
    assert!(line.contains("there is no natter database in"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_or_changed_backup_is_refused() {
    let (backups, database, target) = (Backups::new(), TestDatabase::embedded(), TestDatabase::embedded());
    fill_files(&database).await;
    let whole = backups.path("whole");
    backup(&database, &whole, &[]).await.ok();
    let good = fs::read(&whole).unwrap();
    let damaged = backups.path("damaged");
    let refuse = async |bytes: &[u8], why: &str, what: &str| {
        fs::write(&damaged, bytes).unwrap();
        for output in [verify(&damaged).await, restore(&damaged, &target).await] {
            let line = output.err.lines().last().unwrap_or_default().to_owned();
            assert!(output.code == 1 && line.contains(why), "{what}: {line} {}", output.out);
        }
    };
    for length in [0, 3, 4, 20, good.len() / 3, good.len() / 2, good.len() - 1] {
        let why = if length < 4 { "is no backup of natter" } else { "is truncated: its end is missing" };
        refuse(&good[..length], why, &format!("{length} of {} bytes", good.len())).await;
    }
    let step = good.len() / 12;
    for place in (8..good.len()).step_by(step).chain([good.len() - 2]) {
        let mut bytes = good.clone();
        bytes[place] ^= 0x10;
        refuse(&bytes, "Use another backup", &format!("byte {place}")).await;
    }
    refuse(&[&good[..], b"more"].concat(), "something comes after its end", "more").await;
    refuse(b"natter backup, but plain text", "is no backup of natter", "text").await;
    let packed = |content: &[u8]| zstd::encode_all(content, 1).unwrap();
    refuse(&packed(b"natter backups are different"), "is no backup of natter", "another text").await;
    // changes that zstd does not notice
    let content = content_of(&whole);
    let replace = |from: &str, to: &str| {
        let place = content.windows(from.len()).position(|found| found == from.as_bytes()).expect(from);
        let mut changed = content.clone();
        changed[place..place + to.len()].copy_from_slice(to.as_bytes());
        packed(&changed)
    };
    refuse(&replace("two files", "two fines"), "its SHA-256 is", "a text").await;
    refuse(&replace("\"format\":1", "\"format\":2"), "was written by natter 0.1.0, in a form that this", "later").await;
    let mut bytes = content.clone();
    let place = bytes.len() - 150_000;
    bytes[place] ^= 1;
    refuse(&packed(&bytes), "has other bytes than it should", "a file").await;
    let TestDatabase::Embedded(dir) = &target else { unreachable!() };
    assert!(!dir.path().join("natter.db").exists(), "a refused restore creates nothing");
    restore(&whole, &target).await.ok();
    assert_eq!(files_of(&target).await, files_of(&database).await);
    let line = restore(&whole, &target).await;
    assert!(line.err.contains("is not empty (accounts: 1); name an empty target with --data-dir"), "{}", line.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_restore_is_unusable_until_it_is_repeated() {
    let (backups, source) = (Backups::new(), TestDatabase::embedded());
    fill(&source).await;
    fill_files(&source).await;
    let file = backups.path("backup");
    backup(&source, &file, &[]).await.ok();
    for to in [TestDatabase::embedded(), TestDatabase::mongodb().await] {
        // the state after a kill during a restore
        let location = match &to {
            TestDatabase::Embedded(dir) => Location::Embedded(dir.path().to_owned()),
            TestDatabase::MongoDb(url) => Location::Mongo(MongoUrl::parse(url).unwrap()),
        };
        let (from, half) = (source.open().await, store::open_target(&location).await.unwrap());
        half.begin_copy().await.unwrap();
        for table in [Table::Accounts, Table::Rooms, Table::Members, Table::Messages] {
            let rows: Vec<Row> = from.rows(table, None, 5000).await.unwrap();
            for page in rows.chunks(1000) {
                half.insert_rows(page.to_vec()).await.unwrap();
            }
        }
        let object = from.objects().objects_after(None, 1).await.unwrap()[0];
        half.objects().write(object, Attempt::ONLY, 0, bytes(9, 10)).await.unwrap();
        from.close().await;
        half.close().await;
        let (flag, value) = setting(&to);
        let refused = "a natter copy or restore into it was not finished; run the same command again to start over";
        for args in [&["--listen", "127.0.0.1:0"][..], &["user", "list"], &["backup", "x"]] {
            let line = natter(&[args, &[flag, &value]].concat()).await.refusal();
            assert!(line.ends_with(refused), "{line}");
        }
        restore(&file, &to).await.ok();
        assert_eq!(contents(&to).await, contents(&source).await);
        assert_eq!(files_of(&to).await, files_of(&source).await);
    }
}

/// What the store lost before is reported, and the rest is in the backup.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_says_which_files_were_lost() {
    for source in [TestDatabase::embedded(), TestDatabase::mongodb().await] {
        let backups = Backups::new();
        let large = fill_files(&source).await;
        for (damage, what) in [(Damage::Flipped, "is damaged"), (Damage::Missing, "is missing")] {
            damage.of(&source, large).await;
            let file = backups.path(what);
            let made = backup(&source, &file, &[]).await;
            made.says(&format!("the file \"large.png\" of message 1 in room lobby (\"Lobby\") {what}"));
            assert!(made.code == 1 && made.err.contains("1 of the files were lost before"), "{}", made.err);
            let target = TestDatabase::embedded();
            restore(&file, &target).await.ok().says("without bytes  1, left out of their messages\n");
            let files = files_of(&target).await;
            let names: Vec<_> = files.iter().map(|(file, ..)| file.name.as_str()).collect();
            assert_eq!(names, ["small.png", "exact.png"], "the message keeps its other file");
        }
    }
}

/// A running natter holds the directory, and goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_made_while_natter_runs() {
    for database in [TestDatabase::embedded(), TestDatabase::mongodb().await] {
        let backups = Backups::new();
        fill_files(&database).await;
        let running = crate::support::Natter::start(&database).await;
        let file = backups.path("backup");
        backup(&database, &file, &[]).await.ok();
        running.stop().await;
        let target = TestDatabase::embedded();
        restore(&file, &target).await.ok();
        assert_eq!(files_of(&target).await, files_of(&database).await);
        // what was restored goes on
        let store = target.open().await;
        let ada = user(store.as_ref(), "ada").await;
        let access = lobby(store.as_ref(), &ada).await;
        let id = upload(store.as_ref(), &ada, "next.png", &bytes(10, 10), None).await;
        assert_eq!(post_with(store.as_ref(), &access, "next", &[id]).await.seq(), 4);
        store.close().await;
    }
}
