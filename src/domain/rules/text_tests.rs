//! The rules for messages, one by one.

use super::{
    Refusal,
    world::{ADMIN, OWNER, World, edit, emoji, post, react, text, user},
};
use crate::domain::{Action, ClientId, Content, Message, Post, RoomAction, RoomKind, Timestamp, mention::Everyone};

fn open() -> World {
    World::new(RoomKind::Open)
}

#[test]
fn a_post_takes_the_next_numbers() {
    let mut world = open();
    let first = world.post(2);
    assert_eq!((first.id.seq, first.rev, first.text_rev, first.room_texts, first.author_texts), (1, 1, 1, 1, 1));
    assert_eq!((first.author_key, first.text(), first.sent_at), (user(2), Some("hello"), Timestamp(1)));
    world.change(2, react(1, "👍"));
    world.change(OWNER, Action::Room(RoomAction::Remove(user(3))));
    let second = world.post(OWNER);
    assert_eq!(
        (second.id.seq, second.rev, second.room_texts, second.author_texts),
        (3, 4, 2, 1),
        "a notice is no text"
    );
    world.change(2, Action::Delete { seq: 1 });
    let third = world.post(2);
    assert_eq!((third.id.seq, third.rev, third.room_texts, third.author_texts), (4, 6, 3, 2), "a deleted text counts");
}

#[test]
fn a_reply_is_counted_at_the_root_of_its_thread() {
    let mut world = open();
    world.post(2);
    let change = world.give(3, post(Some(1))).unwrap().unwrap();
    assert_eq!((change.message.reply_to, change.message.root, change.message.rev), (Some(1), Some(1), 2));
    let root = change.root.unwrap();
    assert_eq!((root.id.seq, root.replies, root.rev, root.text_rev), (1, 1, 2, 1));
    let nested = world.change(2, post(Some(2)));
    assert_eq!((nested.reply_to, nested.root), (Some(2), Some(1)));
    assert_eq!((world.messages[0].replies, world.messages[1].replies, world.messages[1].rev), (2, 0, 2));
    world.change(2, Action::Delete { seq: 1 });
    let change = world.give(3, Action::Delete { seq: 2 }).unwrap().unwrap();
    assert_eq!((change.message.rev, change.root.unwrap().replies), (5, 1), "a deleted root is counted too");
    assert_eq!(world.give(2, post(Some(1))), Err(Refusal::Deleted));
    assert_eq!(world.give(2, post(Some(9))), Err(Refusal::NoSuchMessage));
    world.post(2);
    let alone = world.give(2, Action::Delete { seq: 4 }).unwrap().unwrap();
    assert_eq!(alone.root, None, "a message without a thread has no root");
}

#[test]
fn an_edit_is_based_on_the_latest_text() {
    let mut world = open();
    let posted = world.post(2);
    world.change(3, react(1, "👍"));
    let edited = world.change(2, edit(&posted, "better"));
    assert_eq!((edited.rev, edited.text_rev, edited.text()), (3, 3, Some("better")));
    assert_eq!((edited.edited_at, edited.sent_at, edited.reactions.len()), (Some(Timestamp(3)), Timestamp(1), 1));
    assert_eq!(world.give(2, edit(&posted, "other")), Err(Refusal::Stale(Box::new(edited.clone()))));
    assert_eq!(world.give(2, edit(&posted, "better")), Ok(None), "a repeat, although it is stale");
    for by in [3, OWNER, ADMIN] {
        assert_eq!(world.give(by, edit(&edited, "theirs")), Err(Refusal::NotAllowed));
    }
    let deleted = world.change(2, Action::Delete { seq: 1 });
    assert_eq!(world.give(2, edit(&deleted, "back")), Err(Refusal::Deleted));
    let unknown = Action::Edit { seq: 2, text_rev: 1, text: text("nothing") };
    assert_eq!(world.give(2, unknown), Err(Refusal::NoSuchMessage));
}

