//! The list of what mentions a user, across rooms.

use natter::{
    domain::{Command, Message, MessageId, RoomAction, RoomKind, Text, Timestamp},
    store::{ListCursor, TEXT_BYTES},
};

use crate::{
    members::{Member, in_lobby, new_post},
    support::TestDatabase,
};

impl Member {
    /// The latest messages that mention the user.
    pub async fn mentions(&self, limit: u32) -> Vec<Message> {
        self.store.mentions_of(&self.user, None, limit).await.unwrap()
    }

    /// Posts as of a time.
    pub async fn post_at(&self, at: i64, what: &str) -> Message {
        let command = Command { at: Timestamp(at), action: new_post(what, None) };
        self.store.change(&self.access, command).await.unwrap().message
    }
}

fn ids(messages: &[Message]) -> Vec<MessageId> {
    messages.iter().map(|message| message.id.clone()).collect()
}

fn texts(messages: &[Message]) -> Vec<&str> {
    messages.iter().filter_map(|message| message.text()).collect()
}

/// All pages of a list with `limit` messages each.
async fn paged(member: &Member, limit: u32) -> Vec<Message> {
    let mut all: Vec<Message> = Vec::new();
    loop {
        let after = all.last().map(|last| ListCursor { at: last.sent_at, id: last.id.clone() });
        let page = member.store.mentions_of(&member.user, after.as_ref(), limit).await.unwrap();
        assert!(page.len() <= limit as usize);
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

/// Far from now, so that everybody has joined before.
const LATER: i64 = 4_000_000_000_000;

pub async fn mentions_are_listed_by_time_across_rooms(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let rooms = [ada.clone(), ada.create(RoomKind::Closed, &[&bob]).await, ada.create(RoomKind::Open, &[&bob]).await];
    let mut expected = Vec::new();
    for (n, what) in ["@bob", "hello", "@room", "@here @bob", "@ada", "@bob too"].into_iter().enumerate() {
        for (m, room) in rooms.iter().enumerate() {
            // not in the order of posting, and some at the same time
            let posted = room.post_at(LATER + (7 * n as i64 + m as i64) % 5, what).await;
            expected.extend((n != 1 && n != 4).then_some(posted));
        }
    }
    bob.post("@room, and @ada").await;
    let key = |message: &Message| (message.sent_at, message.id.room.as_str().to_owned(), message.id.seq);
    expected.sort_by_key(|message| std::cmp::Reverse(key(message)));
    assert_eq!(bob.mentions(100).await, expected);
    assert_eq!(ids(&bob.mentions(3).await), ids(&expected[..3]));
    for limit in [1, 4, 12] {
        assert_eq!(ids(&paged(&bob, limit).await), ids(&expected), "{limit} a page");
    }
    assert!(bob.mentions(0).await.is_empty());
    assert_eq!(texts(&ada.mentions(100).await), ["@room, and @ada"], "none of one's own");
}

pub async fn a_list_of_mentions_has_only_rooms_of_the_user(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let closed = ada.create(RoomKind::Closed, &[&bob]).await;
    let open = ada.create(RoomKind::Open, &[&bob]).await;
    let deleted = ada.create(RoomKind::Closed, &[&bob]).await;
    for (n, room) in [&closed, &open, &deleted].into_iter().enumerate() {
        room.post_at(LATER + n as i64, &format!("@bob {n}")).await;
        room.post_at(LATER + 10 + n as i64, &format!("@room {n}")).await;
    }
    assert!(cyd.mentions(9).await.is_empty(), "a room of others, closed or not, mentions nobody else");
    assert_eq!(texts(&bob.mentions(9).await), ["@room 2", "@room 1", "@room 0", "@bob 2", "@bob 1", "@bob 0"]);
    deleted.manage(RoomAction::Delete).await;
    closed.manage(RoomAction::Remove(bob.user.key)).await;
    assert_eq!(texts(&bob.mentions(9).await), ["@room 1", "@bob 1"]);
    bob.enter(open.room()).await.unwrap().manage(RoomAction::Leave).await;
    assert!(bob.mentions(9).await.is_empty(), "not even of an open room that the user has left");
    closed.manage(RoomAction::Add(bob.user.key)).await;
    assert_eq!(texts(&bob.mentions(9).await), ["@room 0", "@bob 0"]);
}

pub async fn all_members_are_those_who_had_joined(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let room = ada.create(RoomKind::Closed, &[]).await;
    room.post_at(1_000, "@room before").await;
    room.manage(RoomAction::Add(bob.user.key)).await;
    let joined = room.store.members(&room.access).await.unwrap();
    let joined = joined.into_iter().find(|member| member.user == bob.user.key).unwrap().joined_at;
    room.post_at(joined.0, "@room at once").await;
    // of a membership that ended since
    room.post_at(2_000, "@bob, @room").await;
    room.post_at(LATER, "@here later").await;
    assert_eq!(texts(&bob.mentions(9).await), ["@here later", "@room at once", "@bob, @room"]);
}

pub async fn pages_of_large_mentions_contain_each_once(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let large = format!("@bob {}", "🐝".repeat(Text::MAX - 5));
    let count = 2 * TEXT_BYTES / large.len();
    for n in 0..count {
        ada.post_at(LATER + n as i64, &large).await;
    }
    let first = bob.mentions(500).await;
    let bytes: usize = first.iter().filter_map(|message| message.text()).map(str::len).sum();
    assert!((1..=TEXT_BYTES).contains(&bytes), "{bytes} bytes");
    let all: Vec<u64> = paged(&bob, 500).await.iter().map(|message| message.id.seq).collect();
    assert_eq!(all, (1..=count as u64).rev().collect::<Vec<_>>());
}
