//! The messages of a tab that the server has not answered.

use std::{collections::VecDeque, time::Duration};

use serde_json::json;
use tokio::time::Instant;

/// A page drops a connection if an acknowledgement takes longer than this.
const ACKNOWLEDGEMENT_LIMIT: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
pub struct Pending {
    pub room: String,
    pub client_id: String,
    pub text: String,
}

/// Sends one message at a time, under the same id until it is answered.
#[derive(Default)]
pub struct Outbox {
    waiting: VecDeque<Pending>,
    /// When the first was sent on this connection.
    sent: Option<Instant>,
    /// The first is not sent before.
    due: Option<Instant>,
}

impl Pending {
    pub fn frame(&self) -> String {
        json!({ "room": self.room, "message": self.text, "clientID": self.client_id }).to_string()
    }
}

impl Outbox {
    pub fn push(&mut self, pending: Pending) {
        self.waiting.push_back(pending);
    }

    /// A new connection: it is unknown what the server has received.
    pub fn restart(&mut self) {
        (self.sent, self.due) = (None, None);
    }

    /// When something is to be done: to send the first message, or to give the connection up.
    pub fn timer(&self) -> Option<Instant> {
        self.waiting.front()?;
        Some(self.sent.map_or(self.due.unwrap_or_else(Instant::now), |sent| sent + ACKNOWLEDGEMENT_LIMIT))
    }

    /// The message to send now; `None` if the connection is dead, because there was no answer.
    pub fn send(&mut self) -> Option<Pending> {
        match self.sent.replace(Instant::now()) {
            Some(_) => None,
            None => self.waiting.front().cloned(),
        }
    }

    /// The answer to a message came. With `retry_after`, it is to be sent again. Returns whether the message is done.
    pub fn answered(&mut self, client_id: &str, retry_after: Option<Duration>) -> bool {
        if self.waiting.front().is_none_or(|first| first.client_id != client_id) {
            return false;
        }
        self.sent = None;
        self.due = retry_after.map(|wait| Instant::now() + wait);
        retry_after.is_none() && self.waiting.pop_front().is_some()
    }
}
