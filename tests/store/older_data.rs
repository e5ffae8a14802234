//! What a natter of each earlier schema wrote, as today's natter has to read it. The rows are those of
//! `fixtures/sqlite/*.sql`; `older_mongo` has the same for MongoDB.

use natter::{
    domain::{
        AuditAction, Command, Content, Level, MemberRole, Message, Notice, ReadMark, Role, Room, RoomId, RoomKind,
        Theme, Timestamp, TokenId, User, UserKey,
    },
    store::{Database, Row, Table},
};
use natter_test_support::NatterCommand;
use uuid::Uuid;

use crate::support::{TestDatabase, id, lobby, log_of, post};

/// The schemas of the embedded database since which there is more to read.
pub const ROOMS: usize = 3;
pub const PEOPLE: usize = 4;
pub const MENTIONS: usize = 5;
pub const SETTINGS: usize = 6;
pub const ADMINISTRATION: usize = 7;
pub const FILES: usize = 8;

pub const ADA: UserKey = key(0x0a);
pub const BOB: UserKey = key(0x0b);
pub const GONE: UserKey = key(0x0c);
pub const ROBOT: UserKey = key(0x0d);
/// 2100-01-01.
pub const FAR: i64 = 4_102_444_800_000;
/// The bytes of the file.
pub const BEE: &[u8] = b"bee";

pub const fn key(last: u8) -> UserKey {
    UserKey(Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0000 | last as u128))
}

/// A time shortly after the first one.
pub fn at(millis: i64) -> Timestamp {
    Timestamp(1_700_000_000_000 + millis)
}

/// All rows, as backups have them.
pub async fn rows_of(store: &dyn Database) -> Vec<String> {
    let mut all = Vec::new();
    for table in Table::ALL {
        let mut last: Option<Row> = None;
        loop {
            let page = store.rows(table, last.as_ref(), 1000).await.unwrap();
            all.extend(page.iter().map(|row| format!("{} {}", table.as_str(), row.to_json().unwrap())));
            let Some(row) = page.into_iter().next_back() else { break };
            last = Some(row);
        }
    }
    all
}

/// Runs natter on a database. Returns its exit code and all of its output.
pub fn natter(database: &TestDatabase, args: &[&str]) -> (i32, String) {
    let (flag, value) = match database {
        TestDatabase::Embedded(dir) => ("--data-dir", dir.path().to_str().unwrap()),
        TestDatabase::MongoDb(url) => ("--database", url.as_str()),
    };
    let command = NatterCommand::new(env!("CARGO_BIN_EXE_natter"), &std::env::temp_dir());
    let command = command.args(args.iter().copied().chain([flag, value]));
    let output = tokio::task::block_in_place(|| command.run(""));
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout) + &text(output.stderr))
}

/// Opens a database that has the data of all schemas up to `schema` (of the embedded database), and asserts that it reads
/// right, goes on, and is whole. Returns its rows as they were after the migration.
pub async fn assert_opens(database: &TestDatabase, schema: usize) -> Vec<String> {
    let store = database.open().await;
    let s = store.as_ref();
    let rows = rows_of(s).await;
    users(s, schema).await;
    let ada = s.user(&id("ADA")).await.unwrap().unwrap();
    old_lobby(s, &ada, schema).await;
    if schema >= ROOMS {
        rooms(s, &ada, schema).await;
    }
    if schema >= MENTIONS {
        let mentions = s.mentions_of(&ada, None, 10).await.unwrap();
        assert_eq!(mentions.iter().map(|message| message.text()).collect::<Vec<_>>(), [Some("@ada look")]);
        let saved = s.saved_by(&ada, None, 10).await.unwrap();
        assert_eq!(saved.iter().map(|saved| saved.message.text()).collect::<Vec<_>>(), [Some("in the attic")]);
    }
    if schema >= ADMINISTRATION {
        let linked = s.login_link_user(&[0x33; 32], Timestamp::now()).await.unwrap();
        assert_eq!(linked.map(|user| user.key), Some(BOB));
        let audit = s.audit(None, 10).await.unwrap();
        let audit: Vec<_> = audit.iter().map(|entry| (entry.admin.as_str(), entry.action, &*entry.subject)).collect();
        assert_eq!(audit, [("ada", AuditAction::UserDisabled, "robot")]);
    }
    if schema >= FILES {
        let attic = s.access(&ada, &RoomId::named("attic")).await.unwrap();
        let with_files = s.messages_with_files(&attic, None, 10).await.unwrap();
        let (file, object) = s.file(&attic, with_files[0].files[0].id).await.unwrap().unwrap();
        assert_eq!((file.name.as_str(), object.whole().await.unwrap().as_ref()), ("bee.txt", BEE));
    }
    goes_on(s, &ada).await;
    store.close().await;
    let (code, output) = natter(database, &["doctor"]);
    assert!(code == 0 && output.contains("is healthy"), "schema {schema}: {output}");
    rows
}

