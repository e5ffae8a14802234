//! Deletions of messages.

use natter::domain::{Action, Content, rules::Refusal};

use crate::{
    members::{in_lobby, new_post, react},
    support::{TestDatabase, seqs},
};

pub async fn a_deletion_keeps_only_the_place(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let posted = ada.post("first").await;
    let edited = ada.edit(&posted, "second").await;
    bob.change(react(&edited, "👍")).await;
    bob.change(Action::Pin { seq: 1 }).await;
    let deleted = ada.change(Action::Delete { seq: 1 }).await;
    assert_eq!((deleted.id.seq, deleted.rev, deleted.text_rev), (1, 5, 5));
    assert_eq!(deleted.content, Content::Text(None));
    assert_eq!((deleted.edited_at, deleted.pinned_at, deleted.reactions.len()), (None, None, 0));
    assert_eq!(bob.read(1).await, deleted);
    assert_eq!(bob.after(0, 10).await.messages, std::slice::from_ref(&deleted));
    assert_eq!(ada.repeat(Action::Delete { seq: 1 }).await, deleted);
    for action in [react(&deleted, "👍"), Action::Pin { seq: 1 }, new_post("to nobody", Some(1))] {
        assert_eq!(bob.refused(action).await, Refusal::Deleted);
    }
    assert_eq!(bob.post("next").await.id.seq, 2, "its seq stays taken");
}

pub async fn authors_and_admins_delete(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    for _ in 0..2 {
        bob.post("hello").await;
    }
    assert_eq!(cyd.refused(Action::Delete { seq: 1 }).await, Refusal::NotAllowed);
    assert_eq!(cyd.refused(Action::Delete { seq: 3 }).await, Refusal::NoSuchMessage);
    bob.change(Action::Delete { seq: 1 }).await;
    let by_admin = ada.change(Action::Delete { seq: 2 }).await;
    assert_eq!(by_admin.author_key, bob.user.key);
    assert_eq!(seqs(&cyd.log().await), [1, 2]);
}
