//! A connection in memory: what the server sends waits in a buffer of limited size until the client reads it.

use std::{
    collections::VecDeque,
    future::poll_fn,
    io::{self, IoSlice},
    net::Shutdown,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use shuttle::rand::{Rng, thread_rng};
use shuttle_parking_lot::Mutex;

use super::io::ReadBuf;

/// A connection as its two ends see it.
pub struct Pipe {
    state: Mutex<State>,
}

struct State {
    unread: VecDeque<u8>,
    capacity: usize,
    /// Whether the server has closed it.
    is_closed: bool,
    /// Whether it has failed: neither end gets anything more through.
    is_broken: bool,
    waiting: Vec<Waker>,
}

impl Pipe {
    /// `capacity`: the bytes that can wait for the client.
    pub fn new(capacity: usize) -> Arc<Self> {
        let state =
            State { unread: VecDeque::new(), capacity, is_closed: false, is_broken: false, waiting: Vec::new() };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// Changes the state, and wakes who waits for a change.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock();
        let outcome = change(&mut state);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
        outcome
    }

    pub fn break_off(&self) {
        self.change(|state| state.is_broken = true);
    }

    /// Waits for bytes and takes some of them; `None` at the end.
    pub async fn read(&self) -> Option<Vec<u8>> {
        let readable = |cx: &mut Context<'_>| {
            let mut state = self.state.lock();
            if state.unread.is_empty() && !state.is_closed && !state.is_broken {
                state.waiting.push(cx.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(state.unread.len())
        };
        match poll_fn(readable).await {
            0 => None,
            most => Some(self.change(|state| state.unread.drain(..thread_rng().gen_range(1..=most)).collect())),
        }
    }

    /// Whether nothing more can come.
    pub fn is_at_end(&self) -> bool {
        let state = self.state.lock();
        state.is_broken || state.is_closed && state.unread.is_empty()
    }

    /// Whether there are bytes to read.
    pub fn is_readable(&self) -> bool {
        !self.state.lock().unread.is_empty()
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let state = self.state.lock();
        if state.is_broken || state.is_closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let accepted = bytes.len().min(state.capacity - state.unread.len());
        if accepted == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        drop(state);
        // no other task of the server writes meanwhile, or frames are torn, which the client finds
        self.change(|state| state.unread.extend(&bytes[..accepted]));
        Ok(accepted)
    }
}

/// The server's end.
pub struct TcpStream(pub Arc<Pipe>);

impl TcpStream {
    /// Ready as the system says it: when a third of the buffer is free.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.0.state.lock();
        if state.is_broken || state.is_closed || (state.capacity - state.unread.len()) * 3 >= state.capacity {
            return Poll::Ready(Ok(()));
        }
        state.waiting.push(cx.waker().clone());
        Poll::Pending
    }

    pub async fn writable(&self) -> io::Result<()> {
        poll_fn(|cx| self.poll_write_ready(cx)).await
    }

    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let bytes: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
        self.0.write(&bytes)
    }

    pub async fn peek(&self, _: &mut [u8]) -> io::Result<usize> {
        unreachable!("clients send commands, not bytes")
    }

    pub fn poll_read_ready(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        unreachable!("clients send commands, not bytes")
    }

    pub fn try_read_buf(&self, _: &mut ReadBuf<'_>) -> io::Result<usize> {
        unreachable!("clients send commands, not bytes")
    }
}

/// The server's end, by the system's calls.
pub struct SockRef<'a>(&'a TcpStream);

impl<'a> From<&'a TcpStream> for SockRef<'a> {
    fn from(stream: &'a TcpStream) -> Self {
        Self(stream)
    }
}

impl SockRef<'_> {
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    pub fn send_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(bufs)
    }

    pub fn shutdown(&self, _: Shutdown) -> io::Result<()> {
        self.0.0.change(|state| state.is_closed = true);
        Ok(())
    }
}
