//! Edits of messages.

use natter::domain::{Action, Message, rules::Refusal};

use crate::{
    members::{edit, in_lobby, react},
    support::TestDatabase,
};

pub async fn an_edit_replaces_the_text(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let posted = ada.post("first").await;
    bob.post("in between").await;
    let edited = ada.edit(&posted, "second").await;
    assert_eq!((edited.id.seq, edited.rev, edited.text_rev), (1, 3, 3));
    assert_eq!((edited.text(), edited.sent_at), (Some("second"), posted.sent_at));
    assert!(edited.edited_at >= Some(posted.sent_at));
    assert_eq!(ada.read(1).await, edited);
    assert_eq!(ada.after(2, 10).await.messages, std::slice::from_ref(&edited));
    let again = ada.edit(&edited, "third").await;
    assert_eq!((again.rev, again.text_rev), (4, 4));
}

pub async fn a_stale_edit_is_refused_with_the_present_message(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    let posted = ada.post("first").await;
    let edited = ada.edit(&posted, "second").await;
    let refusal = ada.refused(edit(&posted, "from another tab")).await;
    assert_eq!(refusal, Refusal::Stale(Box::new(edited)));
}

pub async fn an_edit_to_the_same_text_is_a_repeat(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    let posted = ada.post("first").await;
    let edited = ada.edit(&posted, "second").await;
    assert_eq!(ada.repeat(edit(&posted, "second")).await, edited, "the first answer may be lost");
}

pub async fn a_reaction_makes_no_edit_stale(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let posted = ada.post("first").await;
    let reacted = bob.change(react(&posted, "👍")).await;
    assert_eq!((reacted.rev, reacted.text_rev), (2, 1));
    let edited = ada.edit(&posted, "second").await;
    assert_eq!((edited.text_rev, edited.reactions), (3, reacted.reactions));
}

pub async fn nobody_edits_what_others_wrote(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let posted = bob.post("mine").await;
    assert!(ada.user.is_admin());
    assert_eq!(ada.refused(edit(&posted, "yours")).await, Refusal::NotAllowed);
    let deleted = bob.change(Action::Delete { seq: 1 }).await;
    assert_eq!(bob.refused(edit(&deleted, "back")).await, Refusal::Deleted);
    let unknown = Message { id: natter::domain::MessageId { seq: 9, ..posted.id.clone() }, ..posted };
    assert_eq!(bob.refused(edit(&unknown, "nothing")).await, Refusal::NoSuchMessage);
}
