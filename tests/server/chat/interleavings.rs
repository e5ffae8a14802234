//! Any interleaving of posts, disconnects and catch-ups gives every reader the same sequence.

use proptest::{prelude::*, test_runner::Config};
use serde_json::json;

use crate::support::{Fragment, Natter, Person, Script, Socket};

#[derive(Debug, Clone)]
enum Step {
    /// A reader posts over the API.
    Post(usize),
    /// A reader posts over the socket, if it is open.
    Send(usize),
    /// A reader's connection breaks.
    Disconnect(usize),
    /// A reader connects again from the last change it has received.
    Reconnect(usize),
    /// A reader without a connection catches up by a request.
    Poll(usize),
    /// All readers post at once.
    AllPost,
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..3_usize;
    prop_oneof![
        4 => who.clone().prop_map(Step::Post),
        4 => who.clone().prop_map(Step::Send),
        3 => who.clone().prop_map(Step::Disconnect),
        3 => who.clone().prop_map(Step::Reconnect),
        2 => who.prop_map(Step::Poll),
        1 => Just(Step::AllPost),
    ]
}

/// A user who reads the log by socket and by requests, and keeps what was read.
struct Reader {
    name: &'static str,
    script: Script,
    socket: Option<Socket>,
    /// `rev` and text of each message, with the author's name instead of `You`.
    read: Vec<(u64, String)>,
}

impl Reader {
    fn last(&self) -> u64 {
        let latest = self.socket.as_ref().and_then(|socket| socket.fragments.last());
        latest.map(|fragment| fragment.rev).or(self.read.last().map(|(rev, _)| *rev)).unwrap_or(0)
    }

    fn disconnect(&mut self) {
        let Some(socket) = self.socket.take() else { return };
        let name = self.name;
        let named = |fragment: Fragment| (fragment.rev, fragment.text.replacen("You: ", &format!("{name}: "), 1));
        self.read.extend(socket.fragments.into_iter().map(named));
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
            self.read.extend(missed.iter().map(|message| {
                let (name, text) = (message["name"].as_str().unwrap(), message["message"].as_str().unwrap());
                (message["rev"].as_u64().unwrap(), format!("{name}: {text}"))
            }));
        }
    }
}

async fn run_steps(steps: Vec<Step>) {
    let natter = Natter::unlimited().await;
    let mut readers = Vec::new();
    for (user_id, name) in [("ada", "Ada"), ("bob", "Bob"), ("cyd", "Cyd")] {
        let Person { script, socket } = natter.sign_up(user_id).await;
        readers.push(Reader { name, script, socket: Some(socket), read: Vec::new() });
    }
    let mut posted = Vec::new();
    for (number, step) in steps.into_iter().enumerate() {
        let text = format!("step {number}");
        match step {
            Step::Post(who) => {
                readers[who].script.says(&text).await;
                posted.push(format!("{}: {text}", readers[who].name));
            }
            Step::Send(who) => {
                let name = readers[who].name;
                if let Some(socket) = &mut readers[who].socket {
                    socket.says(&text).await;
                    posted.push(format!("{name}: {text}"));
                }
            }
            Step::Disconnect(who) => readers[who].disconnect(),
            Step::Reconnect(who) => readers[who].reconnect().await,
            Step::Poll(who) => readers[who].poll().await,
            Step::AllPost => {
                let sends =
                    readers.iter().flat_map(|reader| std::iter::repeat_n(reader, 3)).enumerate().map(|(n, reader)| {
                        let text = format!("{text}, {n}");
                        async move {
                            reader.script.post("/api/messages", json!({ "message": text })).await.is(201);
                            format!("{}: {text}", reader.name)
                        }
                    });
                posted.extend(futures_util::future::join_all(sends.collect::<Vec<_>>()).await);
            }
        }
    }
    let head = posted.len() as u64;
    for reader in &mut readers {
        reader.reconnect().await;
        while reader.last() < head {
            let next = reader.last() + 1;
            reader.socket.as_mut().unwrap().sees_rev(next).await;
        }
        reader.disconnect();
    }
    let mut texts: Vec<_> = readers[0].read.iter().map(|(_, text)| text.clone()).collect();
    assert_eq!(readers[0].read.iter().map(|(rev, _)| *rev).collect::<Vec<_>>(), (1..=head).collect::<Vec<_>>());
    assert_eq!(readers[1].read, readers[0].read);
    assert_eq!(readers[2].read, readers[0].read);
    texts.sort();
    posted.sort();
    assert_eq!(texts, posted, "every message that was posted, once");
}

proptest! {
    #![proptest_config(Config { cases: 16, failure_persistence: None, ..Config::default() })]
    #[test]
    fn every_reader_receives_the_same_sequence(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run_steps(steps));
    }
}
