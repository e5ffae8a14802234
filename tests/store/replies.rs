//! Replies and threads.

use natter::domain::{Action, Message, rules::Refusal};

use crate::{
    members::{in_lobby, new_post},
    support::{TestDatabase, revs, seqs},
};

fn thread(message: &Message) -> (Option<u64>, Option<u64>, u64) {
    (message.reply_to, message.root, message.replies)
}

pub async fn a_reply_counts_at_the_root_under_the_same_rev(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let root = ada.post("question").await;
    let reply = bob.reply(&root, "answer").await;
    assert_eq!((thread(&reply), reply.rev), ((Some(1), Some(1), 0), 2));
    let counted = ada.read(1).await;
    assert_eq!((counted.replies, counted.rev, counted.text_rev), (1, 2, 1));
    let second = ada.reply(&reply, "thanks").await;
    assert_eq!((thread(&second), second.rev), ((Some(2), Some(1), 0), 3), "the root of a thread has no root");
    assert_eq!((ada.read(1).await.replies, ada.read(2).await), (2, reply));
    assert_eq!(bob.refused(new_post("to nothing", Some(9))).await, Refusal::NoSuchMessage);
}

pub async fn a_deleted_reply_does_not_count(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let root = ada.post("question").await;
    let reply = bob.reply(&root, "answer").await;
    bob.reply(&reply, "more").await;
    let deleted = bob.change(Action::Delete { seq: 2 }).await;
    assert_eq!((thread(&deleted), deleted.rev), ((Some(1), Some(1), 0), 4));
    let counted = ada.read(1).await;
    assert_eq!((counted.replies, counted.rev), (1, 4));
    bob.repeat(Action::Delete { seq: 2 }).await;
    ada.change(Action::Delete { seq: 1 }).await;
    bob.change(Action::Delete { seq: 3 }).await;
    let root = ada.read(1).await;
    assert_eq!((root.replies, root.rev, root.is_deleted()), (0, 6, true), "a deleted root counts on");
}

pub async fn a_chunk_never_splits_a_change(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let root = ada.post("question").await;
    bob.post("something else").await;
    let reply = bob.reply(&root, "answer").await;
    bob.post("more").await;
    for (after, limit, expected, has_more) in [
        (0, 1, vec![2], true),
        (0, 2, vec![2, 3, 3], true),
        (2, 1, vec![3, 3], true),
        (2, 2, vec![3, 3], true),
        (2, 3, vec![3, 3, 4], false),
        (3, 1, vec![4], false),
    ] {
        let chunk = ada.after(after, limit).await;
        assert_eq!((revs(&chunk.messages), chunk.has_more), (expected, has_more), "{after} {limit}");
    }
    assert_eq!(seqs(&ada.after(2, 1).await.messages), [1, 3], "in order of seq within a change");
    bob.change(Action::Delete { seq: reply.id.seq }).await;
    let deleted = ada.after(4, 1).await;
    assert_eq!((revs(&deleted.messages), deleted.has_more), (vec![5, 5], false));
    assert_eq!(revs(&ada.after(0, 10).await.messages), [2, 4, 5, 5]);
}
