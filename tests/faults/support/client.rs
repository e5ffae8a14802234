//! A client that behaves like an open chat page. Its socket reconnects from its cursor to the next server that answers.
//! It sends each message under one client id until the message is acknowledged.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};

use super::{
    commands::Posted,
    socket::{Fragment, Socket, fragments},
};

/// Wait before the next server is tried.
pub const RETRY_DELAY: Duration = Duration::from_millis(250);
/// A page drops a connection if an acknowledgement takes longer than this.
const ACKNOWLEDGEMENT_LIMIT: Duration = Duration::from_secs(10);

/// What a client does next.
#[derive(Clone, Copy, PartialEq)]
pub enum Phase {
    /// Send and read.
    Send,
    /// Send nothing new, repeat what is not acknowledged, and read on.
    Drain,
    /// Stop once nothing is unacknowledged and this `rev` has been read.
    Stop(u64),
}

/// A message that the server acknowledged.
pub struct Acknowledged {
    pub text: String,
    pub seq: u64,
    pub rev: u64,
    /// The index of the server.
    pub server: usize,
    pub sent: Instant,
    pub acknowledged: Instant,
}

/// A message that a client received.
pub struct Received {
    pub fragment: Fragment,
    /// The index of the server.
    pub server: usize,
    pub at: Instant,
}

pub struct Client {
    pub name: String,
    pub token: String,
    pub servers: Arc<[SocketAddr]>,
    /// The index of the server that is tried next, or that the socket is connected to.
    pub server: usize,
    /// Time between two messages; with zero, the next is sent once the last is acknowledged. `None` only reads.
    pub pace: Option<Duration>,
    pub phase: watch::Receiver<Phase>,
    /// Dropped once nothing more is sent.
    pub sending: Option<mpsc::Sender<()>>,
    /// Called with the time of each acknowledgement.
    pub on_acknowledgement: Arc<dyn Fn(Instant) + Send + Sync>,
    /// The acknowledged messages, for the client's [`Changer`](super::changer::Changer).
    pub posted: mpsc::UnboundedSender<Posted>,

    pub received: Vec<Received>,
    pub acknowledged: Vec<Acknowledged>,
    /// How often the server ended the connection, or the connection broke.
    pub disconnects: usize,
    pub pending: Option<Pending>,
}

/// A message that is not acknowledged yet.
pub struct Pending {
    text: String,
    sent: Instant,
    /// When it is sent on this connection.
    due: Instant,
    /// When it was sent on this connection.
    sent_here: Option<Instant>,
}

impl Client {
    pub async fn run(mut self) -> Self {
        while !self.is_done() {
            let cursor = self.cursor();
            if let Ok(socket) = Socket::open(self.servers[self.server], &self.token, cursor).await {
                if let Some(pending) = &mut self.pending {
                    (pending.due, pending.sent_here) = (Instant::now(), None);
                }
                self.use_socket(socket).await;
            }
            if !self.is_done() {
                self.server = (self.server + 1) % self.servers.len();
                tokio::time::sleep(RETRY_DELAY).await;
            }
        }
        self
    }

    fn cursor(&self) -> u64 {
        self.received.last().map_or(0, |received| received.fragment.rev)
    }

    fn is_done(&mut self) -> bool {
        let phase = *self.phase.borrow();
        if phase != Phase::Send && self.pending.is_none() {
            self.sending = None;
        }
        matches!(phase, Phase::Stop(head) if self.pending.is_none() && self.cursor() >= head)
    }

    /// Sends and reads until the client is done or the connection is unusable.
    async fn use_socket(&mut self, mut socket: Socket) {
        let mut next = Instant::now();
        while !self.is_done() {
            if let (None, Some(pace), Phase::Send) = (&self.pending, self.pace, *self.phase.borrow()) {
                let text = format!("{}-{}", self.name, self.acknowledged.len());
                let due = next.max(Instant::now());
                self.pending = Some(Pending { text, sent: due, due, sent_here: None });
                next = due + pace;
            }
            let timer = self.pending.as_ref().map(|p| p.sent_here.map_or(p.due, |sent| sent + ACKNOWLEDGEMENT_LIMIT));
            tokio::select! {
                frame = socket.next() => match frame {
                    Ok(frame) => self.receive(&frame),
                    Err(_) => {
                        self.disconnects += 1;
                        return;
                    }
                },
                _ = self.phase.changed() => {}
                () = sleep_until(timer.unwrap_or_else(Instant::now)), if timer.is_some() => {
                    let Some(pending) = &mut self.pending else { continue };
                    if pending.sent_here.is_some() {
                        return; // no acknowledgement in time: the connection is dead
                    }
                    pending.sent_here = Some(Instant::now());
                    if socket.send(&pending.text, &pending.text).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    fn receive(&mut self, frame: &str) {
        let (server, now) = (self.server, Instant::now());
        if !frame.starts_with('{') {
            return self.received.extend(fragments(frame).map(|fragment| Received { fragment, server, at: now }));
        }
        let response: Value = serde_json::from_str(frame).unwrap();
        let Some(pending) = self.pending.take_if(|pending| response["clientID"] == pending.text) else { return };
        match (response["seq"].as_u64(), response["rev"].as_u64()) {
            (Some(seq), Some(rev)) => {
                (self.on_acknowledgement)(now);
                let Pending { text, sent, .. } = pending;
                let _ = self.posted.send(Posted { seq, text_rev: rev, text: text.clone() });
                self.acknowledged.push(Acknowledged { text, seq, rev, server, sent, acknowledged: now });
            }
            _ => {
                let status = response["status"].as_u64().unwrap();
                assert!(status >= 500 || status == 429, "{response}");
                let wait = Duration::from_secs(response["retryAfter"].as_u64().unwrap_or(5));
                self.pending = Some(Pending { due: now + wait, sent_here: None, ..pending });
            }
        }
    }
}
