//! A connection as the HTTP and WebSocket libraries read and write it.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::OwnedSemaphorePermit,
    time::{Sleep, sleep},
};

use super::{
    address::AddressSlot,
    connection::{Connection, WriteOutcome},
    sync::Arc,
};

/// A [`Connection`] with the permits that count it until it is closed. An upgrade to a WebSocket keeps it.
///
/// A write that makes no progress for `write_timeout` fails, which ends the connection of a client that reads nothing.
/// A WebSocket is exempt, because the code that writes to it has its own timeouts.
pub(super) struct ConnectionIo {
    connection: Arc<Connection>,
    write_timeout: Duration,
    /// The time limit of the write that waits now. Boxed, because most connections never have one.
    stalled: Option<Pin<Box<Sleep>>>,
    _permits: ConnectionPermits,
}

/// What a connection holds until it is closed.
pub(super) struct ConnectionPermits {
    /// One of the permits for all connections of the process.
    pub _permit: Option<OwnedSemaphorePermit>,
    /// The count among the connections of the client's network.
    pub _slot: Option<Arc<AddressSlot>>,
}

impl ConnectionIo {
    pub(super) fn new(connection: Arc<Connection>, write_timeout: Duration, permits: ConnectionPermits) -> Self {
        Self { connection, write_timeout, stalled: None, _permits: permits }
    }

    /// Accepts all of `bufs` or nothing.
    fn poll_write_all(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<()>> {
        loop {
            match self.connection.try_write(bufs)? {
                WriteOutcome::Accepted => {
                    self.stalled = None;
                    return Poll::Ready(Ok(()));
                }
                WriteOutcome::Progress => self.stalled = None,
                WriteOutcome::Full => {}
                WriteOutcome::Queued => {
                    ready!(self.connection.poll_queue(cx));
                    continue;
                }
            }
            if self.connection.poll_writable(cx)?.is_pending() {
                return self.poll_write_timeout(cx);
            }
        }
    }

    /// Pending until a write has made no progress for `write_timeout`.
    fn poll_write_timeout(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.connection.is_websocket() {
            self.stalled = None;
            return Poll::Pending;
        }
        let timeout = self.write_timeout;
        ready!(self.stalled.get_or_insert_with(|| Box::pin(sleep(timeout))).as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read the response")))
    }
}

impl AsyncRead for ConnectionIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.connection.poll_read(cx, buf)
    }
}

