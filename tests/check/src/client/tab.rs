//! A client that behaves as an open page: it connects again from its cursor, to the next process that answers, and sends
//! each message under one id until it is answered.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::Error;

use super::{
    api::{Api, RETRY_DELAY},
    lock,
    outbox::{Outbox, Pending},
    socket::Socket,
    tab_state::TabState,
};
use crate::{
    frame::Frame,
    history::{History, What},
};

/// Longest wait for a frame to be taken.
const SEND_LIMIT: Duration = Duration::from_secs(10);

/// What a tab is to do.
#[derive(Debug)]
pub enum Command {
    Send {
        room: String,
        text: String,
    },
    /// Subscribe to another room, or to none. `after`: `None` is from now on.
    Move {
        room: Option<String>,
        after: Option<u64>,
    },
    /// Send a frame that has no answer.
    Frame(Value),
    /// Lose the connection, and connect again.
    Cut,
}

/// A tab of a user's browser. It ends with this value.
pub struct Tab {
    state: Arc<Mutex<TabState>>,
    commands: mpsc::UnboundedSender<Command>,
    task: JoinHandle<()>,
}

impl Drop for Tab {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Task {
    api: Arc<Api>,
    state: Arc<Mutex<TabState>>,
    commands: mpsc::UnboundedReceiver<Command>,
    outbox: Outbox,
}

impl Tab {
    /// Opens a tab of the user, first at this server.
    pub fn open(api: &Arc<Api>, name: &str, server: usize) -> Self {
        let state = Arc::new(Mutex::new(TabState::new(History::new(name, &api.user_id, &api.tag))));
        let (sender, commands) = mpsc::unbounded_channel();
        let task = Task { api: Arc::clone(api), state: Arc::clone(&state), commands, outbox: Outbox::default() };
        Self { state, commands: sender, task: tokio::spawn(task.run(server)) }
    }

    pub fn give(&self, command: Command) {
        if let Command::Send { .. } = &command {
            self.state().waiting += 1;
        }
        let _ = self.commands.send(command); // it ends with this value only
    }

    pub fn state(&self) -> MutexGuard<'_, TabState> {
        lock(&self.state)
    }
}

impl Task {
    async fn run(mut self, first: usize) {
        let servers = Arc::clone(&self.api.servers);
        for server in servers.iter().cycle().skip(first % servers.len()) {
            let (room, after) = lock(&self.state).opening();
            match Socket::open(*server, &self.api.token(), room.as_deref(), after).await {
                Ok(socket) => {
                    self.outbox.restart();
                    lock(&self.state).is_open = true;
                    self.use_socket(socket).await;
                }
                Err(Error::Http(response)) if response.status() == StatusCode::UNAUTHORIZED => {
                    self.api.renew_token(*server).await;
                }
                Err(_) => {}
            }
            lock(&self.state).closed();
            sleep(RETRY_DELAY).await;
        }
    }

    /// Exchanges frames until the connection is lost.
    async fn use_socket(&mut self, mut socket: Socket) {
        loop {
            let timer = self.outbox.timer();
            let frame = tokio::select! {
                frame = socket.next() => match frame {
                    Some(frame) => self.receive(&frame),
                    None => return,
                },
                command = self.commands.recv() => match command {
                    Some(Command::Send { room, text }) => {
                        let client_id = uuid::Uuid::new_v4().to_string();
                        self.outbox.push(Pending { room, client_id, text });
                        None
                    }
                    Some(Command::Move { room, after }) => {
                        let frame = json!({ "room": room, "after": after }).to_string();
                        lock(&self.state).record(What::Moving { room, after });
                        Some(frame)
                    }
                    Some(Command::Frame(frame)) => Some(frame.to_string()),
                    Some(Command::Cut) | None => return,
                },
                () = sleep_until(timer.unwrap_or_else(Instant::now)), if timer.is_some() => {
                    let Some(pending) = self.outbox.send() else { return };
                    let frame = pending.frame();
                    let Pending { room, client_id, text } = pending;
                    lock(&self.state).record(What::Sent { room, client_id, text });
                    Some(frame)
                }
            };
            if let Some(frame) = frame
                && !matches!(timeout(SEND_LIMIT, socket.send(frame)).await, Ok(Ok(())))
            {
                return;
            }
        }
    }

    /// Returns the frame that answers this one, if one does.
    fn receive(&mut self, frame: &str) -> Option<String> {
        let frame = Frame::parse(frame);
        let is_done = match &frame {
            Ok(Frame::Acknowledged { client_id, .. }) => self.outbox.answered(client_id, None),
            Ok(Frame::Refused { client_id, status, retry_after, .. }) => {
                // it is unknown whether the server has the message
                let is_unknown = *status >= 500 || *status == 429;
                let wait = is_unknown.then(|| Duration::from_secs(retry_after.unwrap_or(5)));
                self.outbox.answered(client_id, wait)
            }
            _ => false,
        };
        let mut state = lock(&self.state);
        state.waiting -= usize::from(is_done);
        let ask = state.receive(frame);
        (!ask.is_empty()).then(|| json!({ "rooms": ask }).to_string())
    }
}