#[test]
fn a_deletion_leaves_only_the_place() {
    let mut world = open();
    let posted = world.post(2);
    world.change(2, edit(&posted, "better"));
    world.change(3, react(1, "👍"));
    world.change(3, Action::Pin { seq: 1 });
    let deleted = world.change(2, Action::Delete { seq: 1 });
    let expected = Message { rev: 5, text_rev: 5, content: Content::Text(None), ..posted };
    assert_eq!(deleted, expected);
    assert_eq!(world.give(2, Action::Delete { seq: 1 }), Ok(None));
}

#[test]
fn authors_owners_and_admins_of_open_rooms_delete() {
    for (kind, by, expected) in [
        (RoomKind::Open, 2, Ok(())),
        (RoomKind::Open, 3, Err(Refusal::NotAllowed)),
        (RoomKind::Open, 4, Err(Refusal::NotAllowed)),
        (RoomKind::Open, OWNER, Ok(())),
        (RoomKind::Open, ADMIN, Ok(())),
        (RoomKind::Closed, OWNER, Ok(())),
        (RoomKind::Closed, 4, Err(Refusal::NoSuchRoom)),
        (RoomKind::Closed, ADMIN, Err(Refusal::NoSuchRoom)),
    ] {
        let mut world = World::new(kind);
        world.post(2);
        assert_eq!(world.give(by, Action::Delete { seq: 1 }).map(|change| change.map(drop).unwrap()), expected);
    }
    let mut closed = World::new(RoomKind::Closed);
    closed.post(2);
    closed.change(OWNER, Action::Room(RoomAction::Add(user(ADMIN))));
    assert_eq!(closed.give(ADMIN, Action::Delete { seq: 1 }), Err(Refusal::NotAllowed), "an admin is a member there");
    assert_eq!(closed.give(OWNER, Action::Delete { seq: 9 }), Err(Refusal::NoSuchMessage));
}

#[test]
fn a_removal_of_an_account_needs_no_right() {
    let mut world = World::new(RoomKind::Closed);
    world.post(2);
    world.change(OWNER, Action::Room(RoomAction::Remove(user(2))));
    world.change(OWNER, Action::Room(RoomAction::Archive));
    let delete = Action::Delete { seq: 1 };
    assert_eq!(world.ask(2, &delete, false), Err(Refusal::NoSuchRoom));
    let change = world.ask(2, &delete, true).unwrap().unwrap();
    assert!(change.message.is_deleted());
}

#[test]
fn a_user_gives_each_emoji_once() {
    let mut world = open();
    world.post(2);
    let unreact = |given| Action::Unreact { seq: 1, emoji: emoji(given) };
    assert_eq!(world.give(3, unreact("👍")), Ok(None));
    for (by, given) in [(3, "👍"), (2, "❤️"), (2, "👍"), (2, "🎉")] {
        world.change(by, react(1, given));
        assert_eq!(world.give(by, react(1, given)), Ok(None));
    }
    let given = |message: &Message| {
        let reactions = message.reactions.iter();
        reactions.map(|reaction| (reaction.emoji.as_str().to_owned(), reaction.users.clone())).collect::<Vec<_>>()
    };
    let own = |sign: &str, users: &[u128]| (sign.to_owned(), users.iter().copied().map(user).collect::<Vec<_>>());
    assert_eq!(given(&world.messages[0]), [own("👍", &[3, 2]), own("❤️", &[2]), own("🎉", &[2])]);
    assert_eq!(world.give(3, unreact("❤️")), Ok(None), "it is not theirs");
    world.change(2, unreact("❤️"));
    let less = world.change(3, unreact("👍"));
    assert_eq!(given(&less), [own("👍", &[2]), own("🎉", &[2])]);
    assert_eq!(less.text_rev, 1);
}

#[test]
fn a_message_has_at_most_twenty_emoji() {
    let mut world = open();
    world.post(2);
    for given in "😀😁😂🤣😃😄😅😆😉😊😋😎😍😘🥰😗😙😚🙂🤗".chars() {
        world.change(2, react(1, &given.to_string()));
    }
    assert_eq!(world.give(3, react(1, "🤩")), Err(Refusal::TooManyEmoji));
    world.change(3, react(1, "🤗"));
}

