//! Uploads, and the files that posts make of them.

use bytes::Bytes;
use natter::{
    domain::{
        Action, AltText, Attachment, ClientId, Command, FileId, FileKind, FileName, MAX_FILES, Message, Post,
        RoomAction, RoomKind, Text, Timestamp, rules::Refusal,
    },
    store::{
        Attempt, Conflict, Error, FileFacts, MessageRetention, NewUpload, PART_BYTES, Quota, UPLOAD_LIFETIME_SECS,
        Upload, remove_expired_objects, remove_objects_without_owner,
    },
};

use crate::{
    members::{Member, in_lobby},
    support::{TestDatabase, lobby},
};

const UNLIMITED: Quota = Quota { user: u64::MAX >> 2, server: u64::MAX >> 2 };

impl Member {
    async fn begin(&self, size: u64, quota: Quota) -> Result<Upload, Error> {
        let new = NewUpload { id: FileId::generate(), owner: self.user.key, name: FileName::clean("notes.txt"), size };
        self.store.begin_upload(new, quota, Timestamp::now()).await
    }

    /// A complete upload.
    pub async fn upload(&self, bytes: &'static str) -> FileId {
        let upload = self.begin(bytes.len() as u64, UNLIMITED).await.unwrap();
        upload.object.replace(&Bytes::from_static(bytes.as_bytes())).await.unwrap();
        self.store.complete_upload(&upload.object, facts(bytes.len() as u64), Timestamp::now()).await.unwrap();
        upload.object.id
    }

    async fn is_kept(&self, id: FileId) -> bool {
        self.store.upload(self.user.key, id, Timestamp::now()).await.unwrap().is_some()
    }

    /// What a reader of the room gets of a file.
    async fn read_file(&self, id: FileId) -> Option<Bytes> {
        let (file, object) = self.store.file(&self.access, id).await.unwrap()?;
        let bytes = object.read(0, PART_BYTES).await.unwrap();
        assert_eq!(bytes.len() as u64, file.size);
        Some(bytes)
    }

    /// Whether the bytes of a file are stored.
    async fn has_object(&self, id: FileId) -> bool {
        self.store.objects().read(id, 0, 1).await.is_ok()
    }

    async fn sweep(&self, after_secs: i64) -> u64 {
        remove_expired_objects(self.store.as_ref(), Timestamp::now().plus_secs(after_secs)).await.unwrap()
    }
}

fn facts(size: u64) -> FileFacts {
    FileFacts { kind: FileKind::Text, size, sha256: [7; 32], dimensions: None, has_thumbnail: false, beginning: None }
}

pub fn post_files(what: &str, files: &[FileId]) -> Action {
    let files = files.iter().map(|id| Attachment { id: *id, alt: AltText::parse("a note").unwrap() }).collect();
    Action::Post(Post { client: ClientId::generate(), text: Text::caption(what).unwrap(), reply_to: None, files })
}

fn ids(message: &Message) -> Vec<FileId> {
    message.files.iter().map(|file| file.id).collect()
}

pub async fn an_upload_is_its_owners_until_a_message_has_it(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let upload = ada.begin(10, UNLIMITED).await.unwrap();
    let id = upload.object.id;
    assert_eq!((upload.received, upload.facts), (0, None));
    ada.store.record_received(&upload.object, 4, Timestamp::now()).await.unwrap();
    let found = ada.store.upload(ada.user.key, id, Timestamp::now()).await.unwrap().unwrap();
    assert_eq!((found.received, found.size, found.name.as_str()), (4, 10, "notes.txt"));
    assert!(!bob.is_kept(id).await);
    assert_eq!(ada.refused(post_files("early", &[id])).await, Refusal::NoSuchUpload, "it is not complete");
    ada.store.complete_upload(&upload.object, facts(9), Timestamp::now()).await.unwrap();
    let late = ada.store.record_received(&upload.object, 5, Timestamp::now()).await;
    assert!(matches!(late, Err(Error::NotFound)), "it is complete");
    assert_eq!(bob.refused(post_files("mine", &[id])).await, Refusal::NoSuchUpload);
    let posted = ada.change(post_files("look", &[id])).await;
    assert_eq!((posted.files[0].size, posted.files[0].alt.as_str()), (9, "a note"), "the bytes that are stored");
    assert!(!ada.is_kept(id).await);
    assert_eq!(ada.refused(post_files("again", &[id])).await, Refusal::NoSuchUpload);
    assert!(!ada.store.end_upload(ada.user.key, id).await.unwrap());
}

