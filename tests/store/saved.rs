//! What users save for themselves.

use std::time::Duration;

use natter::{
    domain::{Action, MessageId, RoomAction, RoomKind, Text, rules::Refusal},
    store::{Error, ListCursor, SavedMessage, TEXT_BYTES, Table},
};

use crate::{
    members::{Member, in_lobby},
    support::TestDatabase,
};

impl Member {
    async fn save(&self, seq: u64) {
        self.store.save(&self.access, seq).await.unwrap();
    }

    /// Saves at a later time than everything before.
    async fn save_later(&self, seq: u64) {
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.save(seq).await;
    }

    async fn unsave(&self, seq: u64) {
        self.store.unsave(&self.access, seq).await.unwrap();
    }

    /// The latest messages that the user has saved.
    async fn saved(&self, limit: u32) -> Vec<SavedMessage> {
        self.store.saved_by(&self.user, None, limit).await.unwrap()
    }

    async fn saved_among(&self, seqs: &[u64]) -> Vec<u64> {
        let mut saved = self.store.saved_among(&self.access, seqs).await.unwrap();
        saved.sort_unstable();
        saved
    }
}

fn ids(saved: &[SavedMessage]) -> Vec<MessageId> {
    saved.iter().map(|saved| saved.message.id.clone()).collect()
}

fn texts(saved: &[SavedMessage]) -> Vec<&str> {
    saved.iter().filter_map(|saved| saved.message.text()).collect()
}

