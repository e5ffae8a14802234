//! Any interleaving of changes, disconnects and catch-ups shows every reader the same log, and every page its user's
//! own reactions.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use natter_test_support::ReplicaSet;
use proptest::{
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

use super::seen::{Seen, Shown};
use crate::support::{Answer, Browser, KnownReactions, Natter, Process, Script, Socket, new_user, password_of};

/// The first two read by pages, the third by a script's socket, the fourth by requests only.
const USERS: [&str; 4] = ["ada", "bob", "cyd", "dee"];
const PAGES: usize = 2;
const SOCKETS: usize = 3;
const EMOJI: [&str; 2] = ["👍", "❤️"];
/// What texts end with.
const ENDINGS: [&str; 6] = ["", "", "", " @ada", " @bob and @cyd", " @room"];

/// A change of the log. A number selects one of the messages posted so far, a text is the end of the new one.
#[derive(Debug, Clone)]
enum Change {
    Post(&'static str),
    Reply(usize, &'static str),
    Edit(usize, &'static str),
    Delete(usize),
    React(usize, &'static str),
    TakeBack(usize, &'static str),
    Pin(usize),
    Unpin(usize),
}

#[derive(Debug, Clone)]
enum Step {
    /// A user changes the log over the API.
    Change(usize, Change),
    /// A reader posts over the socket, if it is open.
    Send(usize, &'static str),
    /// A reader's connection breaks.
    Disconnect(usize),
    /// A reader connects again from the last change it has received.
    Reconnect(usize),
    /// A reader without a connection catches up by a request.
    Poll(usize),
    /// All users make this change at once.
    AllChange(Change),
    /// All connections break, and all servers start again. Who comes back reads from the database.
    Restart,
}

fn change() -> impl Strategy<Value = Change> {
    let which = || 0..1000_usize;
    let (emoji, ending) = (|| select(&EMOJI[..]), || select(&ENDINGS[..]));
    prop_oneof![
        4 => ending().prop_map(Change::Post),
        2 => (which(), ending()).prop_map(|(which, ending)| Change::Reply(which, ending)),
        2 => (which(), ending()).prop_map(|(which, ending)| Change::Edit(which, ending)),
        1 => which().prop_map(Change::Delete),
        3 => (which(), emoji()).prop_map(|(which, emoji)| Change::React(which, emoji)),
        2 => (which(), emoji()).prop_map(|(which, emoji)| Change::TakeBack(which, emoji)),
        1 => which().prop_map(Change::Pin),
        1 => which().prop_map(Change::Unpin),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = 0..SOCKETS;
    let step = prop_oneof![
        8 => (0..USERS.len(), change()).prop_map(|(who, change)| Step::Change(who, change)),
        2 => (who.clone(), select(&ENDINGS[..])).prop_map(|(who, ending)| Step::Send(who, ending)),
        3 => who.clone().prop_map(Step::Disconnect),
        3 => who.prop_map(Step::Reconnect),
        2 => (0..USERS.len()).prop_map(Step::Poll),
        2 => change().prop_map(Step::AllChange),
        1 => Just(Step::Restart),
    ];
    // at the end everybody has missed own reactions
    let react = |which| Step::AllChange(Change::React(which, EMOJI[0]));
    let end = [Step::Disconnect(0), Step::Disconnect(1), react(0), react(1), react(2), Step::Restart];
    prop::collection::vec(step, 1..40).prop_map(move |steps| [&steps[..], &end].concat())
}

/// What the users use.
enum Servers {
    Embedded(Box<Natter>),
    /// Processes on one database.
    OnMongo(Vec<Process>),
}

impl Servers {
    fn addresses(&self) -> Vec<SocketAddr> {
        match self {
            Self::Embedded(natter) => vec![natter.address],
            Self::OnMongo(processes) => processes.iter().map(|process| process.address).collect(),
        }
    }

    /// Processes on MongoDB go on: `faults` kills them.
    async fn restart(&mut self) {
        if let Self::Embedded(natter) = self {
            natter.restart().await;
        }
    }
}

/// What a user reads with, beside requests.
enum Client {
    /// The socket of a page.
    Page(Browser),
    /// The socket of a script, which is not told whose reactions it missed.
    Script,
    Nothing,
}

/// A user who reads the log and keeps what was read.
struct Reader {
    script: Script,
    client: Client,
    socket: Option<Socket>,
    read: Vec<Seen>,
    reactions: KnownReactions,
}

impl Reader {
    /// Signs the `n`th user up; returns the reader and the user's tag.
    async fn sign_up(n: usize, server: SocketAddr) -> (Self, String) {
        let user_id = USERS[n];
        let script = Script::new(server);
        script.post("/api/users", new_user(user_id)).await.is(201);
        let script = script.log_in(user_id, &password_of(user_id)).await;
        let browser = Browser::new(server);
        browser.log_in(user_id).await;
        let tag = browser.visit("/rooms/lobby").await.attribute("body", "data-me");
        let (read, reactions) = (Vec::new(), KnownReactions::default());
        let client = match n {
            ..PAGES => Client::Page(browser),
            PAGES..SOCKETS => Client::Script,
            _ => Client::Nothing,
        };
        (Self { script, client, socket: None, read, reactions }, tag)
    }

    fn last(&self) -> u64 {
        let latest = self.socket.as_ref().and_then(|socket| socket.fragments.last());
        latest.map(|fragment| fragment.rev).or(self.read.last().map(|seen| seen.rev)).unwrap_or(0)
    }

    fn disconnect(&mut self) {
        let Some(socket) = self.socket.take() else { return };
        self.read.extend(socket.fragments.into_iter().map(Seen::live));
        self.reactions.extend(socket.reactions);
    }

    async fn reconnect(&mut self) {
        if self.socket.is_none() {
            let query = format!("?after={}&returning=true", self.last());
            self.socket = match &self.client {
                Client::Page(browser) => Some(Socket::open_in(browser, &query).await),
                Client::Script => Some(Socket::open(&self.script, &query).await),
                Client::Nothing => None,
            };
        }
    }

    /// Reads what is missing up to the `rev` `head`, the end of the log.
    async fn read_to(&mut self, head: u64, tags: &BTreeMap<&str, String>) {
        self.reconnect().await;
        if self.last() < head {
            match &mut self.socket {
                Some(socket) => drop(socket.sees_rev(head).await),
                None => self.poll(tags).await,
            }
        }
        self.disconnect();
    }

    async fn poll(&mut self, tags: &BTreeMap<&str, String>) {
        if self.socket.is_none() {
            for message in self.script.reads_after(self.last(), 3).await {
                self.read.push(Seen::read(&message, tags));
                let mine = message["reactions"].as_array().unwrap().iter().filter(|reaction| reaction["mine"] == true);
                let mine: Vec<_> = mine.map(|reaction| &reaction["emoji"]).collect();
                self.reactions.note_own(&json!({ "own": [[message["seq"], message["rev"], mine]] }));
            }
        }
    }
}

/// Makes a change; `posts` is the number of messages before it. It may be refused, but only by the rules.
async fn make(script: &Script, change: &Change, text: &str, posts: u64) -> Answer {
    let seq = |which: &usize| 1 + *which as u64 % posts.max(1);
    let post = |ending: &str, reply_to| json!({ "message": format!("{text}{ending}"), "replyTo": reply_to });
    let path = |which: &usize, rest: &str| format!("/api/rooms/lobby/messages/{}{rest}", seq(which));
    let answer = match change {
        Change::Post(ending) => script.post("/api/messages", post(ending, None)).await,
        Change::Reply(to, ending) => script.post("/api/messages", post(ending, Some(seq(to)))).await,
        Change::Edit(which, ending) => {
            let text_rev = script.get(&path(which, "")).await.json["textRev"].as_u64().unwrap_or(1);
            script.edits(seq(which), text_rev, &format!("{text}{ending}")).await
        }
        Change::Delete(which) => script.deletes(seq(which)).await,
        Change::React(which, emoji) => script.reacts(seq(which), emoji).await,
        Change::TakeBack(which, emoji) => script.takes_back(seq(which), emoji).await,
        Change::Pin(which) => Answer::of(script.request(Method::PUT, &path(which, "/pin")).send().await.unwrap()).await,
        Change::Unpin(which) => script.delete(&path(which, "/pin")).await,
    };
    assert!([200, 201, 204, 403, 404, 409, 410].contains(&answer.status), "{change:?}: {}", answer.text);
    answer
}

/// Takes the steps and compares what everybody has read then. The users are spread over the servers.
async fn run_steps(mut servers: Servers, steps: Vec<Step>) {
    let addresses = servers.addresses();
    let (mut readers, mut tags) = (Vec::new(), BTreeMap::new());
    for (n, user_id) in USERS.into_iter().enumerate() {
        let (reader, tag) = Reader::sign_up(n, addresses[n % addresses.len()]).await;
        readers.push(reader);
        tags.insert(user_id, tag);
    }
    for reader in &mut readers[..SOCKETS] {
        reader.reconnect().await;
    }
    let mut posts = 0;
    // by `seq`: the `textRev` and the text of the latest acknowledged change of it
    let mut acknowledged: BTreeMap<u64, (u64, String)> = BTreeMap::new();
    for (number, step) in steps.into_iter().enumerate() {
        let text = format!("step **{number}**");
        let mut answers = Vec::new();
        match step {
            Step::Change(who, change) => answers.push(make(&readers[who].script, &change, &text, posts).await),
            Step::Send(who, ending) => {
                if let Some(socket) = &mut readers[who].socket {
                    let text = text + ending;
                    let answer = socket.says(&text).await;
                    acknowledged.insert(answer["seq"].as_u64().unwrap(), (answer["rev"].as_u64().unwrap(), text));
                }
            }
            Step::Restart => {
                readers.iter_mut().for_each(Reader::disconnect);
                servers.restart().await;
            }
            Step::Disconnect(who) => readers[who].disconnect(),
            Step::Reconnect(who) => readers[who].reconnect().await,
            Step::Poll(who) => readers[who].poll(&tags).await,
            Step::AllChange(change) => {
                let texts: Vec<_> = (0..8).map(|n| format!("{text}, {n}")).collect();
                let readers = readers.iter().cycle();
                let changes = readers.zip(&texts).map(|(reader, text)| make(&reader.script, &change, text, posts));
                answers.extend(futures_util::future::join_all(changes.collect::<Vec<_>>()).await);
            }
        }
        for answer in answers.iter().filter(|answer| answer.json["message"].is_string() && answer.status < 300) {
            let text = answer.json["message"].as_str().unwrap().to_owned();
            let entry = acknowledged.entry(answer.json["seq"].as_u64().unwrap()).or_default();
            *entry = entry.clone().max((answer.json["textRev"].as_u64().unwrap(), text));
        }
        posts = acknowledged.len() as u64;
    }
    let log = readers[0].script.reads_after(0, 500).await;
    assert_eq!(log.iter().map(|message| message["seq"].as_u64().unwrap()).collect::<BTreeSet<_>>().len(), log.len());
    assert_eq!(log.len(), acknowledged.len(), "every message that was posted, once");
    for message in &log {
        let (text_rev, text) = &acknowledged[&message["seq"].as_u64().unwrap()];
        let is_later = message["textRev"].as_u64().unwrap() > *text_rev; // only a deletion has no text to record
        assert!(if is_later { message["message"].is_null() } else { message["message"] == text.as_str() }, "{message}");
    }
    let log: Vec<Seen> = log.iter().map(|message| Seen::read(message, &tags)).collect();
    for (reader, user_id) in readers.iter_mut().zip(USERS) {
        reader.read_to(log.last().map_or(0, |seen| seen.rev), &tags).await;
        check(user_id, &reader.read, &log);
        if !matches!(reader.client, Client::Script) {
            check_own_reactions(user_id, reader, &tags[user_id]).await;
        }
    }
}

/// Asserts that what was read is in order, and complete: each message in its latest state.
fn check(user_id: &str, read: &[Seen], log: &[Seen]) {
    assert!(read.is_sorted_by_key(|seen| seen.rev), "{user_id}: {read:?}");
    let numbers: BTreeSet<_> = read.iter().map(|seen| (seen.rev, seen.seq)).collect();
    assert_eq!(numbers.len(), read.len(), "{user_id} read something twice: {read:?}");
    let latest: BTreeMap<u64, &Seen> = read.iter().map(|seen| (seen.seq, seen)).collect();
    for expected in log {
        assert_eq!(latest.get(&expected.seq).copied(), Some(expected), "{user_id}");
    }
    assert_eq!(latest.len(), log.len(), "{user_id}");
}

/// Asserts that the reader knows which of the reactions that are shown are the user's own.
async fn check_own_reactions(user_id: &str, reader: &Reader, tag: &str) {
    for message in reader.script.reads_after(0, 500).await {
        let seq = message["seq"].as_u64().unwrap();
        let states: Vec<_> = reader.read.iter().filter(|seen| seen.seq == seq).collect();
        for reaction in message["reactions"].as_array().unwrap() {
            let emoji = reaction["emoji"].as_str().unwrap();
            // who sees that nobody gives it knows that the user does not
            let is_without = |shown: &Shown| shown.reactions.iter().all(|(given, _)| given != emoji);
            let without = states.iter().filter(|seen| seen.shown.as_ref().is_some_and(is_without));
            let without = without.map(|seen| seen.rev).max().unwrap_or(0);
            let is_own = reader.reactions.is_own(seq, emoji, tag, without);
            assert_eq!(Value::from(is_own), reaction["mine"], "{user_id}, {emoji}: {message}, {:?}", reader.reactions);
        }
    }
}

/// Runs `test` with several random sequences of steps.
fn for_many_steps(cases: u32, runtime: &Runtime, test: impl AsyncFn(Vec<Step>)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&steps(), |steps| {
        runtime.block_on(test(steps));
        Ok(())
    });
    result.unwrap_or_else(|why| panic!("{why}"));
}

#[test]
fn every_reader_receives_the_same_sequence() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    for_many_steps(16, &runtime, async |steps| {
        run_steps(Servers::Embedded(Box::new(Natter::unlimited().await)), steps).await;
    });
}

#[test]
fn every_reader_at_two_processes_receives_the_same_sequence() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let set = runtime.block_on(ReplicaSet::of_one());
    for_many_steps(4, &runtime, async |steps| {
        let (url, here) = (set.url(&format!("run{}", Uuid::new_v4().simple())), tempdir().unwrap());
        let processes = ["first", "second"].map(|name| {
            let directory = here.path().join(name);
            std::fs::create_dir(&directory).unwrap();
            Process::start(&directory, &["--rate-limits", "off", "--database", &url])
        });
        run_steps(Servers::OnMongo(processes.into()), steps).await;
    });
}