pub async fn a_message_has_a_text_or_files(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    assert_eq!(ada.refused(post_files("", &[])).await, Refusal::Empty);
    let (one, two) = (ada.upload("one").await, ada.upload("two").await);
    assert_eq!(ada.refused(post_files("", &[one, one])).await, Refusal::NoSuchUpload, "one file twice");
    let posted = ada.change(post_files("", &[two, one])).await;
    assert_eq!((posted.text(), ids(&posted)), (Some(""), vec![two, one]));
    let captioned = ada.change(edit_caption(&posted, "a caption")).await;
    assert_eq!((captioned.text(), ids(&captioned)), (Some("a caption"), vec![two, one]));
    let removed = ada.change(Action::RemoveFile { seq: 1, file: two }).await;
    assert_eq!((ids(&removed), removed.text_rev), (vec![one], removed.rev));
    assert_eq!(ada.repeat(Action::RemoveFile { seq: 1, file: two }).await, removed);
    let bare = ada.change(edit_caption(&removed, "")).await;
    assert_eq!(ada.refused(Action::RemoveFile { seq: 1, file: one }).await, Refusal::Empty);
    assert_eq!(ada.log().await, [bare]);
    let mut many = Vec::new();
    for _ in 0..=MAX_FILES {
        many.push(ada.upload("more").await);
    }
    assert_eq!(ada.refused(post_files("", &many)).await, Refusal::TooManyFiles);
    assert_eq!(ids(&ada.change(post_files("", &many[1..])).await), many[1..]);
}

fn edit_caption(message: &Message, what: &str) -> Action {
    Action::Edit { seq: message.id.seq, text_rev: message.text_rev, text: Text::caption(what).unwrap() }
}

pub async fn a_repeat_of_a_post_with_files_returns_the_stored_message(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    let post = post_files("once", &[ada.upload("once").await]);
    let posted = ada.change(post.clone()).await;
    assert_eq!(ada.repeat(post.clone()).await, posted);
    // many at once, from two processes on MongoDB
    let post = post_files("at once", &[ada.upload("at once").await]);
    let other = database.open_another().await.unwrap_or_else(|| ada.store.clone());
    let other = Member { access: lobby(other.as_ref(), &ada.user).await, store: other, user: ada.user.clone() };
    let sends = (0..8).map(|n| {
        let (member, post) = (if n % 2 == 0 { ada.clone() } else { other.clone() }, post.clone());
        tokio::spawn(async move { member.give(post).await.unwrap() })
    });
    for send in sends.collect::<Vec<_>>() {
        assert_eq!(send.await.unwrap().message.id.seq, 2);
    }
    assert_eq!(ada.log().await.len(), 2);
}

pub async fn one_of_many_concurrent_posts_gets_the_file(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    let id = ada.upload("wanted").await;
    let other = database.open_another().await.unwrap_or_else(|| ada.store.clone());
    let other = Member { access: lobby(other.as_ref(), &ada.user).await, store: other, user: ada.user.clone() };
    let posts = (0..6).map(|n| {
        let member = if n % 2 == 0 { ada.clone() } else { other.clone() };
        tokio::spawn(async move { member.give(post_files("mine", &[id])).await })
    });
    let mut done = 0;
    for post in posts.collect::<Vec<_>>() {
        match post.await.unwrap() {
            Ok(_) => done += 1,
            Err(error) => assert!(matches!(error, Error::Refused(Refusal::NoSuchUpload)), "{error}"),
        }
    }
    assert_eq!((done, ada.log().await.len()), (1, 1));
}

