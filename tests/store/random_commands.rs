//! Many writers with random commands: what is stored is what the rules make of the acknowledged commands.

use std::{collections::BTreeMap, sync::Arc};

use natter::{
    domain::{
        Action, ClientId, Command, MemberRole, MentionedUser, Message, Post, RoomAction, RoomKind, RoomName, UserKey,
    },
    store::Error,
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngSeed, TestRunner},
};

use crate::{
    fold::Fold,
    members::{Member, emoji, in_lobby},
    support::{TestDatabase, revs, seqs, text},
};

const TASKS: usize = 6;
const COMMANDS: usize = 60;

/// A command of a user who knows that the room has about `seqs` messages.
fn action(seqs: u64, users: Vec<UserKey>) -> impl Strategy<Value = Action> {
    let seq = 1..=seqs;
    let emoji = prop::sample::select(["👍", "❤️", "🎉"].as_slice()).prop_map(emoji);
    let words = prop_oneof!["[ab]{1,2}", "@(ada|BOB|cyd|Dan|room|nobody) @(eve|fay|here|bob)\\."];
    let words = words.prop_map(|words| text(&words));
    let user = prop::sample::select(users);
    let role = prop::sample::select([MemberRole::Owner, MemberRole::Member].as_slice());
    let client = "[a-z]{3}".prop_map(|client| ClientId::parse(&client).unwrap());
    let post = |(client, text, reply_to)| Action::Post(Post { client, text, reply_to, files: Vec::new() });
    let in_room = prop_oneof![
        user.clone().prop_map(RoomAction::Add),
        user.clone().prop_map(RoomAction::Add),
        user.clone().prop_map(RoomAction::Remove),
        Just(RoomAction::Leave),
        (user, role).prop_map(|(user, role)| RoomAction::SetRole(user, role)),
        "[AB]".prop_map(|name| RoomAction::Rename(RoomName::parse(&name).unwrap())),
        Just(RoomAction::Open),
        Just(RoomAction::Close),
    ];
    prop_oneof![
        4 => (client, words.clone(), prop::option::of(seq.clone())).prop_map(post),
        2 => (seq.clone(), 1..=seqs, words).prop_map(|(seq, text_rev, text)| Action::Edit { seq, text_rev, text }),
        2 => seq.clone().prop_map(|seq| Action::Delete { seq }),
        4 => (seq.clone(), emoji.clone()).prop_map(|(seq, emoji)| Action::React { seq, emoji }),
        2 => (seq.clone(), emoji).prop_map(|(seq, emoji)| Action::Unreact { seq, emoji }),
        1 => seq.clone().prop_map(|seq| Action::Pin { seq }),
        1 => seq.prop_map(|seq| Action::Unpin { seq }),
        3 => in_room.prop_map(Action::Room),
    ]
}

/// Gives random commands; returns those that changed the room, by the number of the change.
async fn give_commands(member: Member, users: Vec<UserKey>, seed: u64) -> Vec<(u64, UserKey, Command, Message)> {
    let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(seed), ..Config::default() });
    let mut done = Vec::new();
    let mut seqs = 5;
    for _ in 0..COMMANDS {
        let mut action = action(seqs, users.clone()).new_tree(&mut runner).unwrap().current();
        if let Action::Edit { seq, text_rev, .. } = &mut action
            && let Ok(Some(message)) = member.store.message(&member.access, *seq).await
        {
            // half of the edits are based on the latest text
            *text_rev = if *text_rev % 2 == 0 { message.text_rev } else { *text_rev };
        }
        let command = Command::new(action);
        match member.store.change(&member.access, command.clone()).await {
            Ok(changed) => {
                seqs = seqs.max(changed.message.id.seq);
                if !changed.repeat {
                    done.push((changed.message.rev, member.user.key, command, changed.message));
                }
            }
            Err(Error::Refused(_) | Error::NoSuchRoom | Error::Unchanged) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    done
}

pub async fn the_state_is_the_fold_of_the_acknowledged_commands(database: &TestDatabase) {
    let names = ["ada", "bob", "cyd", "dan", "eve", "fay"];
    let users: [Member; TASKS] = in_lobby(database, names).await;
    let keys: Vec<_> = users.iter().map(|user| user.user.key).collect();
    let [ada, bob, others @ ..] = &users;
    let bobs = bob.create(RoomKind::Closed, &others.iter().chain([ada]).collect::<Vec<_>>()).await;
    let room = bobs.store.room(&bobs.access).await.unwrap();
    let account = |member: &Member| MentionedUser { key: member.user.key, user_id: member.user.user_id.to_string() };
    let accounts = users.iter().map(account).collect();
    let mut fold = Fold::new(room, bobs.store.members(&bobs.access).await.unwrap(), accounts);
    let mut tasks = Vec::new();
    for (seed, user) in users.iter().enumerate() {
        let member = user.enter(bobs.room()).await.unwrap();
        tasks.push(tokio::spawn(give_commands(member, keys.clone(), seed as u64)));
    }
    let mut acknowledged = BTreeMap::new();
    for task in tasks {
        for (rev, user, command, message) in task.await.unwrap() {
            assert!(acknowledged.insert(rev, (user, command, message)).is_none(), "{rev} was given twice");
        }
    }
    let head = bobs.head().await;
    assert!(head > 50, "{head}: hardly anything happened");
    assert!(acknowledged.keys().copied().eq(1..=head), "no number is left out");
    for (rev, (user, command, message)) in acknowledged {
        let change = fold.apply(user, user == ada.user.key, &command).unwrap().unwrap();
        assert_eq!((change.message.rev, &change.message), (rev, &Message { author: None, subject: None, ..message }));
    }
    let mut log = bobs.log().await;
    assert!(revs(&log).is_sorted());
    log.sort_by_key(|message| message.id.seq);
    let log: Vec<_> = log.into_iter().map(|message| Message { author: None, subject: None, ..message }).collect();
    assert_eq!(log, fold.messages);
    check_mentions(&users, &bobs, &fold).await;
    fold.members.sort_by_key(|member| (member.joined_at, member.user));
    assert_eq!(bobs.store.members(&bobs.access).await.unwrap(), fold.members);
    assert_eq!(bobs.store.room(&bobs.access).await.unwrap(), fold.room);
}

/// What is unread of mentions, and the lists of them, are those of the fold.
async fn check_mentions(users: &[Member], room: &Member, fold: &Fold) {
    let summaries = |user: &Member| {
        let (store, user, room) = (Arc::clone(&user.store), user.user.clone(), room.room().clone());
        async move { store.summaries(&user, &[room]).await.unwrap().pop() }
    };
    let mut mentioned = 0;
    for user in users {
        let Some(membership) = fold.members.iter().find(|member| member.user == user.user.key) else { continue };
        let summary = summaries(user).await.unwrap();
        let mark = summary.own.unwrap().mark.seq;
        let of_others = fold.messages.iter().filter(|message| message.author_key != user.user.key);
        let concerning: Vec<_> = of_others.filter(|message| message.mentions.concern(user.user.key)).collect();
        mentioned += concerning.len();
        assert_eq!(summary.mentions, concerning.iter().filter(|message| message.id.seq > mark).count() as u64);
        let is_listed =
            |message: &&&Message| message.mentions.names(user.user.key) || message.sent_at >= membership.joined_at;
        let mut expected: Vec<_> = concerning.iter().filter(is_listed).map(|message| message.id.seq).collect();
        let mut listed = seqs(&user.mentions(1000).await);
        expected.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, expected, "of {}", user.user.user_id);
    }
    assert!(mentioned > 10, "{mentioned}: hardly anybody is mentioned");
}