/// All pages of a list with `limit` messages each.
async fn paged(member: &Member, limit: u32) -> Vec<SavedMessage> {
    let mut all: Vec<SavedMessage> = Vec::new();
    loop {
        let after = all.last().map(|last| ListCursor { at: last.saved_at, id: last.message.id.clone() });
        let page = member.store.saved_by(&member.user, after.as_ref(), limit).await.unwrap();
        assert!(page.len() <= limit as usize);
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

pub async fn a_message_is_saved_once(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    for _ in 0..3 {
        ada.post("hello").await;
    }
    bob.save(2).await;
    let first = bob.saved(9).await;
    assert_eq!((&first[0].message, first.len()), (&bob.read(2).await, 1));
    assert!(first[0].saved_at >= first[0].message.sent_at);
    bob.save_later(2).await;
    assert_eq!(bob.saved(9).await, first, "its time stays");
    bob.save(3).await;
    assert_eq!((bob.saved_among(&[1, 2, 3, 99]).await, bob.saved_among(&[]).await), (vec![2, 3], vec![]));
    assert_eq!((ada.saved(9).await.len(), ada.saved_among(&[1, 2, 3]).await.len()), (0, 0), "it is one's own");
    assert_eq!(bob.head().await, 3, "it takes no number");
    for _ in 0..2 {
        bob.unsave(2).await;
    }
    bob.unsave(99).await;
    assert_eq!((bob.saved_among(&[1, 2, 3]).await, bob.saved(9).await.len()), (vec![3], 1));
    bob.save_later(2).await;
    assert_eq!(bob.saved(9).await[0].message.id.seq, 2, "saved anew");
}

pub async fn saved_messages_are_listed_by_time_across_rooms(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let rooms = [ada.clone(), ada.create(RoomKind::Closed, &[&bob]).await, ada.create(RoomKind::Direct, &[&bob]).await];
    for room in &rooms {
        for n in 1..=4 {
            room.post(&format!("{n}")).await;
        }
    }
    for seq in [3, 1, 4] {
        for room in &rooms {
            bob.enter(room.room()).await.unwrap().save(seq).await;
        }
    }
    let all = bob.saved(100).await;
    let key = |saved: &SavedMessage| (saved.saved_at, saved.message.id.room.as_str().to_owned(), saved.message.id.seq);
    assert!(all.len() == 9 && all.is_sorted_by(|a, b| key(a) > key(b)), "{all:?}");
    assert_eq!(bob.saved(2).await, all[..2]);
    for limit in [1, 2, 9] {
        assert_eq!(paged(&bob, limit).await, all, "{limit} a page");
    }
    assert!(bob.saved(0).await.is_empty());
}

pub async fn a_list_of_saved_messages_has_only_what_may_be_read(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let closed = ada.create(RoomKind::Closed, &[&bob]).await;
    let open = ada.create(RoomKind::Open, &[]).await;
    let deleted = ada.create(RoomKind::Open, &[]).await;
    let mut bobs = vec![bob.clone()];
    for room in [&closed, &open, &deleted] {
        room.post("secret").await;
        bobs.push(bob.enter(room.room()).await.unwrap());
    }
    ada.post("hello").await;
    for room in &bobs {
        room.save_later(1).await;
    }
    let edited = ada.edit(&ada.read(1).await, "changed").await;
    assert_eq!(texts(&bob.saved(9).await), ["secret", "secret", "secret", "changed"]);
    assert_eq!(bob.saved(9).await[3].message, edited, "in its latest state");
    closed.manage(RoomAction::Remove(bob.user.key)).await;
    deleted.manage(RoomAction::Delete).await;
    assert_eq!(ids(&bob.saved(9).await), [open.read(1).await.id, edited.id.clone()]);
    open.manage(RoomAction::Close).await;
    assert_eq!(ids(&bob.saved(9).await), [edited.id]);
    closed.manage(RoomAction::Add(bob.user.key)).await;
    assert_eq!(texts(&bob.saved(9).await), ["secret", "changed"]);
    ada.change(Action::Delete { seq: 1 }).await;
    assert_eq!(texts(&bob.saved(9).await), ["secret"]);
    assert_eq!(bob.saved(9).await.len(), 1, "without the place of a deleted message");
}

pub async fn only_texts_are_saved(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    let room = ada.create(RoomKind::Closed, &[]).await;
    room.post("to delete").await;
    room.change(Action::Delete { seq: 1 }).await;
    room.manage(RoomAction::Archive).await;
    for (seq, expected) in
        [(0, Refusal::NoSuchMessage), (3, Refusal::NoSuchMessage), (1, Refusal::Deleted), (2, Refusal::IsNotice)]
    {
        let refused = room.store.save(&room.access, seq).await;
        assert!(matches!(&refused, Err(Error::Refused(refusal)) if *refusal == expected), "{seq}: {refused:?}");
    }
    assert_eq!(ada.store.count(Table::Saved).await.unwrap(), 0);
}

pub async fn who_may_not_read_a_room_saves_nothing(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let closed = ada.create(RoomKind::Closed, &[&bob]).await;
    closed.post("hello").await;
    let bobs = bob.enter(closed.room()).await.unwrap();
    closed.manage(RoomAction::Archive).await;
    bobs.save(1).await;
    bobs.unsave(1).await;
    closed.manage(RoomAction::Unarchive).await;
    closed.manage(RoomAction::Remove(bob.user.key)).await;
    let late = bobs.store.save(&bobs.access, 1).await;
    assert!(matches!(late, Err(Error::NoSuchRoom)), "{late:?}");
    assert_eq!(ada.store.count(Table::Saved).await.unwrap(), 0);
}

pub async fn pages_of_large_saved_messages_contain_each_once(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    let large = "🐝".repeat(Text::MAX);
    let count = (2 * TEXT_BYTES / large.len()) as u64;
    for seq in 1..=count {
        ada.post(&large).await;
        ada.save(seq).await;
    }
    let first = ada.saved(500).await;
    let bytes: usize = texts(&first).into_iter().map(str::len).sum();
    assert!((1..=TEXT_BYTES).contains(&bytes), "{bytes} bytes");
    let mut all: Vec<u64> = paged(&ada, 500).await.iter().map(|saved| saved.message.id.seq).collect();
    all.sort_unstable();
    assert_eq!(all, (1..=count).collect::<Vec<_>>());
}
