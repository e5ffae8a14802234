//! Any interleaving of changes, disconnects and catch-ups shows every reader the same log.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{prelude::*, test_runner::Config};
use serde_json::{Value, json};

use crate::support::{Answer, Natter, Person, Script, Socket};

/// A change of the log. A number selects one of the messages posted so far.
#[derive(Debug, Clone)]
enum Change {
    Post,
    Reply(usize),
    Edit(usize),
    Delete(usize),
    React(usize, &'static str),
    TakeBack(usize, &'static str),
}

#[derive(Debug, Clone)]
enum Step {
    /// A reader changes the log over the API.
    Change(usize, Change),
    /// A reader posts over the socket, if it is open.
    Send(usize),
    /// A reader's connection breaks.
    Disconnect(usize),
    /// A reader connects again from the last change it has received.
    Reconnect(usize),
    /// A reader without a connection catches up by a request.
    Poll(usize),
    /// All readers make this change at once.
    AllChange(Change),
}

fn change() -> impl Strategy<Value = Change> {
    let (which, emoji) = (0..1000_usize, prop_oneof![Just("👍"), Just("❤️")]);
    prop_oneof![
        4 => Just(Change::Post),
        2 => which.clone().prop_map(Change::Reply),
        2 => which.clone().prop_map(Change::Edit),
        1 => which.clone().prop_map(Change::Delete),
        2 => (which.clone(), emoji.clone()).prop_map(|(which, emoji)| Change::React(which, emoji)),
        1 => (which, emoji).prop_map(|(which, emoji)| Change::TakeBack(which, emoji)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..3_usize;
    prop_oneof![
        6 => (who.clone(), change()).prop_map(|(who, change)| Step::Change(who, change)),
        2 => who.clone().prop_map(Step::Send),
        3 => who.clone().prop_map(Step::Disconnect),
        3 => who.clone().prop_map(Step::Reconnect),
        2 => who.prop_map(Step::Poll),
        2 => change().prop_map(Step::AllChange),
    ]
}

/// The root of a thread changes with each reply, but a fragment does not show the number of replies: only who reads from
/// the store receives the root again.
fn roots(log: &[Value]) -> BTreeSet<u64> {
    log.iter().filter_map(|message| message["root"].as_u64()).collect()
}

/// `rev`, `seq` and text of a message. A deleted message has no text.
type Seen = (u64, u64, String);

fn seen(message: &Value) -> Seen {
    let number = |field: &str| message[field].as_u64().unwrap();
    let text = message["message"].as_str();
    let text = text.map_or(String::new(), |text| format!("{}: {text}", message["name"].as_str().unwrap()));
    (number("rev"), number("seq"), text)
}

/// A user who reads the log by socket and by requests, and keeps what was read.
struct Reader {
    name: &'static str,
    script: Script,
    socket: Option<Socket>,
    read: Vec<Seen>,
}

impl Reader {
    fn last(&self) -> u64 {
        let latest = self.socket.as_ref().and_then(|socket| socket.fragments.last());
        latest.map(|fragment| fragment.rev).or(self.read.last().map(|(rev, ..)| *rev)).unwrap_or(0)
    }

    fn disconnect(&mut self) {
        let Some(socket) = self.socket.take() else { return };
        self.read.extend(socket.fragments.into_iter().map(|one| (one.rev, one.seq, one.text)));
    }

    async fn reconnect(&mut self) {
        if self.socket.is_none() {
            let query = format!("?after={}&returning=true", self.last());
            self.socket = Some(Socket::open(&self.script, &query).await);
        }
    }

    async fn poll(&mut self) {
        if self.socket.is_none() {
            let missed = self.script.reads_after(self.last(), 3).await;
            self.read.extend(missed.iter().map(seen));
        }
    }
}

/// Makes a change; `posts` is the number of messages before it. It may be refused, but only by the rules.
async fn make(script: &Script, change: &Change, text: &str, posts: u64) -> Answer {
    let seq = |which: usize| 1 + which as u64 % posts.max(1);
    let post = |reply_to: Option<u64>| json!({ "message": text, "replyTo": reply_to });
    let answer = match change {
        Change::Post => script.post("/api/messages", post(None)).await,
        Change::Reply(to) => script.post("/api/messages", post(Some(seq(*to)))).await,
        Change::Edit(which) => {
            let path = format!("/api/rooms/lobby/messages/{}", seq(*which));
            let text_rev = script.get(&path).await.json["textRev"].as_u64().unwrap_or(1);
            script.edits(seq(*which), text_rev, text).await
        }
        Change::Delete(which) => script.deletes(seq(*which)).await,
        Change::React(which, emoji) => script.reacts(seq(*which), emoji).await,
        Change::TakeBack(which, emoji) => script.takes_back(seq(*which), emoji).await,
    };
    assert!([200, 201, 204, 403, 404, 409, 410].contains(&answer.status), "{change:?}: {}", answer.text);
    answer
}

async fn run_steps(steps: Vec<Step>) {
    let natter = Natter::unlimited().await;
    let mut readers = Vec::new();
    for (user_id, name) in [("ada", "Ada"), ("bob", "Bob"), ("cyd", "Cyd")] {
        let Person { script, socket } = natter.sign_up(user_id).await;
        readers.push(Reader { name, script, socket: Some(socket), read: Vec::new() });
    }
    let mut posts = 0;
    // by `seq`: the `textRev` and the text of the latest acknowledged change of it
    let mut acknowledged: BTreeMap<u64, (u64, String)> = BTreeMap::new();
    for (number, step) in steps.into_iter().enumerate() {
        let text = format!("step {number}");
        let mut answers = Vec::new();
        match step {
            Step::Change(who, change) => answers.push(make(&readers[who].script, &change, &text, posts).await),
            Step::Send(who) => {
                if let Some(socket) = &mut readers[who].socket {
                    let answer = socket.says(&text).await;
                    acknowledged.insert(answer["seq"].as_u64().unwrap(), (answer["rev"].as_u64().unwrap(), text));
                }
            }
            Step::Disconnect(who) => readers[who].disconnect(),
            Step::Reconnect(who) => readers[who].reconnect().await,
            Step::Poll(who) => readers[who].poll().await,
            Step::AllChange(change) => {
                let texts: Vec<_> = (0..9).map(|n| format!("{text}, {n}")).collect();
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
    let head = log.last().map_or(0, |message| message["rev"].as_u64().unwrap());
    assert_eq!(log.iter().map(|message| message["seq"].as_u64().unwrap()).collect::<BTreeSet<_>>().len(), log.len());
    assert_eq!(log.len(), acknowledged.len(), "every message that was posted, once");
    for message in &log {
        let (text_rev, text) = &acknowledged[&message["seq"].as_u64().unwrap()];
        let is_later = message["textRev"].as_u64().unwrap() > *text_rev; // only a deletion has no text to record
        assert!(if is_later { message["message"].is_null() } else { message["message"] == text.as_str() }, "{message}");
    }
    let roots = roots(&log);
    let log: Vec<Seen> = log.iter().map(seen).collect();
    for reader in &mut readers {
        reader.reconnect().await;
        if reader.last() < head {
            reader.socket.as_mut().unwrap().sees_rev(head).await;
        }
        reader.disconnect();
        check(reader, &log, &roots);
    }
}

/// Asserts that what was read is in order, and complete: the latest number of each message but a root, and the latest
/// text of each message.
fn check(Reader { name, read, .. }: &Reader, log: &[Seen], roots: &BTreeSet<u64>) {
    assert!(read.is_sorted_by_key(|(rev, ..)| *rev), "{name}: {read:?}");
    let numbers: BTreeSet<_> = read.iter().map(|(rev, seq, _)| (*rev, *seq)).collect();
    assert_eq!(numbers.len(), read.len(), "{name} read something twice: {read:?}");
    let latest = log.iter().filter(|(_, seq, _)| !roots.contains(seq));
    let missing: Vec<_> = latest.filter(|(rev, seq, _)| !numbers.contains(&(*rev, *seq))).collect();
    assert!(missing.is_empty(), "{name} did not read {missing:?}");
    let texts =
        |seen: &[Seen]| -> BTreeMap<u64, String> { seen.iter().map(|(_, seq, text)| (*seq, text.clone())).collect() };
    assert_eq!(texts(read), texts(log), "{name}");
}

proptest! {
    #![proptest_config(Config { cases: 16, failure_persistence: None, ..Config::default() })]
    #[test]
    fn every_reader_receives_the_same_sequence(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run_steps(steps));
    }
}