pub async fn a_file_is_read_with_the_right_to_its_room(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let attic = ada.create(RoomKind::Closed, &[]).await;
    let id = attic.upload("for the attic").await;
    assert_eq!(attic.read_file(id).await, None, "no message has it yet");
    attic.change(post_files("", &[id])).await;
    assert_eq!(attic.read_file(id).await.unwrap(), "for the attic");
    // whoever knows the id reads it in no other room
    assert_eq!((ada.read_file(id).await, bob.read_file(id).await), (None, None));
    attic.change(Action::Delete { seq: attic.log().await.last().unwrap().id.seq }).await;
    assert_eq!(attic.read_file(id).await, None);
    let id = attic.upload("again").await;
    attic.change(post_files("", &[id])).await;
    attic.manage(RoomAction::Delete).await;
    assert!(matches!(attic.store.file(&attic.access, id).await, Err(Error::NoSuchRoom)));
}

pub async fn objects_are_removed_once_nothing_has_them(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    let (kept, removed, deleted) = (ada.upload("a").await, ada.upload("b").await, ada.upload("c").await);
    let (ended, waiting) = (ada.upload("d").await, ada.upload("e").await);
    ada.change(post_files("", &[kept, removed])).await;
    let message = ada.change(post_files("", &[deleted])).await;
    assert_eq!(ada.sweep(0).await, 0);
    ada.change(Action::RemoveFile { seq: 1, file: removed }).await;
    ada.change(Action::Delete { seq: message.id.seq }).await;
    assert!(ada.store.end_upload(ada.user.key, ended).await.unwrap());
    assert_eq!(ada.refused(post_files("", &[ended])).await, Refusal::NoSuchUpload);
    assert_eq!(ada.sweep(0).await, 2, "what was ended is kept for a while: a post may have read it");
    assert_eq!(ada.sweep(400).await, 1);
    for (id, is_there) in [(kept, true), (removed, false), (deleted, false), (ended, false), (waiting, true)] {
        assert_eq!(ada.has_object(id).await, is_there);
    }
    assert_eq!(ada.sweep(UPLOAD_LIFETIME_SECS + 600).await, 1, "nobody posted it in time");
    assert_eq!((ada.has_object(waiting).await, ada.has_object(kept).await), (false, true));
    assert_eq!(ada.read_file(kept).await.unwrap(), "a");
}

pub async fn an_upload_that_is_opened_again_refuses_the_attempt_before(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let first = ada.begin(10, UNLIMITED).await.unwrap().object;
    ada.store.record_received(&first, 4, Timestamp::now()).await.unwrap();
    let open = async |user: &Member| ada.store.open_upload(user.user.key, first.id, Timestamp::now()).await.unwrap();
    assert!(open(&bob).await.is_none());
    let second = open(&ada).await.unwrap();
    assert_eq!(second.received, 4);
    for refused in [
        ada.store.record_received(&first, 6, Timestamp::now()).await,
        ada.store.complete_upload(&first, facts(10), Timestamp::now()).await,
    ] {
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    }
    ada.store.record_received(&second.object, 10, Timestamp::now()).await.unwrap();
    ada.store.complete_upload(&second.object, facts(10), Timestamp::now()).await.unwrap();
    assert_eq!(ada.change(post_files("look", &[first.id])).await.files[0].size, 10);
    assert!(open(&ada).await.is_none(), "a message has it");
}

pub async fn an_expired_upload_is_gone(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    let id = ada.upload("late").await;
    let later = Timestamp::now().plus_secs(UPLOAD_LIFETIME_SECS + 1);
    assert!(ada.store.upload(ada.user.key, id, later).await.unwrap().is_none());
    let unfinished = ada.begin(5, UNLIMITED).await.unwrap().object;
    assert!(matches!(ada.store.record_received(&unfinished, 2, later).await, Err(Error::NotFound)));
    assert!(matches!(ada.store.complete_upload(&unfinished, facts(5), later).await, Err(Error::NotFound)));
    // each part keeps it for an hour more
    let (soon, after) = (Timestamp::now().plus_secs(3000), Timestamp::now().plus_secs(6000));
    ada.store.record_received(&unfinished, 2, soon).await.unwrap();
    assert!(ada.store.upload(ada.user.key, unfinished.id, after).await.unwrap().is_some());
}

