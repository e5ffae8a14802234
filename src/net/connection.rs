//! A connection whose writing is handed back and forth between its own task and the fan-out.
//!
//! A broadcast sends the same bytes to every socket. A WebSocket library would copy them into each socket's buffer, in
//! each socket's task; and waking a thousand tasks costs as much as the thousand system calls. So the fan-out encodes a
//! frame once and writes it directly to the stream.
//!
//! At any time one side owns the writing. The fan-out, while it owns it, sends without a lock. What the HTTP or WebSocket
//! library writes meanwhile (replies, pings, pongs) is queued here, and the fan-out sends it. The bytes of the two do not
//! mix, because both write whole frames: if the system accepts only a part of a frame, the rest is kept here and is sent
//! before anything else.

use std::{
    collections::VecDeque,
    future::poll_fn,
    io::{self, IoSlice},
    net::Shutdown,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use bytes::Bytes;
use socket2::SockRef;
use tokio::{io::ReadBuf, net::TcpStream, sync::mpsc};

use super::{
    Frame,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// How often a ping is sent over a WebSocket. Proxies such as nginx close a connection that is silent for a minute. A
/// client that is gone without a word is noticed at the second ping, within a minute too.
pub const PING_INTERVAL: Duration = Duration::from_secs(28);

/// Most bytes of the library that wait for the fan-out. A client that sends pings faster than it reads the pongs waits.
const QUEUE_BYTES: usize = 64 * 1024;
/// Most buffers of one system call (`IOV_MAX` of Linux).
const MAX_BUFFERS: usize = 1024;

/// The outcome of [`Connection::try_write`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WriteOutcome {
    /// All bytes are sent or kept here.
    Accepted,
    /// The bytes were not accepted, but some earlier unsent bytes were sent.
    Progress,
    /// Nothing was sent: the send buffer is full.
    Full,
    /// The fan-out has yet to send earlier bytes. The waker is called when it has.
    Queued,
}

/// Asks the fan-out to send what the library has queued.
#[derive(Debug)]
pub struct FlushRequests {
    pub requests: mpsc::UnboundedSender<u64>,
    /// The subscriber's id, which is sent.
    pub id: u64,
}

/// What is to be sent, and by whom.
#[derive(Default)]
struct Outgoing {
    /// Whole frames, except the first one, of which a part may have been sent.
    unsent: VecDeque<Bytes>,
    /// Present while the fan-out owns the writing.
    fan_out: Option<FlushRequests>,
    /// The library's task, if it waits until the queue is shorter.
    waker: Option<Waker>,
}

pub struct Connection {
    stream: TcpStream,
    is_websocket: AtomicBool,
    ping_interval: Duration,
    outgoing: Mutex<Outgoing>,
}

impl Connection {
    pub fn new(stream: TcpStream) -> Self {
        Self::with_pings(stream, PING_INTERVAL)
    }

    /// As [`Connection::new`]. `ping_interval`: how often a ping is sent if it becomes a WebSocket.
    pub(super) fn with_pings(stream: TcpStream, ping_interval: Duration) -> Self {
        Self { stream, is_websocket: AtomicBool::new(false), ping_interval, outgoing: Mutex::default() }
    }

    /// How often the WebSocket's task sends a ping.
    pub fn ping_interval(&self) -> Duration {
        self.ping_interval
    }

    /// Marks the connection as a WebSocket. The code that writes to the socket sets the time limits from then on.
    pub(super) fn set_websocket(&self) {
        self.is_websocket.store(true, Relaxed);
    }

    pub(super) fn is_websocket(&self) -> bool {
        self.is_websocket.load(Relaxed)
    }

    /// Gives the writing to the fan-out, which takes what is queued as the first thing ([`Connection::take_queued`]).
    pub fn hand_over(&self, fan_out: FlushRequests) {
        self.outgoing.lock().fan_out = Some(fan_out);
    }

    /// Takes the writing back from the fan-out. `unsent`: what the fan-out could not send; the first frame may be the
    /// rest of one.
    pub fn take_back(&self, mut unsent: VecDeque<Bytes>) {
        let mut outgoing = self.outgoing.lock();
        outgoing.fan_out = None;
        unsent.append(&mut outgoing.unsent);
        outgoing.unsent = unsent;
        outgoing.wake();
    }

    /// Sends without waiting, and returns how many bytes the system accepted. Only for the fan-out while it owns the
    /// writing.
    ///
    /// # Errors
    /// The I/O error if the connection is broken.
    pub fn send_now(&self, bytes: &[u8]) -> io::Result<usize> {
        match self.send(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            outcome => outcome,
        }
    }

    /// As [`Connection::send_now`], for several whole frames.
    ///
    /// # Errors
    /// If not all were accepted, or the connection is broken: the rest of the frame of which a part was accepted.
    pub fn send_now_vectored(&self, frames: &[&Frame]) -> Result<(), VecDeque<Bytes>> {
        for frames in frames.chunks(MAX_BUFFERS) {
            let bufs: Vec<IoSlice<'_>> = frames.iter().map(|frame| IoSlice::new(&frame.0)).collect();
            let mut sent = self.send_vectored(&bufs).unwrap_or(0);
            for Frame(frame) in frames {
                if sent < frame.len() {
                    let rest = (sent > 0).then(|| frame.slice(sent..));
                    return Err(rest.into_iter().collect());
                }
                sent -= frame.len();
            }
        }
        Ok(())
    }

    /// Sends a whole frame of the socket's own task, whoever owns the writing. Waits while there is no room for it.
    ///
    /// # Errors
    /// The I/O error if the connection is broken.
    pub async fn write_own(&self, frame: &Frame) -> io::Result<()> {
        loop {
            match self.try_write(&[IoSlice::new(&frame.0)])? {
                WriteOutcome::Accepted => return Ok(()),
                WriteOutcome::Queued => poll_fn(|cx| self.poll_queue(cx)).await,
                WriteOutcome::Progress | WriteOutcome::Full => self.stream.writable().await?,
            }
        }
    }

    /// What the library has queued, for the fan-out to send.
    pub fn take_queued(&self) -> VecDeque<Bytes> {
        let mut outgoing = self.outgoing.lock();
        outgoing.wake();
        std::mem::take(&mut outgoing.unsent)
    }

    /// Waits until all unsent bytes are sent and the send buffer has room. If the future is dropped,
    /// no bytes are lost.
    ///
    /// # Errors
    /// The I/O error if the connection is broken.
    pub async fn drained(&self) -> io::Result<()> {
        loop {
            self.stream.writable().await?;
            if self.flush(&mut self.outgoing.lock().unsent)? {
                return Ok(());
            }
        }
    }

    /// Sends a whole frame, and waits while the send buffer is full. The fan-out must not own the writing. If the future
    /// is dropped, the frame is sent whole or not at all.
    ///
    /// # Errors
    /// The I/O error if the connection is broken.
    pub async fn write(&self, frame: &Frame) -> io::Result<()> {
        loop {
            if self.try_write(&[IoSlice::new(&frame.0)])? == WriteOutcome::Accepted {
                if self.outgoing.lock().unsent.is_empty() {
                    return Ok(());
                }
                return self.drained().await;
            }
            self.drained().await?;
        }
    }

    /// Sends the unsent bytes and then `bufs`, or queues `bufs` if the fan-out owns the writing. Accepts all of `bufs` or
    /// nothing, because they end where a frame ends.
    pub(super) fn try_write(&self, bufs: &[IoSlice<'_>]) -> io::Result<WriteOutcome> {
        let mut outgoing = self.outgoing.lock();
        let Outgoing { unsent, fan_out, .. } = &mut *outgoing;
        let length: usize = bufs.iter().map(|buf| buf.len()).sum();
        if let Some(fan_out) = fan_out {
            if total(unsent) > QUEUE_BYTES {
                return Ok(WriteOutcome::Queued);
            }
            if length > 0 {
                if unsent.is_empty() {
                    fan_out.request();
                }
                unsent.push_back(whole(bufs));
            }
            return Ok(WriteOutcome::Accepted);
        }
        let unsent_before = total(unsent);
        if self.flush(unsent)? {
            match self.send_vectored(bufs) {
                Ok(written) => {
                    if written < length {
                        unsent.push_back(whole(bufs).slice(written..));
                    }
                    return Ok(WriteOutcome::Accepted);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        let unsent_after = total(unsent);
        Ok(if unsent_after < unsent_before { WriteOutcome::Progress } else { WriteOutcome::Full })
    }

    /// Waits until the fan-out has sent what is queued, or has given the writing back.
    pub(super) fn poll_queue(&self, cx: &Context<'_>) -> Poll<()> {
        let mut outgoing = self.outgoing.lock();
        if outgoing.fan_out.is_none() || outgoing.unsent.is_empty() {
            return Poll::Ready(());
        }
        outgoing.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    pub(super) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_write_ready(cx)
    }

    /// Waits until the client has sent its first byte or has closed the connection.
    pub(super) async fn first_byte(&self) -> io::Result<()> {
        // not `readable()`: tokio assumes that a new stream is readable until a read fails
        self.stream.peek(&mut [0]).await.map(drop)
    }

    pub(super) fn poll_read(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            match self.stream.try_read_buf(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                outcome => return Poll::Ready(outcome.map(drop)),
            }
        }
    }

    /// Closes the sending side.
    pub(super) fn shutdown(&self) -> io::Result<()> {
        match SockRef::from(&self.stream).shutdown(Shutdown::Write) {
            Err(error) if error.kind() != io::ErrorKind::NotConnected => Err(error),
            _ => Ok(()),
        }
    }

    /// Closes the sending side, and discards what the client sends until it closes its own. Closing with unread
    /// input would reset the connection, and the client could lose the bytes that were sent last. No other task may
    /// read from the connection meanwhile. The client decides how long this takes, so the caller must set a timeout.
    ///
    /// # Errors
    /// The I/O error if the connection is broken.
    pub async fn finish(&self) -> io::Result<()> {
        if !self.outgoing.lock().unsent.is_empty() {
            self.drained().await?;
        }
        self.shutdown()?;
        let mut unread = vec![0; 4096];
        loop {
            let read = |cx: &mut Context<'_>| {
                let mut buf = ReadBuf::new(&mut unread);
                self.poll_read(cx, &mut buf).map_ok(|()| buf.filled().len())
            };
            if poll_fn(read).await? == 0 {
                return Ok(());
            }
        }
    }

    /// Sends the unsent bytes. Returns `true` if all of them are sent.
    fn flush(&self, unsent: &mut VecDeque<Bytes>) -> io::Result<bool> {
        while let Some(first) = unsent.front_mut() {
            match self.send(first) {
                Ok(written) if written == first.len() => drop(unsent.pop_front()),
                Ok(written) => drop(first.split_to(written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        *unsent = VecDeque::new(); // most connections never need it again
        Ok(true)
    }

    /// Calls the system's `send` directly and not through tokio: tokio's readiness flag is one more cache line to load,
    /// and is set only when a third of the send buffer is free. If the buffer is full, the second attempt, through
    /// tokio, fails too and clears the flag, so that `writable` waits.
    fn send(&self, buf: &[u8]) -> io::Result<usize> {
        match SockRef::from(&self.stream).send(buf) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.try_write(buf),
            outcome => outcome,
        }
    }

    /// As [`Connection::send`], for several buffers.
    fn send_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if bufs.is_empty() {
            return Ok(0);
        }
        match SockRef::from(&self.stream).send_vectored(bufs) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.try_write_vectored(bufs),
            outcome => outcome,
        }
    }
}

impl FlushRequests {
    fn request(&self) {
        let _ = self.requests.send(self.id); // the fan-out ends only with the process
    }
}

impl Outgoing {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

fn total(frames: &VecDeque<Bytes>) -> usize {
    frames.iter().map(Bytes::len).sum()
}

fn whole(bufs: &[IoSlice<'_>]) -> Bytes {
    bufs.iter().flat_map(|buf| buf.iter().copied()).collect::<Vec<u8>>().into()
}
