//! One person at a chat page, as far as the server can tell: a socket that is opened again wherever a server
//! answers, from the cursor, and a message that is sent under one id until it is acknowledged.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::watch,
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message},
};

/// Wait before another server is tried.
const RETRY: Duration = Duration::from_millis(250);
/// A page drops a connection on which an acknowledgement stays away for so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// An open socket.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub async fn open(address: SocketAddr, token: &str, after: u64) -> Result<Self, Error> {
        let url = format!("ws://{address}/ws?jwt={token}&after={after}&returning=true");
        let opened = timeout(PATIENCE, connect_async(url)).await;
        opened.map_err(|_| Error::ConnectionClosed)?.map(|(stream, _)| Self(stream))
    }

    /// As a page does that was not open before. Returns once the server counts it.
    pub async fn enter(address: SocketAddr, token: &str) -> Self {
        let (stream, _) = connect_async(format!("ws://{address}/ws?jwt={token}")).await.unwrap();
        let mut socket = Self(stream);
        socket.next().await.expect("who is here comes first");
        socket
    }

    /// Closes, in good order.
    pub async fn ends(mut self) {
        self.0.close(None).await.unwrap();
        while self.next().await.is_ok() {}
    }

    /// The next frame's text; at the end the code that the server closed with, 1006 where it said nothing.
    pub async fn next(&mut self) -> Result<String, u16> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }

    pub async fn send(&mut self, message: &str, client_id: &str) -> Result<(), Error> {
        let frame = json!({ "message": message, "clientID": client_id }).to_string();
        self.0.send(Message::text(frame)).await
    }

    /// Waits for a message that contains `text`.
    pub async fn sees(&mut self, text: &str) {
        while !self.next().await.expect("the socket stays open").contains(text) {}
    }
}

/// The numbers of the messages in a frame, in order.
pub fn revs(frame: &str) -> impl Iterator<Item = u64> {
    frame.split("data-rev=\"").skip(1).map(|rest| rest.split('"').next().unwrap().parse().unwrap())
}

/// What is still to come for a client.
#[derive(Clone, Copy)]
pub enum Phase {
    /// Send, and read.
    Talk,
    /// Have what was sent acknowledged; read on.
    Finish,
    /// Read up to this number.
    Leave(u64),
}

/// When a message was sent and acknowledged, where, and as what.
pub struct Acknowledged {
    pub text: String,
    pub rev: u64,
    pub at: usize,
    pub sent: Instant,
    pub acknowledged: Instant,
}

/// A message as it came to a reader.
pub struct Seen {
    pub rev: u64,
    pub at: usize,
    pub when: Instant,
}

/// Somebody who writes and reads.
pub struct Client {
    pub name: String,
    pub token: String,
    /// The servers' addresses; the first to try is the one at `at`.
    pub servers: Arc<[SocketAddr]>,
    pub at: usize,
    /// Time from one message to the next; zero: as soon as one is acknowledged. `None` only reads.
    pub pace: Option<Duration>,
    pub phase: watch::Receiver<Phase>,
    /// Counts those of everybody.
    pub tell: Arc<dyn Fn(Instant) + Send + Sync>,

    pub seen: Vec<Seen>,
    pub acknowledged: Vec<Acknowledged>,
    /// Connections that the server ended, or its end did.
    pub broken: usize,
    pub pending: Option<Pending>,
}

pub struct Pending {
    text: String,
    sent: Instant,
    /// When it goes out, again or for the first time on this connection.
    due: Instant,
    /// When it went out on this connection.
    out: Option<Instant>,
}

impl Client {
    pub async fn run(mut self) -> Self {
        while !self.is_done() {
            let cursor = self.cursor();
            if let Ok(socket) = Socket::open(self.servers[self.at], &self.token, cursor).await {
                if let Some(pending) = &mut self.pending {
                    (pending.due, pending.out) = (Instant::now(), None);
                }
                self.talk(socket).await;
            }
            if !self.is_done() {
                self.at = (self.at + 1) % self.servers.len();
                tokio::time::sleep(RETRY).await;
            }
        }
        self
    }

    fn cursor(&self) -> u64 {
        self.seen.last().map_or(0, |seen| seen.rev)
    }

    /// Nobody who has something unacknowledged leaves.
    fn is_done(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Leave(head) if self.pending.is_none() && self.cursor() >= head)
    }

    async fn talk(&mut self, mut socket: Socket) {
        let mut next = Instant::now();
        while !self.is_done() {
            if let (None, Some(pace), Phase::Talk) = (&self.pending, self.pace, *self.phase.borrow()) {
                let text = format!("{}-{}", self.name, self.acknowledged.len());
                let due = next.max(Instant::now());
                self.pending = Some(Pending { text, sent: due, due, out: None });
                next = due + pace;
            }
            let timer = self.pending.as_ref().map(|p| p.out.map_or(p.due, |out| out + PATIENCE));
            tokio::select! {
                frame = socket.next() => match frame {
                    Ok(frame) => self.take(&frame),
                    Err(_) => {
                        self.broken += 1;
                        return;
                    }
                },
                _ = self.phase.changed() => {}
                () = sleep_until(timer.unwrap_or_else(Instant::now)), if timer.is_some() => {
                    let Some(pending) = &mut self.pending else { continue };
                    if pending.out.is_some() {
                        return; // died without a word
                    }
                    pending.out = Some(Instant::now());
                    if socket.send(&pending.text, &pending.text).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    fn take(&mut self, frame: &str) {
        let (at, when) = (self.at, Instant::now());
        if !frame.starts_with('{') {
            return self.seen.extend(revs(frame).map(|rev| Seen { rev, at, when }));
        }
        let answer: Value = serde_json::from_str(frame).unwrap();
        let Some(pending) = self.pending.take_if(|pending| answer["clientID"] == pending.text) else { return };
        match answer["rev"].as_u64() {
            Some(rev) => {
                (self.tell)(when);
                let Pending { text, sent, .. } = pending;
                self.acknowledged.push(Acknowledged { text, rev, at, sent, acknowledged: when });
            }
            None => {
                let status = answer["status"].as_u64().unwrap();
                assert!(status >= 500 || status == 429, "{answer}");
                let wait = Duration::from_secs(answer["retryAfter"].as_u64().unwrap_or(5));
                self.pending = Some(Pending { due: when + wait, out: None, ..pending });
            }
        }
    }
}