pub async fn the_files_of_a_removed_account_follow_its_messages(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let (of_bob, of_cyd) = (bob.upload("bob's").await, cyd.upload("cyd's").await);
    bob.change(post_files("", &[of_bob])).await;
    cyd.change(post_files("", &[of_cyd])).await;
    bob.store.delete_user(bob.user.key, MessageRetention::Keep).await.unwrap();
    cyd.store.delete_user(cyd.user.key, MessageRetention::Delete).await.unwrap();
    ada.sweep(0).await;
    assert_eq!((ada.has_object(of_bob).await, ada.has_object(of_cyd).await), (true, false));
    assert_eq!(ada.read_file(of_bob).await.unwrap(), "bob's");
}

pub async fn objects_that_an_interruption_left_are_found(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    let (posted, waiting) = (ada.upload("posted").await, ada.upload("waiting").await);
    ada.change(post_files("", &[posted])).await;
    let objects = ada.store.objects();
    let (stray, thumbnail) = (FileId::generate(), posted.thumbnail());
    for id in [stray, stray.thumbnail(), thumbnail] {
        objects.write(id, Attempt::ONLY, 0, Bytes::from_static(b"stray")).await.unwrap();
    }
    objects.finish(thumbnail, Attempt::ONLY, 5).await.unwrap();
    assert_eq!(remove_objects_without_owner(ada.store.as_ref(), Timestamp::now()).await.unwrap(), 1);
    for (id, is_there) in
        [(posted, true), (thumbnail, true), (waiting, true), (stray, false), (stray.thumbnail(), false)]
    {
        assert_eq!(ada.has_object(id).await, is_there);
    }
}

pub async fn the_files_of_a_room_are_listed_from_the_latest(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    let attic = ada.create(RoomKind::Closed, &[]).await;
    attic.change(post_files("elsewhere", &[ada.upload("x").await])).await;
    for _ in 0..4 {
        ada.post("no file").await;
        ada.change(post_files("", &[ada.upload("y").await])).await;
    }
    ada.change(Action::Delete { seq: 6 }).await;
    let seqs = async |before, limit| {
        let found = ada.store.messages_with_files(&ada.access, before, limit).await.unwrap();
        assert!(found.iter().all(|message| message.author.is_some()));
        crate::support::seqs(&found)
    };
    assert_eq!(seqs(None, 2).await, [8, 4]);
    assert_eq!(seqs(Some(4), 2).await, [2]);
    assert_eq!(seqs(Some(2), 2).await, [0; 0]);
}

pub async fn quotas_count_all_that_is_stored(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let quota = Quota { user: 100, server: 150 };
    let first = ada.begin(100, quota).await.unwrap();
    let conflict = |result: Result<Upload, Error>| match result {
        Err(Error::Conflict(conflict)) => conflict,
        other => panic!("{other:?}"),
    };
    assert_eq!(conflict(ada.begin(1, quota).await), Conflict::QuotaOfUser);
    assert_eq!(conflict(bob.begin(51, quota).await), Conflict::QuotaOfServer);
    bob.begin(50, quota).await.unwrap();
    // what is stored counts, not what was sent; an ended one counts until it is removed
    ada.store.complete_upload(&first.object, facts(60), Timestamp::now()).await.unwrap();
    ada.begin(40, quota).await.unwrap();
    ada.store.end_upload(ada.user.key, first.object.id).await.unwrap();
    assert_eq!(conflict(ada.begin(1, quota).await), Conflict::QuotaOfUser);
    ada.sweep(400).await;
    ada.begin(60, quota).await.unwrap();
}

pub async fn a_disabled_account_uploads_nothing(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    bob.store.delete_user(bob.user.key, MessageRetention::Keep).await.unwrap();
    assert!(matches!(bob.begin(1, UNLIMITED).await, Err(Error::NotFound)));
    assert!(ada.begin(1, UNLIMITED).await.is_ok());
    let command = Command::new(post_files("", &[ada.upload("x").await]));
    assert!(matches!(bob.store.change(&bob.access, command).await, Err(Error::NotFound)));
}
