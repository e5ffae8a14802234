//! A client of the API that changes messages: it edits, pins, unpins and deletes its own, reacts to anybody's, takes
//! that back, and replies. It repeats each request, at the next server, until the server answers it.
//!
//! The final state of every message is known exactly: nobody else edits, pins or deletes the client's messages, and no
//! two clients of a user give the same emoji. A request that had to be repeated may still be carried out later by the
//! process that did not answer; the client does not do the opposite of such a reaction or pin any more.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

use super::{
    client::{Phase, RETRY_DELAY},
    commands::{Command, Done, Posted},
};

/// What the clients of one user give, one each.
pub const EMOJI: [&str; 8] = ["👍", "❤️", "🎉", "😀", "🚀", "👀", "🤔", "👩‍💻"];

/// Longest wait for an answer; natter gives up a command after twelve seconds.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);
/// So many of the latest messages get half of the reactions and replies, so that processes change the same message.
const LATEST: usize = 20;

pub struct Changer {
    pub name: String,
    pub token: String,
    pub servers: Arc<[SocketAddr]>,
    /// The index of the server that got the last request. At the start it is the client's number, by which clients begin
    /// with different commands.
    pub server: usize,
    pub emoji: &'static str,
    /// Time between two commands.
    pub pace: Duration,
    pub phase: watch::Receiver<Phase>,
    /// Dropped once nothing more is sent.
    pub sending: mpsc::Sender<()>,
    /// The client's own messages.
    pub posted: mpsc::UnboundedReceiver<Posted>,
    /// The `seq` of all clients' messages.
    pub everybodys: Arc<Mutex<Vec<u64>>>,
    pub http: reqwest::Client,
    /// Own messages that are not deleted.
    pub own: Vec<Posted>,
    /// Messages with this client's reaction.
    pub given: Vec<u64>,
    /// Own messages that are pinned.
    pub pinned: Vec<u64>,
    /// Messages that are deleted, or whose reaction and pin stay as they are.
    pub settled: HashSet<u64>,
    pub done: Vec<Done>,
}

impl Changer {
    /// Changes messages until the phase ends. Returns what was answered, in order, and the client's emoji.
    pub async fn run(mut self) -> (Vec<Done>, &'static str) {
        for n in self.server.. {
            tokio::select! {
                () = sleep(self.pace) => {}
                _ = self.phase.wait_for(|phase| *phase != Phase::Send) => break,
            }
            while let Ok(posted) = self.posted.try_recv() {
                self.keep_own(posted);
            }
            if let Some((target, command)) = self.choose(n) {
                self.give(target, command).await;
            }
        }
        drop(self.sending);
        (self.done, self.emoji)
    }

    fn keep_own(&mut self, posted: Posted) {
        self.everybodys.lock().unwrap().push(posted.seq);
        self.own.push(posted);
    }

    fn choose(&mut self, n: usize) -> Option<(u64, Command)> {
        let text = format!("{}-c{n}", self.name);
        Some(match n % 10 {
            0 | 4 => {
                let Posted { seq, text_rev, .. } = self.own.get(random(self.own.len())?)?;
                (*seq, Command::Edit { text, text_rev: *text_rev })
            }
            2 => (self.anybodys()?, Command::Reply { text }),
            5 => (self.given.swap_remove(random(self.given.len())?), Command::Unreact),
            6 => {
                let Posted { seq, .. } = self.own.get(random(self.own.len())?)?;
                let is_free = !self.settled.contains(seq) && !self.pinned.contains(seq);
                (is_free.then_some(*seq)?, Command::Pin)
            }
            7 => (self.own.swap_remove(random(self.own.len())?).seq, Command::Delete),
            8 => (self.pinned.swap_remove(random(self.pinned.len())?), Command::Unpin),
            _ => {
                let target = self.anybodys()?;
                let is_free = !self.settled.contains(&target) && !self.given.contains(&target);
                (is_free.then_some(target)?, Command::React)
            }
        })
    }

    fn anybodys(&self) -> Option<u64> {
        let all = self.everybodys.lock().unwrap();
        let from = if random(2)? == 0 { all.len().saturating_sub(LATEST) } else { 0 };
        Some(all[from + random(all.len() - from)?])
    }