#[test]
fn a_message_is_pinned_once() {
    let mut world = open();
    world.post(2);
    assert_eq!(world.give(3, Action::Unpin { seq: 1 }), Ok(None));
    let pinned = world.change(3, Action::Pin { seq: 1 });
    assert_eq!((pinned.pinned_at, pinned.rev, pinned.text_rev), (Some(Timestamp(2)), 2, 1));
    assert_eq!(world.give(2, Action::Pin { seq: 1 }), Ok(None));
    assert_eq!(world.give(4, Action::Unpin { seq: 1 }), Err(Refusal::NotJoined), "who is no member");
    assert_eq!(world.change(2, Action::Unpin { seq: 1 }).pinned_at, None);
}

#[test]
fn what_is_no_text_cannot_be_changed() {
    let mut world = open();
    world.post(2);
    world.change(2, Action::Delete { seq: 1 });
    world.change(OWNER, Action::Room(RoomAction::Archive));
    world.change(OWNER, Action::Room(RoomAction::Unarchive));
    for (seq, refusal) in [(1, Refusal::Deleted), (2, Refusal::IsNotice), (9, Refusal::NoSuchMessage)] {
        let unreact = Action::Unreact { seq, emoji: emoji("👍") };
        let edit = Action::Edit { seq, text_rev: 1, text: text("other") };
        for action in [react(seq, "👍"), unreact, edit, Action::Pin { seq }, Action::Unpin { seq }, post(Some(seq))] {
            assert_eq!(world.give(OWNER, action), Err(refusal.clone()), "{seq}");
        }
    }
    assert_eq!(world.give(OWNER, Action::Delete { seq: 2 }), Err(Refusal::IsNotice));
}

#[test]
fn a_room_has_at_most_fifty_pins() {
    let mut world = open();
    for seq in 1..=51 {
        world.post(2);
        if seq <= 50 {
            world.change(3, Action::Pin { seq });
        }
    }
    assert_eq!(world.give(3, Action::Pin { seq: 51 }), Err(Refusal::TooManyPins));
    assert_eq!(world.give(3, Action::Pin { seq: 7 }), Ok(None), "it is pinned already");
    world.change(2, Action::Unpin { seq: 7 });
    world.change(3, Action::Pin { seq: 51 });
}

#[test]
fn an_edit_decides_anew_whom_a_text_mentions() {
    let mut world = open();
    let post =
        |what| Action::Post(Post { client: ClientId::generate(), text: text(what), reply_to: None, files: Vec::new() });
    let keys = |message: &Message| message.mentions.users.iter().map(|user| user.key).collect::<Vec<_>>();
    let posted = world.change(2, post("@user3 @user2 @user9 hi"));
    assert_eq!(keys(&posted), [user(3)], "neither the author nor who is no member");
    let edited = world.change(2, edit(&posted, "@user1 @room"));
    assert_eq!((keys(&edited), edited.mentions.everyone), (vec![user(1)], Some(Everyone::Room)));
    assert!(world.change(2, Action::Delete { seq: 1 }).mentions.is_empty());
}

#[test]
fn natter_forgets_the_reactions_and_mentions_of_a_removed_account() {
    let mut world = open();
    let post = Action::Post(Post {
        client: ClientId::generate(),
        text: text("@user3 @user1"),
        reply_to: None,
        files: Vec::new(),
    });
    world.change(2, post);
    for (by, given) in [(3, "👍"), (2, "👍"), (3, "🎉")] {
        world.change(by, react(1, given));
    }
    let forget = Action::Forget { seq: 1 };
    assert_eq!(world.give(3, forget.clone()), Err(Refusal::NotAllowed));
    let change = world.ask(3, &forget, true).unwrap().unwrap();
    world.keep(&change);
    let message = &change.message;
    assert_eq!(
        message.reactions.iter().map(|r| (r.emoji.as_str(), r.users.clone())).collect::<Vec<_>>(),
        [("👍", vec![user(2)])]
    );
    assert_eq!(message.mentions.users.iter().map(|mentioned| mentioned.key).collect::<Vec<_>>(), [user(1)]);
    assert_eq!((message.rev, message.text_rev), (5, 1));
    assert_eq!(world.ask(3, &forget, true), Ok(None));
}
