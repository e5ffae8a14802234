//! A database with everything that a copy has to keep.

use natter::{
    domain::{
        About, Action, AuditAction, AuditEntry, ClientId, Command, Emoji, LanguageChoice, Level, Message, Post,
        Reading, RoomAction, RoomId, RoomKind, SettingsChanges, Theme, TimeFormat, Timestamp, TokenId, Topic, User,
    },
    store::{
        Access, Database, LoginLink, MessageRetention, NewRoom, RoomRow, Row, SavedMessage, SessionRow, Table,
        UserChanges,
    },
};
use uuid::Uuid;

use crate::store::{TestDatabase, add, hash, lobby, log_of, post, text, whole_log};

pub const SESSION: [u8; 32] = [7; 32];
pub const LINK: [u8; 32] = [8; 32];
pub const TOKEN: TokenId = TokenId(Uuid::from_u128(42));

/// Fills a database with an admin, a changed password, deleted messages, a deleted account, edits, reactions,
/// mentions, a pin, threads, saved messages, a room with members and notices, a session, a revoked token, a login link,
/// a disabled account, entries of the audit list, and more messages than one batch. Returns the number of changes in the lobby.
pub async fn fill(database: &TestDatabase) -> u64 {
    let store = database.open().await;
    let s = store.as_ref();
    let (ada, bob, cyd) = (add(s, "ada").await, add(s, "bob").await, add(s, "cyd").await);
    let (as_ada, as_bob, as_cyd) = (lobby(s, &ada).await, lobby(s, &bob).await, lobby(s, &cyd).await);
    for round in 0..3 {
        post_many_as(s, &as_ada, &format!("a{round}"), 250).await;
        post_many_as(s, &as_bob, &format!("b{round}"), 150).await;
        s.change(&as_cyd, post(&format!("c{round}"), "<b>two\nlines</b> 👋")).await.unwrap();
    }
    let changes = change_messages(s, &as_ada, &as_cyd).await;
    fill_room(s, &ada, &cyd, "Planning").await;
    fill_room(s, &cyd, &ada, "A room whose owner is deleted").await;
    s.delete_user(bob.key, MessageRetention::Delete).await.unwrap();
    s.delete_user(cyd.key, MessageRetention::Keep).await.unwrap();
    post_many_as(s, &as_ada, "last", 5).await;
    s.update_user(ada.key, UserChanges { password: Some(hash("a new one")), ..UserChanges::default() }).await.unwrap();
    let dan = add(s, "dan").await;
    keep_for_oneself(s, &dan).await;
    let mention = Action::Edit { seq: 4, text_rev: 4, text: text("@dan and @here") };
    s.change(&as_ada, Command::new(mention)).await.unwrap();
    for (access, seq) in [(&as_ada, 1), (&as_ada, 4), (&lobby(s, &dan).await, 1)] {
        s.save(access, seq).await.unwrap();
    }
    let later = Timestamp::now().plus_secs(3600);
    let session = SessionRow { id: SESSION, data: vec![1, 2, 255], expires: later, user: Some(dan.key) };
    assert!(s.create_session(&session).await.unwrap());
    s.revoke_token(TOKEN, later).await.unwrap();
    let link = LoginLink { hash: LINK, expires: later };
    s.set_login_link(dan.key, link, AuditEntry::new("ada", AuditAction::LoginLinkMade, "dan")).await.unwrap();
    let eve = add(s, "eve").await;
    s.set_disabled(eve.key, true, AuditEntry::new("ada", AuditAction::UserDisabled, "eve")).await.unwrap();
    s.close().await;
    // cyd has reacted to one message that is left, which mentions cyd too
    3 * (250 + 150 + 1) + changes + 450 + 1 + 5 + 1
}

/// What a user keeps in an account and in the lobby.
async fn keep_for_oneself(store: &dyn Database, user: &User) {
    let about = Some(About::parse("likes bees").unwrap());
    let settings = SettingsChanges {
        theme: Some(Theme::Dark),
        language: Some(LanguageChoice::German),
        time_format: Some(TimeFormat::Hours12),
        enter_sends: Some(false),
    };
    let changes = UserChanges { about, shows_last_seen: Some(false), settings, ..UserChanges::default() };
    store.update_user(user.key, changes).await.unwrap();
    store.record_seen(&[user.key], Timestamp(1_700_000_000_000)).await.unwrap();
    let access = lobby(store, user).await;
    store.read(&access, Reading::Unread { seq: 7, version: None }).await.unwrap();
    store.set_level(&access, Level::Hidden).await.unwrap();
    store.set_starred(&access, true).await.unwrap();
}

