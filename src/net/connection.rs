//! A connection with two writers: the HTTP and WebSocket libraries write the data for this connection alone, and the
//! fan-out writes the frames for every socket of a room.
//!
//! A broadcast sends the same bytes to every socket. A WebSocket library would copy them into each socket's buffer, in
//! each socket's task; and waking a thousand tasks costs as much as the thousand system calls. So the fan-out encodes a
//! frame once and writes it directly to the stream. The bytes of the two writers do not mix, because both write whole
//! frames: if the system accepts only a part of a frame, the rest is kept here and is sent before anything else.

use std::{
    future::poll_fn,
    io::{self, IoSlice},
    net::Shutdown,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use socket2::SockRef;
use tokio::{io::ReadBuf, net::TcpStream};

use super::{
    Frame,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// The outcome of [`Connection::offer`].
#[derive(Debug, PartialEq, Eq)]
pub enum Offer {
    /// The whole frame is in the system's send buffer.
    Sent,
    /// A part of the frame is in the send buffer. The rest is kept here, and no other frame is accepted before it is
    /// sent; [`Connection::drained`] waits for that.
    Buffered,
    /// The send buffer is full: the frame was not accepted.
    Full,
}

/// The outcome of [`Connection::try_write`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WriteOutcome {
    /// All bytes are sent or kept here.
    Accepted,
    /// The bytes were not accepted, but some earlier unsent bytes were sent.
    Progress,
    /// Nothing was sent: the send buffer is full.
    Full,
}

pub struct Connection {
    stream: TcpStream,
    /// The rest of a frame that did not fit into the system's send buffer.
    unsent: Mutex<Bytes>,
    is_websocket: AtomicBool,
}

impl Connection {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, unsent: Mutex::default(), is_websocket: AtomicBool::new(false) }
    }

    /// Marks the connection as a WebSocket. The code that writes to the socket sets the time limits from then on.
    pub(super) fn set_websocket(&self) {
        self.is_websocket.store(true, Relaxed);
    }

    pub(super) fn is_websocket(&self) -> bool {
        self.is_websocket.load(Relaxed)
    }

    /// Sends a frame without waiting. If only its beginning fits into the send buffer, keeps the rest.
    ///
    /// # Errors
    /// The I/O error if the connection is broken.
    pub fn offer(&self, frame: &Frame) -> io::Result<Offer> {
        let mut unsent = self.unsent.lock();
        if !unsent.is_empty() && !self.flush(&mut unsent)? {
            return Ok(Offer::Full);
        }
        match self.send(&frame.0) {
            Ok(written) if written == frame.0.len() => Ok(Offer::Sent),
            Ok(written) => {
                *unsent = frame.0.slice(written..);
                Ok(Offer::Buffered)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Offer::Full),
            Err(error) => Err(error),
        }
    }

    /// Waits until all unsent bytes are sent and the send buffer has room. If the future is dropped,
    /// no bytes are lost.
    ///
    /// # Errors
    /// The I/O error if the connection is broken.
    pub async fn drained(&self) -> io::Result<()> {
        loop {
            self.stream.writable().await?;
            if self.flush(&mut self.unsent.lock())? {
                return Ok(());
            }
        }
    }

    /// Sends a whole frame, and waits while the send buffer is full.
    ///
    /// # Errors
    /// The I/O error if the connection is broken.
    pub async fn write(&self, frame: &Frame) -> io::Result<()> {
        loop {
            match self.offer(frame)? {
                Offer::Sent => return Ok(()),
                Offer::Buffered => return self.drained().await,
                Offer::Full => self.drained().await?,
            }
        }
    }

    /// Sends the unsent bytes and then `bufs`. Accepts all of `bufs` or nothing, because they end where a frame ends.
    pub(super) fn try_write(&self, bufs: &[IoSlice<'_>]) -> io::Result<WriteOutcome> {
        let mut unsent = self.unsent.lock();
        let unsent_before = unsent.len();
        if self.flush(&mut unsent)? {
            match self.send_vectored(bufs) {
                Ok(written) => {
                    if written < bufs.iter().map(|buf| buf.len()).sum() {
                        let whole: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
                        *unsent = Bytes::from(whole).slice(written..);
                    }
                    return Ok(WriteOutcome::Accepted);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(if unsent.len() < unsent_before { WriteOutcome::Progress } else { WriteOutcome::Full })
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
        if !self.unsent.lock().is_empty() {
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
    fn flush(&self, unsent: &mut Bytes) -> io::Result<bool> {
        while !unsent.is_empty() {
            match self.send(unsent) {
                Ok(written) => drop(unsent.split_to(written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        *unsent = Bytes::new(); // an empty slice would keep the whole frame in memory
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
