//! The HTTP and WebSocket libraries' end of a connection.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
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
    connection::{Attempt, Connection},
};

/// A [`Connection`] as the libraries read and write it, with what counts the connection until it is closed. A WebSocket
/// takes it along when it is upgraded.
///
/// A client that reads nothing ends the connection: a write may wait for [`ConnectionPermits::write_limit`] without any progress.
/// A WebSocket is exempt, as it has limits of its own.
pub(super) struct ConnectionIo {
    connection: Arc<Connection>,
    /// Only while a write waits: most connections never have one.
    stalled: Option<Pin<Box<Sleep>>>,
    permits: ConnectionPermits,
}

/// What a connection holds until it is closed.
pub(super) struct ConnectionPermits {
    /// Longest that a write may wait without progress.
    pub write_limit: Duration,
    /// Its place among all connections.
    pub _permit: Option<OwnedSemaphorePermit>,
    /// Its place among those of its client's address.
    pub _slot: Option<Arc<AddressSlot>>,
}

impl ConnectionIo {
    pub(super) fn new(connection: Arc<Connection>, permits: ConnectionPermits) -> Self {
        Self { connection, stalled: None, permits }
    }

    /// Takes all of `bufs` or nothing.
    fn poll_attempts(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<()>> {
        loop {
            match self.connection.attempt(bufs)? {
                Attempt::Taken => {
                    self.stalled = None;
                    return Poll::Ready(Ok(()));
                }
                Attempt::Progress => self.stalled = None,
                Attempt::Full => {}
            }
            if self.connection.poll_writable(cx)?.is_pending() {
                return self.poll_stalled(cx);
            }
        }
    }

    /// Pending until a write has waited for too long.
    fn poll_stalled(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.connection.is_websocket() {
            self.stalled = None;
            return Poll::Pending;
        }
        let limit = self.permits.write_limit;
        ready!(self.stalled.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read what it asked for")))
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
        self.poll_attempts(cx, bufs).map_ok(|()| length)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_attempts(cx, &[])
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Poll::Ready(self.connection.shutdown())
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::poll;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        time::{Instant, timeout},
    };

    use super::*;
    use crate::net::{Frame, connection::Offer};

    /// Longest wait for what has to happen.
    const PATIENCE: Duration = Duration::from_secs(20);

    impl ConnectionIo {
        fn deadline(&self) -> Option<Instant> {
            self.stalled.as_ref().map(|stalled| stalled.deadline())
        }
    }

    async fn pair(write_limit: Duration) -> (Arc<Connection>, ConnectionIo, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let connection = Arc::new(Connection::new(accepted.unwrap().0));
        let held = ConnectionPermits { write_limit, _permit: None, _slot: None };
        (Arc::clone(&connection), ConnectionIo::new(connection, held), client.unwrap())
    }

    /// A reader that stops, and two who go on writing to it: whatever is taken arrives whole and in order.
    #[tokio::test]
    async fn frames_of_both_writers_arrive_whole() {
        let (connection, mut library, mut client) = pair(PATIENCE).await;
        let broadcast = Frame::text(std::iter::once("b".repeat(30_000).as_str()));
        let mut taken = 0;
        while connection.offer(&broadcast).unwrap() != Offer::Refused {
            taken += 1;
        }
        assert!(taken > 1);
        let own = vec![b'o'; 30_000];
        let writing = async {
            library.write_all(&own).await.unwrap();
            connection.write(&broadcast).await.unwrap();
            library.write_all(&own).await.unwrap();
            library.shutdown().await.unwrap();
        };
        let mut received = Vec::new();
        tokio::join!(writing, client.read_to_end(&mut received)).1.unwrap();
        let mut expected = broadcast.0.repeat(taken);
        expected.extend(&own);
        expected.extend(&broadcast.0);
        expected.extend(&own);
        assert!(received == expected, "{} of {} bytes", received.len(), expected.len());
    }

    /// Writes until the system takes no more.
    async fn fill(connection: &mut ConnectionIo) {
        let block = vec![b'x'; 1 << 20];
        while poll!(pin!(connection.write_all(&block))).is_ready() {}
    }

    #[tokio::test]
    async fn a_client_that_reads_nothing_is_given_up() {
        let (_wire, mut connection, _client) = pair(Duration::from_millis(100)).await;
        fill(&mut connection).await;
        // the system may still find room for some of it
        let block = vec![b'x'; 1 << 20];
        let writing = async {
            loop {
                if let Err(error) = connection.write_all(&block).await {
                    return error;
                }
            }
        };
        let error = timeout(PATIENCE, writing).await.expect("an end of the wait");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_client_that_reads_slowly_is_not() {
        let (_wire, mut connection, client) = pair(PATIENCE).await;
        fill(&mut connection).await;
        let mut before = connection.deadline().expect("a write waits");
        let mut some = vec![0; 1 << 20];
        for _ in 0..5 {
            // the system takes its time to find room
            while !poll!(pin!(connection.write_all(b"more"))).is_ready() {
                let _ = client.try_read(&mut some);
                tokio::task::yield_now().await;
            }
            assert_eq!(connection.deadline(), None, "nothing waits, and nothing is kept for it");
            fill(&mut connection).await;
            let after = connection.deadline().expect("a write waits");
            assert!(after > before, "with the whole time before it");
            before = after;
        }
    }

    #[tokio::test]
    async fn a_websocket_has_limits_of_its_own() {
        let (shared, mut connection, mut client) = pair(PATIENCE).await;
        fill(&mut connection).await;
        shared.upgraded();
        assert!(poll!(pin!(connection.flush())).is_pending());
        assert_eq!(connection.deadline(), None);
        let mut some = vec![0; 1 << 20];
        let reading = async { while client.read(&mut some).await.unwrap() > 0 {} };
        tokio::select! { flushed = connection.flush() => flushed.unwrap(), () = reading => unreachable!() }
    }
}
