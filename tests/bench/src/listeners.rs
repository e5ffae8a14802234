//! Many sockets that only read.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::Semaphore,
    task::{AbortHandle, JoinSet},
    time::{sleep, sleep_until},
};

use crate::{
    fragments,
    socket::{Client, Socket},
};

/// What all listeners together have received.
#[derive(Default)]
pub struct Received {
    frames: AtomicU64,
    bytes: AtomicU64,
    /// Messages, each counted once a socket.
    messages: AtomicU64,
    /// The sum of the latest `rev` of each socket.
    revs: AtomicU64,
    open: AtomicU64,
}

impl Received {
    pub fn frames(&self) -> u64 {
        self.frames.load(Relaxed)
    }

    pub fn messages(&self) -> u64 {
        self.messages.load(Relaxed)
    }

    pub fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// The sum of the latest `rev` of each socket: the room's `rev` times the sockets once all have received everything.
    pub fn revs(&self) -> u64 {
        self.revs.load(Relaxed)
    }

    /// Sockets that are open.
    pub fn open(&self) -> u64 {
        self.open.load(Relaxed)
    }

    /// Counts a frame of the socket that has this counter.
    fn count(&self, frame: &[u8], counter: &mut MessageCounter) {
        let rev = counter.rev;
        self.messages.fetch_add(counter.count_frame(frame), Relaxed);
        self.revs.fetch_add(counter.rev - rev, Relaxed);
        self.frames.fetch_add(1, Relaxed);
        self.bytes.fetch_add(frame.len() as u64, Relaxed);
    }

    /// Returns once no frame has arrived for a second.
    pub async fn wait_for_silence(&self) {
        let mut last = (self.frames(), Instant::now());
        while last.1.elapsed() < Duration::from_secs(1) {
            sleep(Duration::from_millis(20)).await;
            if self.frames() != last.0 {
                last = (self.frames(), Instant::now());
            }
        }
    }
}

/// Counts the messages that one socket receives. They arrive in order, so a message that arrives again is not counted
/// and cannot hide one that is missing.
#[derive(Default)]
pub struct MessageCounter {
    last: u64,
    pub count: u64,
    /// The latest `rev`.
    rev: u64,
}

impl MessageCounter {
    /// Counts the messages in `frame`; returns how many are new.
    pub fn count_frame(&mut self, frame: &[u8]) -> u64 {
        let before = self.count;
        for message in fragments::messages(frame) {
            if message.seq > self.last {
                (self.last, self.count) = (message.seq, self.count + 1);
            }
            self.rev = self.rev.max(message.rev);
        }
        self.count - before
    }
}

/// How quickly sockets are opened.
#[derive(Clone, Copy)]
pub enum Pace {
    /// At most this many handshakes at a time.
    Concurrent(usize),
    /// Evenly over this time, even if the server falls behind.
    Over(Duration),
    AtOnce,
}

/// Open sockets. Dropping them closes the connections without a Close frame, as a lost network does.
pub struct Listeners {
    tasks: Vec<AbortHandle>,
    pub received: Arc<Received>,
}

impl Listeners {
    /// Opens `count` sockets and returns once all are open; each reads from its first byte on.
    ///
    /// # Errors
    /// The server refuses a socket.
    pub async fn open(
        address: SocketAddr,
        count: usize,
        pace: Pace,
        path: impl Fn(usize) -> String,
    ) -> Result<Self, String> {
        Self::open_as(Client::Script, address, count, pace, path).await
    }

    pub async fn open_as(
        client: Client,
        address: SocketAddr,
        count: usize,
        pace: Pace,
        path: impl Fn(usize) -> String,
    ) -> Result<Self, String> {
        let permits = if let Pace::Concurrent(at_a_time) = pace { at_a_time } else { count };
        let semaphore = Arc::new(Semaphore::new(permits));
        let mut listeners = Self { tasks: Vec::with_capacity(count), received: Arc::default() };
        let (mut opening, started) = (JoinSet::new(), Instant::now());
        for n in 0..count {
            let (received, semaphore, path) = (Arc::clone(&listeners.received), Arc::clone(&semaphore), path(n));
            opening.spawn(async move {
                let _permit = semaphore.acquire_owned().await;
                if let Pace::Over(time) = pace {
                    sleep_until((started + time.mul_f64(n as f64 / count as f64)).into()).await;
                }
                let socket = Socket::open_as(client, address, &path, n).await?;
                if path.starts_with("/socket.io") {
                    socket.send("40").await?;
                }
                received.open.fetch_add(1, Relaxed);
                Ok::<_, io::Error>(tokio::spawn(listen(socket, received)).abort_handle())
            });
        }
        while let Some(opened) = opening.join_next().await {
            let opened = opened.map_err(|why| why.to_string())?;
            listeners.tasks.push(opened.map_err(|why| format!("a socket is refused: {why}"))?);
        }
        Ok(listeners)
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

async fn listen(mut socket: Socket, received: Arc<Received>) {
    let mut counter = MessageCounter::default();
    while socket.read(|frame| received.count(frame, &mut counter)).await.is_ok() {}
    received.open.fetch_sub(1, Relaxed);
}
