//! Unread is what is after the mark in the log, after anything that users do.

use futures_util::future::join_all;
use natter::{
    domain::{Action, Message, ReadMark, Reading, RoomAction, RoomKind, rules::Head},
    store::{Error, RoomSummary},
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngSeed, TestRunner},
};

use crate::{
    members::{Member, in_lobby, new_post},
    support::TestDatabase,
};

/// What one of the users does.
#[derive(Debug, Clone)]
enum Step {
    Post(&'static str),
    Delete(u64),
    Read(u64, Option<u64>),
    Unread(u64),
    Join,
    Leave,
    /// Ends the membership of another user.
    Remove(usize),
}

/// What is posted.
const TEXTS: &[&str] = &["hello", "@bob", "@ada and @cyd", "@room", "@here, also @bob"];

fn step() -> impl Strategy<Value = Step> {
    let seq = 0..40_u64;
    prop_oneof![
        8 => prop::sample::select(TEXTS).prop_map(Step::Post),
        4 => seq.clone().prop_map(Step::Delete),
        4 => (seq.clone(), prop::option::of(0..3_u64)).prop_map(|(seq, version)| Step::Read(seq, version)),
        2 => seq.prop_map(Step::Unread),
        1 => Just(Step::Join),
        1 => Just(Step::Leave),
        1 => (0..3_usize).prop_map(Step::Remove),
    ]
}

fn steps(seed: u64, count: usize) -> Vec<(usize, Step)> {
    let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(seed), ..Config::default() });
    prop::collection::vec((0..3_usize, step()), count).new_tree(&mut runner).unwrap().current()
}

/// Three users and an open room that they read, as one of them each.
async fn readers(database: &TestDatabase) -> [Member; 3] {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    // without it, the embedded store keeps no lists of rooms
    assert!(ada.store.events().is_some());
    let room = ada.create(RoomKind::Open, &[&bob]).await;
    let [bobs, cyds] = [bob.enter(room.room()).await.unwrap(), cyd.enter(room.room()).await.unwrap()];
    [room, bobs, cyds]
}

/// The message that the step made, if it made one.
async fn take(users: &[Member; 3], by: usize, step: &Step) -> Option<Message> {
    let user = &users[by];
    let reading = match *step {
        Step::Read(seq, version) => Some(Reading::Read { seq, version }),
        Step::Unread(seq) => Some(Reading::Unread { seq, version: None }),
        _ => None,
    };
    if let Some(reading) = reading {
        let read = user.store.read(&user.access, reading).await;
        assert!(matches!(read, Ok(_) | Err(Error::Refused(_))), "{read:?}");
        return None;
    }
    let action = match *step {
        Step::Delete(seq) => Action::Delete { seq },
        Step::Join => Action::Room(RoomAction::Add(user.user.key)),
        Step::Leave => Action::Room(RoomAction::Leave),
        Step::Remove(other) => Action::Room(RoomAction::Remove(users[other].user.key)),
        Step::Post(what) => new_post(what, None),
        Step::Read(..) | Step::Unread(_) => unreachable!("it is no change"),
    };
    match user.give(action).await {
        Ok(changed) => (!matches!(step, Step::Delete(_))).then_some(changed.message),
        Err(Error::Refused(_) | Error::Unchanged) => None,
        Err(error) => panic!("{error:?}"),
    }
}

/// The numbers of a summary, counted in the whole log. The user's list has the same.
async fn check_counts(user: &Member) -> RoomSummary {
    let (summary, log) = (user.summary().await, user.log().await);
    let list = user.store.rooms_of(&user.user, None, 100).await.unwrap();
    let listed = list.into_iter().find(|listed| listed.room.id == summary.room.id);
    assert_eq!(listed, summary.own.map(|_| summary.clone()));
    let is_own = |author| author == user.user.key;
    let texts = log.iter().filter(|message| message.text().is_some() || message.is_deleted());
    let own = texts.clone().filter(|message| is_own(message.author_key)).count();
    assert_eq!((summary.head.texts, summary.own_texts), (texts.count() as u64, own as u64));
    let is_unread = |m: &&Message| {
        summary.own.is_some_and(|own| m.seq() > own.mark.seq) && m.text().is_some() && !is_own(m.author_key)
    };
    let unread = log.iter().filter(is_unread).count();
    let mentions = log.iter().filter(is_unread).filter(|m| m.mentions.concern(user.user.key)).count();
    assert_eq!((summary.unread, summary.mentions), (unread as u64, mentions as u64), "of {}", user.user.user_id);
    summary
}

