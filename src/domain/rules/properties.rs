//! What holds after any sequence of commands.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{
    Change, Refusal,
    refusal::MAX_EMOJI,
    world::{World, emoji, text, user},
};
use crate::domain::{
    Action, ClientId, Content, MemberRole, Message, Post, RoomAction, RoomId, RoomKind, RoomName, Topic, UserKey,
};

/// More than a message can have.
const EMOJI: &str = "😀😁😂🤣😃😄😅😆😉😊😋😎😍😘🥰😗😙😚🙂🤗🤩🤔";

fn action() -> impl Strategy<Value = Action> {
    let seq = 1..6_u64;
    let emoji = prop::sample::select(EMOJI.chars().collect::<Vec<_>>()).prop_map(|sign| emoji(&sign.to_string()));
    let words = "[ab]".prop_map(|words| text(&words));
    let post = (words.clone(), prop::option::of(seq.clone())).prop_map(|(text, reply_to)| {
        Action::Post(Post { client: ClientId::generate(), text, reply_to, files: Vec::new() })
    });
    let by_user = (0..6_u128).prop_map(user);
    let role = prop::sample::select([MemberRole::Owner, MemberRole::Member].as_slice());
    let in_room = prop_oneof![
        by_user.clone().prop_map(RoomAction::Add),
        by_user.clone().prop_map(RoomAction::Add),
        by_user.clone().prop_map(RoomAction::Remove),
        Just(RoomAction::Leave),
        (by_user, role).prop_map(|(user, role)| RoomAction::SetRole(user, role)),
        "[AB]".prop_map(|name| RoomAction::Rename(RoomName::parse(&name).unwrap())),
        "[AB]".prop_map(|topic| RoomAction::SetTopic(Topic::parse(&topic).unwrap())),
        Just(RoomAction::Open),
        Just(RoomAction::Close),
        Just(RoomAction::Archive),
        Just(RoomAction::Unarchive),
        Just(RoomAction::Unarchive),
        any::<bool>().prop_map(RoomAction::SetEveryone),
    ];
    prop_oneof![
        4 => post,
        3 => (seq.clone(), any::<u64>(), words).prop_map(|(seq, text_rev, text)| Action::Edit { seq, text_rev, text }),
        1 => seq.clone().prop_map(|seq| Action::Delete { seq }),
        20 => (seq.clone(), emoji.clone()).prop_map(|(seq, emoji)| Action::React { seq, emoji }),
        2 => (seq.clone(), emoji).prop_map(|(seq, emoji)| Action::Unreact { seq, emoji }),
        1 => seq.clone().prop_map(|seq| Action::Pin { seq }),
        1 => seq.prop_map(|seq| Action::Unpin { seq }),
        2 => in_room.prop_map(Action::Room),
    ]
}

fn world() -> impl Strategy<Value = World> {
    prop_oneof![
        Just(World::lobby()),
        prop::sample::select([RoomKind::Open, RoomKind::Closed, RoomKind::Direct].as_slice()).prop_map(World::new),
    ]
}

/// Everything that a change has under its number.
fn takes_only_the_next_number(before: &World, change: &Change) {
    let rev = before.rev + 1;
    let message = &change.message;
    assert_eq!((message.rev, change.is_new), (rev, message.id.seq > before.messages.len() as u64));
    assert!(change.root.iter().all(|root| root.rev == rev && root.id.seq != message.id.seq));
    assert!(change.room.iter().all(|room| room.rev == rev));
    assert!(change.members.iter().filter_map(|(_, member)| member.as_ref()).all(|member| member.rev == rev));
    let texts = |message: Option<&Message>| message.map_or(0, |message| message.room_texts);
    if change.is_new {
        assert_eq!(message.id.seq, before.messages.len() as u64 + 1);
        let is_text = u64::from(matches!(message.content, Content::Text(_)));
        assert_eq!(message.room_texts, texts(before.messages.last()) + is_text);
        let of_author = before.messages.iter().rfind(|other| other.author_key == message.author_key);
        assert_eq!(message.author_texts, of_author.map_or(0, |last| last.author_texts) + is_text);
    }
}

fn changes_no_words_of_others(before: &World, by: UserKey, change: &Change) {
    for message in [&change.message].into_iter().chain(&change.root) {
        let old = before.message(message.id.seq);
        let is_same_text = old.is_some_and(|old| old.content == message.content);
        assert!(is_same_text || message.is_deleted() || message.author_key == by);
        assert_eq!(message.text_rev == message.rev, !is_same_text, "the text's number is that of the text's change");
        if let Some(old) = old {
            assert_eq!(
                (old.author_key, old.sent_at, old.reply_to),
                (message.author_key, message.sent_at, message.reply_to)
            );
            assert_eq!((old.room_texts, old.author_texts), (message.room_texts, message.author_texts));
        }
    }
}

fn is_consistent(world: &World) {
    for message in &world.messages {
        let is_reply = |other: &&Message| other.root == Some(message.id.seq) && !other.is_deleted();
        assert_eq!(message.replies, world.messages.iter().filter(is_reply).count() as u64);
        assert!(message.reactions.len() <= MAX_EMOJI);
        let emoji: BTreeSet<_> = message.reactions.iter().map(|reaction| reaction.emoji.as_str()).collect();
        assert_eq!(emoji.len(), message.reactions.len(), "each emoji once");
        for reaction in &message.reactions {
            let users: BTreeSet<_> = reaction.users.iter().collect();
            assert!(!users.is_empty() && users.len() == reaction.users.len(), "each user once");
        }
        let is_bare = message.reactions.is_empty() && message.pinned_at.is_none() && message.edited_at.is_none();
        assert!(message.text().is_some() || is_bare, "nothing is said about a deleted message or a notice");
        assert!(message.text_rev <= message.rev && message.rev <= world.rev);
    }
    let members: BTreeSet<_> = world.members.iter().map(|member| member.user).collect();
    assert_eq!(members.len(), world.members.len());
    let has_owner = world.members.iter().any(|member| member.role == MemberRole::Owner);
    // who joins an open room that everybody has left is a member; natter's admins manage it
    assert!(has_owner || world.was_empty || world.room.id == RoomId::lobby());
}

proptest! {
    #[test]
    fn the_rules_hold_after_any_commands(
        mut world in world(),
        commands in prop::collection::vec((0..6_u128, any::<bool>(), action()), 1..150),
    ) {
        for (by, is_latest, mut action) in commands {
            if let (Action::Edit { seq, text_rev, .. }, true) = (&mut action, is_latest) {
                *text_rev = world.message(*seq).map_or(0, |message| message.text_rev);
            }
            let before = world.clone();
            match world.give(by, action.clone()) {
                Ok(Some(change)) => {
                    takes_only_the_next_number(&before, &change);
                    changes_no_words_of_others(&before, user(by), &change);
                    if !matches!(action, Action::Post(_)) {
                        let again = world.ask(by, &action, false);
                        prop_assert!(matches!(again, Ok(None) | Err(Refusal::NoSuchRoom | Refusal::Archived | Refusal::NotAllowed)), "{again:?}");
                    }
                }
                Ok(None) | Err(_) => prop_assert_eq!(&before, &world),
            }
            is_consistent(&world);
        }
    }
}
