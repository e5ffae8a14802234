//! Many sockets that listen.

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

use crate::socket::Socket;

/// What the sockets of a crowd have got, all together.
#[derive(Default)]
pub struct Got {
    pub frames: AtomicU64,
    pub bytes: AtomicU64,
    /// Messages, each counted once a socket.
    pub messages: AtomicU64,
    open: AtomicU64,
}

impl Got {
    pub fn frames(&self) -> u64 {
        self.frames.load(Relaxed)
    }

    pub fn messages(&self) -> u64 {
        self.messages.load(Relaxed)
    }

    pub fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// Sockets that are open.
    pub fn open(&self) -> u64 {
        self.open.load(Relaxed)
    }

    fn count(&self, frame: &[u8], messages: u64) {
        self.frames.fetch_add(1, Relaxed);
        self.bytes.fetch_add(frame.len() as u64, Relaxed);
        self.messages.fetch_add(messages, Relaxed);
    }

    /// Returns once nothing has come for a second.
    pub async fn are_quiet(&self) {
        let mut last = (self.frames(), Instant::now());
        while last.1.elapsed() < Duration::from_secs(1) {
            sleep(Duration::from_millis(20)).await;
            if self.frames() != last.0 {
                last = (self.frames(), Instant::now());
            }
        }
    }
}

/// The messages that one socket has got. They come in order, so that one that comes again is not counted and
/// cannot make up for one that is missing.
#[derive(Default)]
pub struct Seen {
    last: u64,
    pub count: u64,
}

impl Seen {
    /// Returns how many in `frame` are new.
    pub fn take(&mut self, frame: &[u8]) -> u64 {
        const MESSAGE: &[u8] = b"<li id=\"m";
        let before = self.count;
        for at in memchr::memmem::find_iter(frame, MESSAGE) {
            let digits = frame[at + MESSAGE.len()..].iter().take_while(|byte| byte.is_ascii_digit());
            let seq = digits.fold(0, |seq, digit| seq * 10 + u64::from(digit - b'0'));
            if seq > self.last {
                (self.last, self.count) = (seq, self.count + 1);
            }
        }
        self.count - before
    }
}

/// How sockets come.
#[derive(Clone, Copy)]
pub enum Pace {
    /// At most this many handshakes at a time.
    Gently(usize),
    /// Evenly over this time, whether or not the server keeps up.
    Over(Duration),
    AtOnce,
}

/// Sockets that listen for as long as this value is there. They close without a goodbye, as where a network is
/// gone.
pub struct Crowd {
    listening: Vec<AbortHandle>,
    pub got: Arc<Got>,
}

impl Crowd {
    /// Opens `count` sockets and returns once all are open; each listens from its first byte on.
    ///
    /// # Errors
    /// The first refusal.
    pub async fn open(
        address: SocketAddr,
        count: usize,
        pace: Pace,
        path: impl Fn(usize) -> String,
    ) -> Result<Self, String> {
        let gate = Arc::new(Semaphore::new(if let Pace::Gently(at_a_time) = pace { at_a_time } else { count }));
        let mut crowd = Self { listening: Vec::with_capacity(count), got: Arc::default() };
        let (mut opening, started) = (JoinSet::new(), Instant::now());
        for n in 0..count {
            let (got, gate, path) = (Arc::clone(&crowd.got), Arc::clone(&gate), path(n));
            opening.spawn(async move {
                let _turn = gate.acquire_owned().await;
                if let Pace::Over(time) = pace {
                    sleep_until((started + time.mul_f64(n as f64 / count as f64)).into()).await;
                }
                let socket = Socket::open(address, &path, n).await?;
                if path.starts_with("/socket.io") {
                    socket.send("40").await?;
                }
                got.open.fetch_add(1, Relaxed);
                Ok::<_, io::Error>(tokio::spawn(listen(socket, got)).abort_handle())
            });
        }
        while let Some(opened) = opening.join_next().await {
            let opened = opened.map_err(|why| why.to_string())?;
            crowd.listening.push(opened.map_err(|why| format!("a socket is refused: {why}"))?);
        }
        Ok(crowd)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.listening.iter().for_each(AbortHandle::abort);
    }
}

async fn listen(mut socket: Socket, got: Arc<Got>) {
    let mut seen = Seen::default();
    while socket.read(|frame| got.count(frame, seen.take(frame))).await.is_ok() {}
    got.open.fetch_sub(1, Relaxed);
}
