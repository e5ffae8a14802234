//! Files of messages, and `natter copy` of them.

use bytes::Bytes;
use natter::{
    domain::{
        Action, AltText, Attachment, ClientId, Command, Dimensions, File, FileId, FileKind, FileName, Message, Post,
        Text, Timestamp, User,
    },
    store::{Access, Attempt, Database, FileFacts, NewUpload, Objects, PART_BYTES, Quota, Row, Table},
};
use ring::digest::{SHA256, digest};

use crate::{
    filling::{contents, fill},
    store::{TestDatabase, add, lobby, text},
    support::{address, natter, user},
};

const PLENTY: Quota = Quota { user: u64::MAX, server: u64::MAX };

/// Bytes that are different for each `seed`, and cannot be compressed.
pub fn bytes(seed: u32, length: usize) -> Bytes {
    let mut state = u64::from(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    });
    next.take(length).collect()
}

/// Uploads a picture with these bytes, and perhaps a thumbnail.
pub async fn upload(
    store: &dyn Database,
    owner: &User,
    name: &str,
    bytes: &Bytes,
    thumbnail: Option<&Bytes>,
) -> FileId {
    let (id, now) = (FileId::generate(), Timestamp::now());
    let new = NewUpload { id, owner: owner.key, name: FileName::clean(name), size: bytes.len() as u64 };
    let upload = store.begin_upload(new, PLENTY, now).await.unwrap();
    upload.object.replace(bytes).await.unwrap();
    if let Some(thumbnail) = thumbnail {
        upload.object.thumbnail().replace(thumbnail).await.unwrap();
    }
    let facts = FileFacts {
        kind: FileKind::Png,
        size: bytes.len() as u64,
        sha256: digest(&SHA256, bytes).as_ref().try_into().unwrap(),
        dimensions: Some(Dimensions { width: 640, height: 480 }),
        has_thumbnail: thumbnail.is_some(),
        beginning: None,
    };
    store.complete_upload(&upload.object, facts, now).await.unwrap();
    id
}

/// Posts a message with these uploads.
pub async fn post_with(store: &dyn Database, access: &Access, caption: &str, files: &[FileId]) -> Message {
    let alt = AltText::parse("a bee on a flower").unwrap();
    let files = files.iter().map(|id| Attachment { id: *id, alt: alt.clone() }).collect();
    let post = Post { client: ClientId::generate(), text: Text::caption(caption).unwrap(), reply_to: None, files };
    store.change(access, Command::new(Action::Post(post))).await.unwrap().message
}

/// The whole object.
pub async fn object(objects: &dyn Objects, id: FileId) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let part = objects.read(id, all.len() as u64, PART_BYTES).await.ok()?;
        if part.is_empty() {
            return Some(all);
        }
        all.extend_from_slice(&part);
    }
}

/// All files of messages, with their objects and the objects of their thumbnails.
pub async fn files_of(database: &TestDatabase) -> Vec<(File, Vec<u8>, Option<Vec<u8>>)> {
    let store = database.open().await;
    let (objects, mut files, mut last) = (store.objects(), Vec::new(), None);
    loop {
        let page = store.rows(Table::Messages, last.as_ref(), 500).await.unwrap();
        for row in &page {
            let Row::Message(row) = row else { panic!("a message") };
            for file in &row.message.files {
                let bytes = object(objects.as_ref(), file.id).await.unwrap_or_else(|| panic!("{file:?}"));
                let thumbnail = object(objects.as_ref(), file.id.thumbnail()).await;
                assert_eq!(thumbnail.is_some(), file.has_thumbnail, "{file:?}");
                files.push((file.clone(), bytes, thumbnail));
            }
        }
        match page.into_iter().next_back() {
            Some(row) => last = Some(row),
            None => break,
        }
    }
    store.close().await;
    files
}

/// Posts messages with files in the lobby: of several parts, with and without a thumbnail, one deleted. There is also an
/// upload that no message has. Returns the file of several parts.
pub async fn fill_files(database: &TestDatabase) -> FileId {
    let store = database.open().await;
    let s = store.as_ref();
    let ada = match s.user(&crate::store::id("ada")).await.unwrap() {
        Some(ada) => ada,
        None => add(s, "ada").await,
    };
    let access = lobby(s, &ada).await;
    let large = bytes(1, 2 * PART_BYTES + 1000);
    let large = upload(s, &ada, "large.png", &large, Some(&bytes(2, PART_BYTES + 7))).await;
    let small = upload(s, &ada, "small.png", &bytes(3, 1), None).await;
    post_with(s, &access, "two files", &[large, small]).await;
    let exact = upload(s, &ada, "exact.png", &bytes(4, PART_BYTES), Some(&bytes(5, 100))).await;
    post_with(s, &access, "", &[exact]).await;
    let gone = upload(s, &ada, "gone.png", &bytes(6, 100), Some(&bytes(7, 10))).await;
    let deleted = post_with(s, &access, "to delete", &[gone]).await;
    s.change(&access, Command::new(Action::Delete { seq: deleted.seq() })).await.unwrap();
    upload(s, &ada, "unposted.png", &bytes(8, 100), None).await;
    store.close().await;
    large
}

/// The bytes of the files of [`fill_files`], without thumbnails.
pub const FILE_BYTES: usize = 3 * PART_BYTES + 1001;