impl AsyncWrite for ConnectionIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = bufs.iter().map(|buf| buf.len()).sum();
        self.poll_write_all(cx, bufs).map_ok(|()| length)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write_all(cx, &[])
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Poll::Ready(self.connection.shutdown())
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use bytes::Bytes;
    use futures_util::poll;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        sync::mpsc,
        time::{Instant, timeout},
    };

    use super::*;
    use crate::net::{Frame, connection::FlushRequests};

    /// Longest wait for an event that must happen.
    const TEST_TIMEOUT: Duration = Duration::from_secs(20);

    impl ConnectionIo {
        fn deadline(&self) -> Option<Instant> {
            self.stalled.as_ref().map(|stalled| stalled.deadline())
        }
    }

    async fn pair(write_timeout: Duration) -> (Arc<Connection>, ConnectionIo, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let connection = Arc::new(Connection::new(accepted.unwrap().0));
        let permits = ConnectionPermits { _permit: None, _slot: None };
        (Arc::clone(&connection), ConnectionIo::new(connection, write_timeout, permits), client.unwrap())
    }

    /// The client stops reading while both writers go on: every accepted frame arrives whole and in order.
    #[tokio::test]
    async fn frames_of_both_writers_arrive_whole() {
        let (connection, mut io, mut client) = pair(TEST_TIMEOUT).await;
        let broadcast = Frame::text(std::iter::once("b".repeat(30_000).as_str()));
        let mut accepted = 0;
        loop {
            let written = connection.send_now(broadcast.bytes()).unwrap();
            accepted += 1;
            if written < broadcast.bytes().len() {
                connection.take_back([broadcast.bytes().slice(written..)].into());
                break;
            }
        }
        assert!(accepted > 1);
        let own = vec![b'o'; 30_000];
        let writing = async {
            io.write_all(&own).await.unwrap();
            connection.write(&broadcast).await.unwrap();
            io.write_all(&own).await.unwrap();
            io.shutdown().await.unwrap();
        };
        let mut received = Vec::new();
        tokio::join!(writing, client.read_to_end(&mut received)).1.unwrap();
        let mut expected = broadcast.0.repeat(accepted);
        expected.extend(&own);
        expected.extend(&broadcast.0);
        expected.extend(&own);
        assert!(received == expected, "{} of {} bytes", received.len(), expected.len());
    }

    /// Writes until the send buffer is full.
    async fn fill(io: &mut ConnectionIo) {
        let block = vec![b'x'; 1 << 20];
        while poll!(pin!(io.write_all(&block))).is_ready() {}
    }

    #[tokio::test]
    async fn a_client_that_reads_nothing_is_disconnected() {
        let (_connection, mut io, _client) = pair(Duration::from_millis(100)).await;
        fill(&mut io).await;
        // the system may still take a part of it
        let block = vec![b'x'; 1 << 20];
        let writing = async {
            loop {
                if let Err(error) = io.write_all(&block).await {
                    return error;
                }
            }
        };
        let error = timeout(TEST_TIMEOUT, writing).await.expect("the write fails");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_client_that_reads_slowly_stays_connected() {
        let (_connection, mut io, client) = pair(TEST_TIMEOUT).await;
        fill(&mut io).await;
        let mut before = io.deadline().expect("a write waits");
        let mut some = vec![0; 1 << 20];
        for _ in 0..5 {
            // the system does not free its buffer at once
            while !poll!(pin!(io.write_all(b"more"))).is_ready() {
                let _ = client.try_read(&mut some);
                tokio::task::yield_now().await;
            }
            assert_eq!(io.deadline(), None, "no write waits");
            fill(&mut io).await;
            let after = io.deadline().expect("a write waits");
            assert!(after > before, "the timeout starts anew");
            before = after;
        }
    }

    #[tokio::test]
    async fn a_websocket_has_no_write_timeout_here() {
        let (connection, mut io, mut client) = pair(TEST_TIMEOUT).await;
        fill(&mut io).await;
        connection.set_websocket();
        assert!(poll!(pin!(io.flush())).is_pending());
        assert_eq!(io.deadline(), None);
        let mut some = vec![0; 1 << 20];
        let reading = async { while client.read(&mut some).await.unwrap() > 0 {} };
        tokio::select! { flushed = io.flush() => flushed.unwrap(), () = reading => unreachable!() }
    }

    /// While the fan-out owns the writing, the library's frames wait for it, up to a limit, and are sent after what the
    /// fan-out could not send.
    #[tokio::test]
    async fn the_fan_out_sends_what_the_library_queues() {
        let (connection, mut io, mut client) = pair(TEST_TIMEOUT).await;
        let (requests, mut flushes) = mpsc::unbounded_channel();
        connection.hand_over(FlushRequests { requests, id: 7 });
        io.write_all(b"pong ").await.unwrap();
        io.write_all(b"reply ").await.unwrap();
        assert_eq!((flushes.try_recv(), flushes.try_recv().is_err()), (Ok(7), true), "one request is enough");
        let queued: Vec<u8> = connection.take_queued().into_iter().flatten().collect();
        assert_eq!(queued, b"pong reply ");

        let block = vec![b'x'; 40 * 1024];
        io.write_all(&block).await.unwrap();
        io.write_all(&block).await.unwrap();
        let mut third = pin!(io.write_all(&block));
        assert!(poll!(third.as_mut()).is_pending(), "the queue is bounded");
        assert_eq!(connection.take_queued().len(), 2);
        timeout(TEST_TIMEOUT, third).await.unwrap().unwrap();

        assert_eq!(connection.send_now(b"whole frame, ").unwrap(), 13);
        connection.take_back([Bytes::from_static(b"rest of a frame, ")].into());
        io.write_all(b"the end").await.unwrap();
        io.shutdown().await.unwrap();
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.unwrap();
        let expected = [b"whole frame, ".as_slice(), b"rest of a frame, ", &block, b"the end"].concat();
        assert!(received == expected, "{} of {} bytes", received.len(), expected.len());
    }
}
