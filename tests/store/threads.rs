//! The lists within a room: the replies of a thread, and the pinned messages.

use natter::{
    domain::{Action, Command, Message, Phrase, RoomKind, Text, Timestamp, rules::Refusal},
    store::{Page, TEXT_BYTES},
};

use crate::{
    members::{Member, in_lobby, new_post, react},
    support::{TestDatabase, seqs},
};

impl Member {
    async fn thread(&self, root: u64, seq: Option<u64>, limit: u32) -> Page {
        self.store.thread(&self.access, root, seq, limit).await.unwrap()
    }

    async fn pinned(&self) -> Page {
        self.store.pinned(&self.access).await.unwrap()
    }
}

fn shown(page: &Page) -> (Vec<u64>, bool, bool) {
    (seqs(&page.messages), page.has_older, page.has_newer)
}

pub async fn a_thread_has_its_replies_in_order(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let closed = ada.create(RoomKind::Closed, &[&bob]).await;
    let (root, other) = (ada.post("question").await, bob.post("another question").await);
    assert_eq!((shown(&ada.thread(1, None, 5).await), ada.thread(1, None, 5).await.head), ((vec![], false, false), 2));
    let first = bob.reply(&root, "answer").await; // 3
    ada.reply(&other, "answer").await; // 4
    ada.reply(&first, "thanks").await; // 5, a reply to a reply
    ada.post("something else").await;
    for _ in 7..=9 {
        bob.reply(&root, "more").await;
    }
    let elsewhere = closed.post("question").await;
    closed.reply(&elsewhere, "answer").await;
    for (root, seq, limit, expected) in [
        (1, None, 10, (vec![3, 5, 7, 8, 9], false, false)),
        (1, None, 2, (vec![8, 9], true, false)),
        (1, Some(8), 2, (vec![5, 7], true, true)),
        (1, Some(5), 2, (vec![3], false, true)),
        (1, Some(3), 2, (vec![], false, true)),
        (1, Some(u64::MAX), 1, (vec![9], true, false)),
        (1, None, 0, (vec![], true, false)),
        (2, None, 10, (vec![4], false, false)),
        (3, None, 10, (vec![], false, false)),
        (99, None, 10, (vec![], false, false)),
        (0, None, 10, (vec![], false, false)),
    ] {
        let page = ada.thread(root, seq, limit).await;
        assert_eq!((shown(&page), page.head), (expected, 9), "{root} {seq:?} {limit}");
    }
    assert_eq!(ada.thread(1, None, 10).await.messages[0], ada.read(3).await);
    assert_eq!(shown(&closed.thread(1, None, 10).await), (vec![2], false, false));
}

pub async fn a_thread_leaves_out_deleted_replies(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let root = ada.post("question").await;
    for _ in 2..=6 {
        bob.reply(&root, "answer").await;
    }
    for seq in [2, 4, 6] {
        bob.change(Action::Delete { seq }).await;
    }
    assert_eq!(shown(&ada.thread(1, None, 10).await), (vec![3, 5], false, false));
    assert_eq!(shown(&ada.thread(1, Some(5), 10).await), (vec![3], false, true));
    assert_eq!(shown(&ada.thread(1, Some(6), 1).await), (vec![5], true, false), "the newer one is deleted");
    ada.change(Action::Delete { seq: 1 }).await;
    assert_eq!(shown(&ada.thread(1, None, 10).await), (vec![3, 5], false, false), "replies outlive their root");
}

pub async fn pages_of_a_large_thread_contain_each_reply_once(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    let root = ada.post("question").await;
    let large = "🐝".repeat(Text::MAX);
    let count = (2 * TEXT_BYTES / large.len()) as u64;
    for _ in 0..count {
        ada.reply(&root, &large).await;
    }
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = ada.thread(1, before, 500).await;
        let bytes: usize = page.messages.iter().filter_map(Message::text).map(str::len).sum();
        assert!((1..=TEXT_BYTES).contains(&bytes), "{bytes} bytes");
        found.splice(0..0, seqs(&page.messages));
        before = found.first().copied();
        if !page.has_older {
            break;
        }
    }
    assert_eq!(found, (2..=count + 1).collect::<Vec<_>>());
}

pub async fn the_last_pinned_message_is_first(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let closed = ada.create(RoomKind::Closed, &[&bob]).await;
    for _ in 1..=4 {
        ada.post("hello").await;
        closed.post("hello").await;
    }
    closed.change(Action::Pin { seq: 4 }).await;
    assert_eq!((shown(&ada.pinned().await), ada.pinned().await.head), ((vec![], false, false), 4));
    // by the time of the pin, and at the same time by seq
    for (seq, at) in [(2, 1_000), (4, 3_000), (1, 2_000), (3, 2_000)] {
        let pin = Command { at: Timestamp(at), action: Action::Pin { seq } };
        ada.store.change(&ada.access, pin).await.unwrap();
    }
    bob.change(react(&ada.read(2).await, "👍")).await;
    let pinned = ada.pinned().await;
    assert_eq!((shown(&pinned), pinned.head), ((vec![4, 3, 1, 2], false, false), 9));
    assert_eq!(pinned.messages[3], ada.read(2).await);
    ada.change(Action::Unpin { seq: 3 }).await;
    ada.change(Action::Delete { seq: 1 }).await;
    assert_eq!(shown(&ada.pinned().await).0, [4, 2]);
    assert_eq!(shown(&closed.pinned().await).0, [4]);
}

pub async fn a_room_has_at_most_fifty_pinned_messages(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    for seq in 1..=51 {
        ada.change(new_post("hello", None)).await;
        if seq <= 50 {
            ada.change(Action::Pin { seq }).await;
        }
    }
    let refused = ada.refused(Action::Pin { seq: 51 }).await;
    assert_eq!(refused, Refusal::TooManyPins);
    assert_eq!(refused.phrase(), Phrase::new("too-many-pins").arg("max", 50_u64));
    ada.repeat(Action::Pin { seq: 1 }).await;
    ada.change(Action::Delete { seq: 7 }).await;
    ada.change(Action::Pin { seq: 51 }).await;
    let pinned = ada.pinned().await;
    assert_eq!((pinned.messages.len(), pinned.messages[0].id.seq), (50, 51));
    ada.post("one more").await;
    assert_eq!(ada.refused(Action::Pin { seq: 52 }).await, Refusal::TooManyPins);
}