#[tokio::test(flavor = "multi_thread")]
async fn files_are_copied_to_mongodb_and_back() {
    let (first, second, third) = (TestDatabase::embedded(), TestDatabase::mongodb().await, TestDatabase::embedded());
    fill(&first).await;
    let large = fill_files(&first).await;
    let original = (contents(&first).await, files_of(&first).await);
    assert_eq!(original.1.len(), 3);
    for (from, to) in [(&first, &second), (&second, &third)] {
        let copied = natter(&["copy", "--from", &address(from), "--to", &address(to)]).await.ok();
        copied.says(&format!("  files          3, {FILE_BYTES} bytes\n"));
        assert_eq!((contents(to).await, files_of(to).await), original);
        assert_owned(to, large).await;
    }
}

/// The files of messages are theirs, and count for the quota of their author; nothing else was copied.
async fn assert_owned(database: &TestDatabase, large: FileId) {
    let store = database.open().await;
    let ada = user(store.as_ref(), "ada").await;
    let objects = store.objects().objects_after(None, 100).await.unwrap();
    assert_eq!(objects.len(), 3 + 2, "with two thumbnails");
    let files: Vec<FileId> = objects.iter().copied().filter(|id| id.original() == *id).collect();
    assert!(store.without_owner(&files, Timestamp::now()).await.unwrap().is_empty());
    assert!(store.expired_uploads(Timestamp(i64::MAX / 2), 100).await.unwrap().is_empty(), "none is unposted");
    let access = lobby(store.as_ref(), &ada).await;
    assert_eq!(store.file(&access, large).await.unwrap().unwrap().0.name.as_str(), "large.png");
    let (id, size) = (FileId::generate(), 1);
    let more = NewUpload { id, owner: ada.key, name: FileName::clean("x"), size };
    let full = Quota { user: FILE_BYTES as u64, server: u64::MAX };
    assert!(store.begin_upload(more.clone(), full, Timestamp::now()).await.is_err(), "they count for the quota");
    let enough = Quota { user: FILE_BYTES as u64 + 1, ..full };
    store.begin_upload(more, enough, Timestamp::now()).await.unwrap();
    assert!(store.end_upload(ada.key, id).await.unwrap());
    // a copied file is given to no second message
    let attachment = Attachment { id: large, alt: AltText::default() };
    let post = Post { client: ClientId::generate(), text: text("again"), reply_to: None, files: vec![attachment] };
    assert!(store.change(&access, Command::new(Action::Post(post))).await.is_err());
    natter::store::remove_expired_objects(store.as_ref(), Timestamp::now().plus_secs(3600)).await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_damaged_object_ends_a_copy() {
    for (source, target) in [
        (TestDatabase::embedded(), TestDatabase::embedded()),
        (TestDatabase::mongodb().await, TestDatabase::embedded()),
    ] {
        let large = fill_files(&source).await;
        let copy = async || natter(&["copy", "--from", &address(&source), "--to", &address(&target)]).await;
        let file = "the file \"large.png\" of message 1 in room lobby (\"Lobby\")";
        let way_out = "natter doctor names all that is damaged";
        for (damage, why) in [
            (Damage::Flipped, "is damaged: its SHA-256 is not the stored one"),
            (Damage::Longer, "is damaged: it has"),
            (Damage::Missing, "is missing"),
        ] {
            damage.of(&source, large).await;
            let refused = copy().await;
            let line = refused.err.lines().last().unwrap().to_owned();
            assert!(refused.code == 1 && line.contains(&format!("{file} {why}")) && line.contains(way_out), "{line}");
        }
        Damage::None.of(&source, large).await;
        // the same target again: what the earlier copies left is cleared
        let kept = target_objects(&target).await;
        assert_eq!(kept.len(), 0, "the first object failed: {kept:?}");
        copy().await.ok();
        assert_eq!(files_of(&target).await, files_of(&source).await);
    }
}

async fn target_objects(database: &TestDatabase) -> Vec<FileId> {
    let TestDatabase::Embedded(dir) = database else { panic!("embedded") };
    let location = natter::store::Location::Embedded(dir.path().to_owned());
    let store = natter::store::open_target(&location).await.unwrap();
    store.begin_copy().await.unwrap();
    let objects = store.objects().objects_after(None, 100).await.unwrap();
    store.close().await;
    objects
}

/// What happens to the bytes of the large file.
#[derive(Clone, Copy)]
pub enum Damage {
    Flipped,
    Longer,
    Missing,
    None,
}

impl Damage {
    pub async fn of(self, database: &TestDatabase, id: FileId) {
        let store = database.open().await;
        let objects = store.objects();
        objects.remove(id).await.unwrap();
        let mut bytes = bytes(1, 2 * PART_BYTES + 1000).to_vec();
        match self {
            Self::Flipped => bytes[PART_BYTES + 5] ^= 1,
            Self::Longer => bytes.push(0),
            Self::None => {}
            Self::Missing => return store.close().await,
        }
        for (index, part) in bytes.chunks(PART_BYTES).enumerate() {
            let offset = (index * PART_BYTES) as u64;
            objects.write(id, Attempt::ONLY, offset, Bytes::copy_from_slice(part)).await.unwrap();
        }
        objects.finish(id, Attempt::ONLY, bytes.len() as u64).await.unwrap();
        store.close().await;
    }
}