async fn users(s: &dyn Database, schema: usize) {
    let all = s.users_after(None, 10).await.unwrap();
    let facts = |user: &User| (user.key, user.name.to_string(), user.email.to_string(), user.role, user.version);
    let mut expected = vec![
        (ADA, "Ada Ö".to_owned(), "Ada@example.org".to_owned(), Role::Admin, 3),
        (BOB, "Bob".to_owned(), "bob@example.org".to_owned(), Role::Member, 1),
    ];
    if schema >= PEOPLE {
        expected.push((ROBOT, "Robot".to_owned(), "robot@example.org".to_owned(), Role::Bot, 1));
        assert_eq!(all[2].about.to_string(), "counts bees");
        assert_eq!(s.last_seen(&[ADA, BOB]).await.unwrap(), [Some(at(41)), None]);
    }
    assert_eq!(all.iter().map(facts).collect::<Vec<_>>(), expected);
    assert_eq!(all.iter().map(|user| user.created_at).collect::<Vec<_>>()[..2], [at(0), at(1)]);
    assert_eq!(all[1].shows_last_seen, schema < PEOPLE);
    assert_eq!(all[0].settings.theme == Theme::Dark, schema >= SETTINGS);
    assert_eq!(all.last().unwrap().disabled, schema >= ADMINISTRATION);
    let (_, hash) = s.credentials(&id("bob")).await.unwrap().unwrap();
    assert_eq!(hash.0, "$2b$04$b");
    let session = s.session(&[0x11; 32]).await.unwrap().unwrap();
    assert_eq!((session.data, session.expires, session.user), (vec![1, 2, 255], Timestamp(FAR), None));
    assert!(s.authenticate(ADA, 3, TokenId(key(0x77).0)).await.unwrap().is_none(), "the token is revoked");
    assert!(s.authenticate(ADA, 3, TokenId(key(0x78).0)).await.unwrap().is_some());
    let of_bob = s.sessions_of(BOB).await.unwrap().len();
    assert_eq!(of_bob, usize::from(schema >= SETTINGS));
}

/// `seq`, `rev` and text of each message, in order of `seq`.
async fn messages(s: &dyn Database, room: &RoomId) -> Vec<Message> {
    let mut log = log_of(s, room).await;
    log.sort_by_key(Message::seq);
    log
}

async fn old_lobby(s: &dyn Database, ada: &User, schema: usize) {
    let log = messages(s, &RoomId::lobby()).await;
    let facts: Vec<_> =
        log.iter().map(|message| (message.seq(), message.rev, message.author_key, message.text())).collect();
    let expected =
        [(1, 1, ADA, Some("one 🐝")), (2, 2, BOB, Some("two")), (3, 5, GONE, None), (4, 4, ADA, Some("four"))];
    assert_eq!(facts, expected);
    assert_eq!(log.iter().map(|message| message.sent_at).collect::<Vec<_>>(), [10, 11, 12, 13].map(at));
    let texts: Vec<_> = log.iter().map(|message| (message.room_texts, message.author_texts)).collect();
    assert_eq!(texts, [(1, 1), (2, 1), (3, 1), (4, 2)]);
    let access = lobby(s, ada).await;
    assert_eq!(s.room(&access).await.unwrap(), Room::lobby());
    let own = s.summary(&access).await.unwrap();
    assert_eq!((own.unread, own.own.unwrap().mark), (0, ReadMark { seq: 4, version: 0 }), "read up to its end");
    assert_eq!(s.members(&access).await.unwrap().len(), if schema >= PEOPLE { 3 } else { 2 });
}

async fn rooms(s: &dyn Database, ada: &User, schema: usize) {
    let attic = s.access(ada, &RoomId::named("attic")).await.unwrap();
    let room = s.room(&attic).await.unwrap();
    assert_eq!((room.kind, room.name.as_str(), room.topic.as_str(), room.rev), (RoomKind::Closed, "Attic", "bees", 6));
    assert_eq!(room.created_at, at(20));
    let members = s.members(&attic).await.unwrap();
    let members: Vec<_> = members.iter().map(|member| (member.user, member.role, member.joined_at)).collect();
    assert_eq!(members, [(ADA, MemberRole::Owner, at(20)), (BOB, MemberRole::Member, at(20))]);
    let log = messages(s, &RoomId::named("attic")).await;
    let [first, reply, notice, ..] = &log[..] else { panic!("{log:?}") };
    assert_eq!((first.rev, first.replies, first.pinned_at, first.text_rev), (4, 1, Some(at(34)), 1));
    assert_eq!((first.reactions[0].emoji.as_str(), &first.reactions[0].users[..]), ("👍", &[BOB][..]));
    assert_eq!((reply.rev, reply.text(), reply.edited_at), (5, Some("a better reply"), Some(at(35))));
    assert_eq!((reply.reply_to, reply.root), (Some(1), Some(1)));
    assert_eq!((notice.rev, &notice.content), (6, &Content::Notice(Notice::Topic { topic: "bees".into() })));
    let open = s.open_rooms("", None, 10).await.unwrap();
    let open: Vec<_> = open.iter().map(|open| open.room.name.as_str()).collect();
    assert_eq!(open, ["Hall", "HALL hill", "Lobby"], "names are unique");
    assert_eq!(s.direct_room(&[BOB, ADA]).await.unwrap().unwrap().id, RoomId::named("pair"));
    let bob = s.user(&id("bob")).await.unwrap().unwrap();
    let bobs = s.access(&bob, &RoomId::named("attic")).await.unwrap();
    let own = s.summary(&bobs).await.unwrap().own.unwrap();
    match schema {
        ROOMS => assert_eq!((own.level, own.mark.seq), (Level::Mentions, 3), "all is read"),
        _ => assert_eq!((own.level, own.starred, own.mark), (Level::Hidden, true, ReadMark { seq: 1, version: 2 })),
    }
}

/// The log goes on after its last number, and knows the client ids.
async fn goes_on(s: &dyn Database, ada: &User) {
    let access = lobby(s, ada).await;
    for (client, seq) in [("1e8c5e1c-d3ba-403a-a3e9-d2fb063305b1", 1), ("script-4", 4)] {
        let repeat = s.change(&access, post(client, "again")).await.unwrap();
        assert!(repeat.repeat && repeat.message.seq() == seq, "{client}");
    }
    let next: Command = post("next", "goes on");
    let next = s.change(&access, next).await.unwrap().message;
    assert_eq!((next.seq(), next.rev, next.room_texts, next.author_texts), (5, 6, 5, 3));
}
