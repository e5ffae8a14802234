//! A connection that two write to: the HTTP and WebSocket libraries for what concerns it alone, and the
//! fan-out for what goes to everybody.
//!
//! A broadcast is the same bytes for every socket. A WebSocket library would copy them into each socket's
//! buffer, in each socket's task; and waking a thousand tasks costs as much as the thousand system calls.
//! So the fan-out writes frames, made once, straight to the stream. What keeps the two apart is that both
//! hand over whole frames: what the system does not take of one is kept here, and goes out before anything else.

use std::{
    future::poll_fn,
    hint::black_box,
    io::{self, IoSlice},
    net::Shutdown,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use socket2::SockRef;
use tokio::{io::ReadBuf, net::TcpStream};

use super::Frame;

/// What became of a frame that was offered.
#[derive(Debug, PartialEq, Eq)]
pub enum Offer {
    /// It is with the system.
    Sent,
    /// It is taken, and some of it waits for room: nothing more can be offered until [`Connection::drained`].
    Held,
    /// It is not taken: there is no room.
    Refused,
}

/// What an attempt to write came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// All of it is taken.
    Taken,
    /// It is not taken yet, but something that was held went out.
    Progress,
    /// The system has no room.
    Full,
}

pub struct Connection {
    stream: TcpStream,
    /// The end of a frame that the system had no room for.
    rest: Mutex<Bytes>,
    is_websocket: AtomicBool,
}

impl Connection {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, rest: Mutex::default(), is_websocket: AtomicBool::new(false) }
    }

    /// Notes that the connection was upgraded. From here on its writer has time limits of its own.
    pub(super) fn upgraded(&self) {
        self.is_websocket.store(true, Relaxed);
    }

    pub(super) fn is_websocket(&self) -> bool {
        self.is_websocket.load(Relaxed)
    }

    /// Has the cache line of what is held loaded, by a read that nothing waits for.
    pub fn prefetch(&self) {
        black_box(self.rest.is_poisoned());
    }

    /// Writes a whole frame without waiting, if there is room for any of it.
    ///
    /// # Errors
    /// Where the connection is broken.
    pub fn offer(&self, frame: &Frame) -> io::Result<Offer> {
        let mut rest = self.rest();
        if !rest.is_empty() && !self.write_rest(&mut rest)? {
            return Ok(Offer::Refused);
        }
        match self.send(&frame.0) {
            Ok(written) if written == frame.0.len() => Ok(Offer::Sent),
            Ok(written) => {
                *rest = frame.0.slice(written..);
                Ok(Offer::Held)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Offer::Refused),
            Err(error) => Err(error),
        }
    }

    /// Waits until nothing is held and the system has room again. Dropping the future loses nothing.
    ///
    /// # Errors
    /// Where the connection is broken.
    pub async fn drained(&self) -> io::Result<()> {
        loop {
            self.stream.writable().await?;
            if self.write_rest(&mut self.rest())? {
                return Ok(());
            }
        }
    }

    /// Writes a whole frame, waiting for room.
    ///
    /// # Errors
    /// Where the connection is broken.
    pub async fn write(&self, frame: &Frame) -> io::Result<()> {
        loop {
            match self.offer(frame)? {
                Offer::Sent => return Ok(()),
                Offer::Held => return self.drained().await,
                Offer::Refused => self.drained().await?,
            }
        }
    }

    /// Writes what is held and then `bufs`: all of them or nothing, as they end where a frame does.
    pub(super) fn attempt(&self, bufs: &[IoSlice<'_>]) -> io::Result<Attempt> {
        let mut rest = self.rest();
        let held = rest.len();
        if self.write_rest(&mut rest)? {
            match self.send_vectored(bufs) {
                Ok(written) => {
                    if written < bufs.iter().map(|buf| buf.len()).sum() {
                        let whole: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
                        *rest = Bytes::from(whole).slice(written..);
                    }
                    return Ok(Attempt::Taken);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(if rest.len() < held { Attempt::Progress } else { Attempt::Full })
    }

    pub(super) fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_write_ready(cx)
    }

    /// Waits until the client has sent something, or has closed.
    pub(super) async fn spoken(&self) -> io::Result<()> {
        // a look at the input: tokio assumes that a new stream is readable, and finds out by trying
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

    /// Tells the client that nothing more will come.
    pub(super) fn shutdown(&self) -> io::Result<()> {
        match SockRef::from(&self.stream).shutdown(Shutdown::Write) {
            Err(error) if error.kind() != io::ErrorKind::NotConnected => Err(error),
            _ => Ok(()),
        }
    }

    /// Ends this side of the connection, and discards what the client sends until it ends its own. To close with
    /// unread input would reset the connection, and the client could lose what was written last. Nobody else may
    /// read any more. The client decides how long this takes: set a time limit.
    ///
    /// # Errors
    /// Where the connection is broken.
    pub async fn finish(&self) -> io::Result<()> {
        if !self.rest().is_empty() {
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

    fn rest(&self) -> MutexGuard<'_, Bytes> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing is held any more.
    fn write_rest(&self, rest: &mut Bytes) -> io::Result<bool> {
        while !rest.is_empty() {
            match self.send(rest) {
                Ok(written) => drop(rest.split_to(written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        *rest = Bytes::new(); // an empty slice would hold on to the whole frame
        Ok(true)
    }

    /// Past tokio, whose note of the socket's readiness is one more cache line to wait for, and comes only when a
    /// third of the system's buffer is free. tokio is told where there is no room, by failing once more.
    fn send(&self, buf: &[u8]) -> io::Result<usize> {
        match SockRef::from(&self.stream).send(buf) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.try_write(buf),
            outcome => outcome,
        }
    }

    /// As [`Connection::send`].
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