pub async fn unread_is_what_a_count_of_the_log_finds(database: &TestDatabase) {
    let users = readers(database).await;
    let mut marks: [Option<ReadMark>; 3] = [Some(ReadMark::default()), Some(ReadMark::default()), None];
    for (by, step) in steps(12, 160) {
        let last = users[0].summary().await.head.seq;
        let made = take(&users, by, &step).await;
        let begun = made.as_ref().map(|message| ReadMark::of_new(message.seq(), message.rev));
        match (&step, made.map(|message| message.seq())) {
            (Step::Read(seq, version), _) => {
                marks[by] = marks[by].map(|mark| mark.apply(Reading::Read { seq: *seq, version: *version }, last));
            }
            (Step::Unread(seq), _) => {
                marks[by] = marks[by].map(|mark| mark.apply(Reading::Unread { seq: *seq, version: None }, last));
            }
            (Step::Post(_), Some(seq)) => marks[by] = marks[by].map(|mark| mark.after_own_post(seq)).or(begun),
            (Step::Join, Some(_)) => marks[by] = begun,
            (Step::Leave, Some(_)) => marks[by] = None,
            (Step::Remove(other), Some(_)) => marks[*other] = None,
            _ => {}
        }
        for (user, mark) in users.iter().zip(marks) {
            let summary = check_counts(user).await;
            assert_eq!(summary.own.map(|own| own.mark), mark, "{} after {by}: {step:?}", user.user.user_id);
        }
    }
}

pub async fn unread_is_exact_after_concurrent_changes(database: &TestDatabase) {
    let users = readers(database).await;
    let mut tasks = Vec::new();
    for seed in 0..3 {
        let users = users.clone();
        tasks.push(tokio::spawn(async move {
            for (by, step) in steps(seed, 40) {
                take(&users, by, &step).await;
            }
        }));
    }
    let running = join_all(tasks);
    let mut readings = Vec::new();
    let reading = async {
        loop {
            for user in &users {
                let room = user.access.room().clone();
                let listed = user.store.rooms_of(&user.user, None, 100).await.unwrap();
                let listed = listed.into_iter().filter(|summary| summary.room.id == room);
                let found = user.store.summaries(&user.user, std::slice::from_ref(&room)).await.unwrap();
                let summaries = listed.chain(found).chain([user.summary().await]);
                readings.extend(summaries.map(|summary| (user, summary)));
            }
        }
    };
    tokio::select! {
        ended = running => ended.into_iter().for_each(|task| task.unwrap()),
        () = reading => unreachable!("it has no end"),
    }
    let log = users[0].log().await;
    assert!(readings.iter().any(|(_, summary)| summary.unread > 0 && summary.head.rev < log[log.len() - 1].rev));
    for (user, summary) in readings {
        check_as_of_head(user, &summary, &log);
    }
    for user in &users {
        check_counts(user).await;
    }
}

/// The numbers are those of the log cut at the summary's `rev`.
fn check_as_of_head(user: &Member, summary: &RoomSummary, log: &[Message]) {
    let Head { seq, rev, texts } = summary.head;
    let is_posted = |message: &&Message| message.seq() <= seq;
    for message in log.iter().filter(|message| !message.is_deleted()) {
        assert_eq!(is_posted(&message), message.rev <= rev, "{summary:?}: {message:?}");
    }
    let posted = log.iter().filter(is_posted).filter(|message| message.text().is_some() || message.is_deleted());
    let (own, others): (Vec<_>, Vec<_>) = posted.partition(|message| message.author_key == user.user.key);
    let unread = summary.own.map_or(0, |membership| {
        let is_unread = |message: &&&Message| {
            message.seq() > membership.mark.seq && !(message.is_deleted() && message.text_rev <= rev)
        };
        others.iter().filter(is_unread).count()
    });
    let expected = ((own.len() + others.len()) as u64, own.len() as u64, unread as u64);
    assert_eq!((texts, summary.own_texts, summary.unread), expected, "{summary:?}");
}