    /// Gives the command until it is answered, and keeps what is known then.
    async fn give(&mut self, target: u64, command: Command) {
        let (status, answer, is_repeat) = self.request(target, &command).await;
        let message = if status == StatusCode::CONFLICT { &answer["current"] } else { &answer };
        let text = message["message"].as_str().unwrap_or_default().to_owned();
        let number = |field: &str| message[field].as_u64().unwrap_or_default();
        let posted = Posted { seq: number("seq"), text_rev: number("textRev"), text };
        let rev = number("rev");
        let is_done = match &command {
            Command::Edit { text, .. } => posted.text == *text && (status == 200 || status == 409 && is_repeat),
            Command::Delete => status == 204,
            Command::React | Command::Unreact | Command::Pin | Command::Unpin => status == 200,
            Command::Reply { text } => posted.text == *text && (status == 201 || status == 200 && is_repeat),
        };
        let is_gone = status == 410 && matches!(command, Command::React | Command::Unreact | Command::Reply { .. });
        let is_refused = is_gone || status == StatusCode::CONFLICT && matches!(command, Command::Pin);
        assert!(
            is_done || is_refused,
            "{command:?} of {target} by {}: {status} {answer}, repeat: {is_repeat}",
            self.name
        );
        if is_gone || is_repeat {
            self.settled.insert(target);
        }
        match &command {
            Command::Edit { .. } => {
                self.own.retain(|own| own.seq != target);
                self.own.push(posted.clone());
            }
            Command::React if !is_repeat && !is_gone => self.given.push(target),
            Command::Pin if !is_repeat && is_done => self.pinned.push(target),
            Command::Delete => self.pinned.retain(|pinned| *pinned != target),
            Command::Reply { .. } if is_done => self.keep_own(posted.clone()),
            _ => {}
        }
        let answer = (is_done && status != StatusCode::NO_CONTENT).then_some(posted);
        self.done.push(Done { target, command, answer, is_repeat, rev });
    }

    /// The first answer that is no failure, and whether an earlier request may have been carried out.
    async fn request(&mut self, target: u64, command: &Command) -> (StatusCode, Value, bool) {
        let room = "/api/rooms/lobby/messages";
        let (method, path, body) = match command {
            Command::Edit { text, text_rev } => {
                (Method::PATCH, format!("{room}/{target}"), json!({ "message": text, "textRev": text_rev }))
            }
            Command::Delete => (Method::DELETE, format!("{room}/{target}"), Value::Null),
            Command::React => (Method::PUT, format!("{room}/{target}/reactions/{}", self.emoji), Value::Null),
            Command::Unreact => (Method::DELETE, format!("{room}/{target}/reactions/{}", self.emoji), Value::Null),
            Command::Pin => (Method::PUT, format!("{room}/{target}/pin"), Value::Null),
            Command::Unpin => (Method::DELETE, format!("{room}/{target}/pin"), Value::Null),
            Command::Reply { text } => {
                (Method::POST, room.to_owned(), json!({ "message": text, "clientID": text, "replyTo": target }))
            }
        };
        let mut is_repeat = false;
        loop {
            self.server = (self.server + 1) % self.servers.len();
            let url = format!("http://{}{path}", self.servers[self.server]); // reqwest percent-encodes it
            let mut request = self.http.request(method.clone(), url).bearer_auth(&self.token).timeout(ANSWER_LIMIT);
            if !body.is_null() {
                request = request.json(&body);
            }
            if let Ok(response) = request.send().await
                && let status = response.status()
                && !(status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS)
                && let Ok(bytes) = response.bytes().await
            {
                return (status, serde_json::from_slice(&bytes).unwrap_or_default(), is_repeat);
            }
            is_repeat = true;
            sleep(RETRY_DELAY).await;
        }
    }
}

/// A number below `count`; `None` if that is 0.
fn random(count: usize) -> Option<usize> {
    (uuid::Uuid::new_v4().as_u64_pair().0 as usize).checked_rem(count)
}