async fn post_many_as(store: &dyn Database, access: &Access, prefix: &str, count: u32) {
    for n in 0..count {
        store.change(access, post(&format!("{prefix}-{n}"), &format!("{prefix} {n}"))).await.unwrap();
    }
}

pub fn reply(client: &str, to: u64) -> Command {
    let client = ClientId::parse(client).unwrap();
    Command::new(Action::Post(Post { client, text: text("a reply"), reply_to: Some(to), files: Vec::new() }))
}

/// Changes the first messages of a room, which `ada` posted, in every way. Returns the number of changes.
async fn change_messages(store: &dyn Database, ada: &Access, cyd: &Access) -> u64 {
    let thumb = Emoji::parse("👍").unwrap();
    let heart = Emoji::parse("❤️").unwrap();
    let edit = |seq, text_rev, what: &str| Command::new(Action::Edit { seq, text_rev, text: text(what) });
    let prefix = ada.room().as_str();
    let commands = [
        (ada, edit(1, 1, "edited for @cyd and @room")),
        (ada, reply(&format!("{prefix}-r1"), 1)),
        (cyd, reply(&format!("{prefix}-r2"), 1)),
        (cyd, Command::new(Action::React { seq: 1, emoji: thumb.clone() })),
        (ada, Command::new(Action::React { seq: 1, emoji: heart.clone() })),
        (ada, Command::new(Action::React { seq: 1, emoji: thumb.clone() })),
        (cyd, Command::new(Action::React { seq: 2, emoji: heart.clone() })),
        (cyd, Command::new(Action::Unreact { seq: 2, emoji: heart })),
        (ada, Command::new(Action::Pin { seq: 2 })),
        (ada, Command::new(Action::Delete { seq: 3 })),
    ];
    let count = commands.len() as u64;
    for (access, command) in commands {
        assert!(!store.change(access, command).await.unwrap().repeat);
    }
    count
}

/// Creates a closed room of `owner` in which both write, and changes it and its members.
async fn fill_room(store: &dyn Database, owner: &User, member: &User, name: &str) {
    let (topic, members) = ("a topic".to_owned(), vec![member.key]);
    let new = NewRoom { kind: RoomKind::Closed, name: name.to_owned(), topic, owner: owner.key, members };
    let room = store.create_room(new).await.unwrap().id;
    let (owns, writes) = (store.access(owner, &room).await.unwrap(), store.access(member, &room).await.unwrap());
    for n in 0..3 {
        store.change(&owns, post(&format!("{}-{n}", room.as_str()), "in the room")).await.unwrap();
    }
    change_messages(store, &owns, &writes).await;
    let actions = [
        RoomAction::SetTopic(Topic::parse("another topic").unwrap()),
        RoomAction::Open,
        RoomAction::Remove(member.key),
        RoomAction::Archive,
    ];
    for action in actions {
        store.change(&owns, Command::new(Action::Room(action))).await.unwrap();
    }
}

/// What a store returns about its data: the logs of all rooms, the users, the session, what mentions each user, and
/// what each has saved.
pub async fn contents(database: &TestDatabase) -> Contents {
    let store = database.open().await;
    let mut log = whole_log(store.as_ref()).await;
    for row in store.rows(Table::Rooms, None, 100).await.unwrap() {
        let Row::Room(RoomRow { room, .. }) = row else { panic!("a room") };
        if room.id != RoomId::lobby() {
            log.extend(log_of(store.as_ref(), &room.id).await);
        }
    }
    let users = store.users_after(None, 100).await.unwrap();
    let session = store.session(&SESSION).await.unwrap();
    let (mut mentions, mut saved) = (Vec::new(), Vec::new());
    for user in &users {
        mentions.push(store.mentions_of(user, None, 100).await.unwrap());
        saved.push(store.saved_by(user, None, 100).await.unwrap());
    }
    let linked = store.login_link_user(&LINK, Timestamp::now()).await.unwrap();
    let audit = store.audit(None, 100).await.unwrap();
    store.close().await;
    Contents { log, users, session, mentions, saved, linked, audit }
}

#[derive(Debug, PartialEq)]
pub struct Contents {
    pub log: Vec<Message>,
    pub users: Vec<User>,
    pub session: Option<SessionRow>,
    pub mentions: Vec<Vec<Message>>,
    pub saved: Vec<Vec<SavedMessage>>,
    pub linked: Option<User>,
    pub audit: Vec<AuditEntry>,
}

/// The messages of [`fill`] in the lobby.
pub const IN_LOBBY: u64 = 1203 + 2 + 5;
/// The texts and notices of [`fill`] in the two other rooms.
pub const IN_ROOMS: u64 = 2 * (3 + 2 + 4) + 1;
