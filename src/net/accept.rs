//! The accept loop.
//!
//! `axum::serve` never closes silent connections and does not limit their number (tokio-rs/axum#2741), so natter has
//! its own loop, with time limits for reading and writing, limits on the number of connections, and a graceful stop.
//!
//! A connection needs little memory until its first byte arrives. From then on it is *new* and needs about 35 KB until
//! its first request is answered. Only a limited number of connections are new at a time; the others wait.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::StatusCode};
use backon::Retryable;
use hyper::{
    body::{Body as _, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};
use tower::ServiceExt;

use super::{
    address::{AddressCounts, AddressSlot},
    connection::{Connection, PING_INTERVAL},
    io::{ConnectionIo, ConnectionPermits},
    retry::backoff,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// The limits of one listener's connections.
#[derive(Clone)]
pub struct ListenerSettings {
    /// A permit for each connection; shared by all listeners.
    pub permits: Arc<Semaphore>,
    /// The connections of each client network; shared by all listeners.
    pub addresses: Arc<AddressCounts>,
    /// Whether the peer is the client. If it is, a connection counts for its network from the start. Behind a proxy,
    /// each request sets the client's address in the connection's [`AddressSlot`].
    pub peer_is_client: bool,
    pub limits: ConnectionLimits,
}

/// Limits that are constants; only tests change them.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// The maximum time until the first byte, and from the first byte until the end of a request's head.
    pub head_timeout: Duration,
    /// The maximum time that a write may wait without progress.
    pub write_timeout: Duration,
    /// The maximum number of connections that are new at a time. If thousands of clients reconnect at once, as after a
    /// restart, their first requests must not all need memory at the same time.
    pub max_new: usize,
    /// The maximum time that a connection counts as new without a whole request: slow clients must not block others.
    pub new_without_request: Duration,
    /// The maximum time that a connection counts as new, with a whole request.
    pub new_in_all: Duration,
    /// The maximum time that a stop waits for the requests in progress and for the sockets to close.
    pub drain_timeout: Duration,
    /// How often a ping is sent over a WebSocket. A client that sends nothing for two of these intervals is lost.
    pub ping_interval: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(20),
            write_timeout: Duration::from_secs(20),
            max_new: 256,
            new_without_request: Duration::from_millis(100),
            new_in_all: Duration::from_millis(500),
            drain_timeout: Duration::from_secs(4),
            ping_interval: PING_INTERVAL,
        }
    }
}

/// What a connection buffers of a request and of a response: little, because a slow client holds it for long.
const BUFFER_BYTES: usize = 64 * 1024;
/// The first and the longest delay before the next attempt after `accept` failed.
const ACCEPT_DELAYS: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];

/// Serves until `stop` resolves, and then until the requests in progress are answered.
pub async fn serve(listener: TcpListener, router: Router, settings: ListenerSettings, stop: impl Future<Output = ()>) {
    let ListenerSettings { permits, addresses, peer_is_client, limits } = settings;
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head_timeout).max_buf_size(BUFFER_BYTES);
    let new_permits = Arc::new(Semaphore::new(limits.max_new));
    let handler = Arc::new(ConnectionHandler { router, http, new_permits, limits });
    let (stopping, stopped) = watch::channel(());
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = async {
            let permit = Arc::clone(&permits).acquire_owned().await.ok();
            let (stream, peer) = accept(&listener).await;
            (permit, stream, peer)
        };
        let (permit, stream, peer) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut stop => break,
        };
        let slot = Arc::new(AddressSlot::new(Arc::clone(&addresses)));
        if peer_is_client && slot.count_under(peer.ip()).is_err() {
            continue; // dropping the stream closes the connection
        }
        let connection = Arc::new(Connection::with_pings(stream, limits.ping_interval));
        let accepted = AcceptedConnection { connection, slot, peer };
        tokio::spawn(Arc::clone(&handler).handle(accepted, permit, stopped.clone()));
    }
    drop((listener, stopped));
    let _ = stopping.send(());
    if timeout(limits.drain_timeout, stopping.closed()).await.is_err() {
        tracing::warn!(timeout = ?limits.drain_timeout, "requests still in progress at the stop");
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    let [first, longest] = ACCEPT_DELAYS;
    // most likely the process has no free file descriptors; a later attempt succeeds once other connections are closed
    let retried = (|| listener.accept()).retry(backoff(first, longest)).notify(|error, retry_in| {
        tracing::warn!(%error, ?retry_in, "accept failed");
    });
    let (stream, peer) = retried.await.expect("the retries do not end");
    let _ = stream.set_nodelay(true); // frames are combined before they are written
    (stream, peer)
}

/// Handles the connections of a listener.
struct ConnectionHandler {
    router: Router,
    http: http1::Builder,
    /// A permit for each connection that is new.
    new_permits: Arc<Semaphore>,
    limits: ConnectionLimits,
}

struct AcceptedConnection {
    connection: Arc<Connection>,
    slot: Arc<AddressSlot>,
    peer: SocketAddr,
}

impl ConnectionHandler {
    /// Waits for the first byte, and then serves the connection. The future that serves is boxed, so that a
    /// silent connection only needs memory for this small one.
    async fn handle(
        self: Arc<Self>,
        accepted: AcceptedConnection,
        permit: Option<OwnedSemaphorePermit>,
        mut stop: watch::Receiver<()>,
    ) {
        let new_permit = async {
            timeout(self.limits.head_timeout, accepted.connection.first_byte()).await.ok()?.ok()?;
            Arc::clone(&self.new_permits).acquire_owned().await.ok()
        };
        let new_permit = tokio::select! {
            new_permit = new_permit => new_permit,
            _ = stop.changed() => None,
        };
        if let Some(new_permit) = new_permit {
            Box::pin(self.serve(accepted, permit, NewConnection::new(new_permit), stop)).await;
        }
    }

    async fn serve(
        &self,
        accepted: AcceptedConnection,
        permit: Option<OwnedSemaphorePermit>,
        new: Arc<NewConnection>,
        mut stop: watch::Receiver<()>,
    ) {
        let permits = ConnectionPermits { _permit: permit, _slot: Some(Arc::clone(&accepted.slot)) };
        let io = ConnectionIo::new(Arc::clone(&accepted.connection), self.limits.write_timeout, permits);
        let service = service_fn(|request: hyper::Request<Incoming>| {
            // a request is whole only with its body: a client can be slow to send that too
            new.has_request.store(request.body().is_end_stream(), Relaxed);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(accepted.peer));
            request.extensions_mut().insert(Arc::clone(&accepted.slot));
            request.extensions_mut().insert(Arc::clone(&accepted.connection)); // for the fan-out to a WebSocket
            let response = self.router.clone().oneshot(request);
            let (new, connection) = (Arc::clone(&new), Arc::clone(&accepted.connection));
            async move {
                let response = response.await;
                new.release();
                if response.as_ref().is_ok_and(|response| response.status() == StatusCode::SWITCHING_PROTOCOLS) {
                    connection.set_websocket();
                }
                response
            }
        });
        let mut serving = std::pin::pin!(self.http.serve_connection(TokioIo::new(io), service).with_upgrades());
        let ended = tokio::select! {
            ended = &mut serving => ended,
            ended = async { new.release_in_time(&self.limits).await; std::future::pending().await } => ended,
            _ = stop.changed() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, peer = %accepted.peer, "connection failed");
        }
    }
}

/// Counts a connection as new until its first request is answered, or until a time limit.
struct NewConnection {
    permit: Mutex<Option<OwnedSemaphorePermit>>,
    /// Whether a whole request has arrived.
    has_request: AtomicBool,
}

impl NewConnection {
    fn new(permit: OwnedSemaphorePermit) -> Arc<Self> {
        Arc::new(Self { permit: Mutex::new(Some(permit)), has_request: AtomicBool::new(false) })
    }

    fn release(&self) {
        drop(self.permit.lock().take());
    }

    async fn release_in_time(&self, limits: &ConnectionLimits) {
        sleep(limits.new_without_request).await;
        if self.has_request.load(Relaxed) {
            sleep(limits.new_in_all.saturating_sub(limits.new_without_request)).await;
        }
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// The maximum wait for an event that must happen: far longer than the event takes, and far shorter than it would
    /// take without the limits.
    const TEST_TIMEOUT: Duration = Duration::from_secs(20);
    const PERMITS: u32 = 500;

    struct TestServer {
        address: SocketAddr,
        permits: Arc<Semaphore>,
        /// The most requests of `/counted` that were handled at the same time.
        most_at_once: Arc<AtomicUsize>,
    }

    impl TestServer {
        async fn start(limits: ConnectionLimits) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let (address, permits) = (listener.local_addr().unwrap(), Arc::new(Semaphore::new(PERMITS as usize)));
            let large = "x".repeat(1 << 20);
            let (now, most_at_once) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
            let (now, most) = (Arc::new(now), Arc::clone(&most_at_once));
            let router = Router::new()
                .route("/", get(async || "hello"))
                .route("/large", get(async move || large.clone()))
                .route("/slow", post(async |_: axum::body::Bytes| ()))
                .route(
                    "/counted",
                    get(async move || {
                        most.fetch_max(now.fetch_add(1, Relaxed) + 1, Relaxed);
                        sleep(Duration::from_millis(20)).await;
                        now.fetch_sub(1, Relaxed);
                    }),
                );
            let settings = ListenerSettings {
                permits: Arc::clone(&permits),
                addresses: AddressCounts::new(None),
                peer_is_client: true,
                limits,
            };
            tokio::spawn(serve(listener, router, settings, std::future::pending()));
            Self { address, permits, most_at_once }
        }

        async fn connect(&self, bytes: &[u8]) -> TcpStream {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            stream
        }

        async fn connect_many(&self, count: usize, bytes: &[u8]) -> Vec<TcpStream> {
            let mut streams = Vec::new();
            for _ in 0..count {
                streams.push(self.connect(bytes).await);
            }
            streams
        }

        async fn assert_answers(&self) {
            let mut stream = self.connect(b"GET / HTTP/1.1\r\nhost: natter\r\nconnection: close\r\n\r\n").await;
            let mut response = String::new();
            let read = timeout(TEST_TIMEOUT, stream.read_to_string(&mut response)).await;
            read.expect("a response in time").unwrap();
            assert!(response.starts_with("HTTP/1.1 200 OK") && response.ends_with("hello"), "{response}");
        }
    }

    /// Only two connections are new at a time, each for longer than a test waits: if others have to wait for them, the
    /// test fails.
    fn strict() -> ConnectionLimits {
        ConnectionLimits { max_new: 2, new_in_all: Duration::from_secs(600), ..ConnectionLimits::default() }
    }

    #[tokio::test]
    async fn silent_connections_do_not_block_others() {
        let server =
            TestServer::start(ConnectionLimits { new_without_request: Duration::from_secs(600), ..strict() }).await;
        let _silent = server.connect_many(100, b"").await;
        server.assert_answers().await;
    }

    #[tokio::test]
    async fn connections_with_half_a_request_do_not_block_others() {
        let server = TestServer::start(strict()).await;
        let _slow = server.connect_many(50, b"G").await;
        let without_body = b"POST /slow HTTP/1.1\r\nhost: natter\r\ncontent-length: 9\r\n\r\n";
        let _slow_too = server.connect_many(50, without_body).await;
        server.assert_answers().await;
    }

    #[tokio::test]
    async fn few_new_connections_are_handled_at_a_time() {
        let server =
            TestServer::start(ConnectionLimits { new_without_request: Duration::from_secs(600), ..strict() }).await;
        for mut client in server.connect_many(20, b"GET /counted HTTP/1.1\r\nhost: natter\r\n\r\n").await {
            timeout(TEST_TIMEOUT, client.read_exact(&mut [0; 15])).await.expect("a response in time").unwrap();
        }
        assert_eq!(server.most_at_once.load(Relaxed), 2);
    }

    #[tokio::test]
    async fn a_connection_without_a_whole_head_is_closed() {
        let server = TestServer::start(ConnectionLimits {
            head_timeout: Duration::from_millis(100),
            ..ConnectionLimits::default()
        })
        .await;
        for bytes in ["", "P", "GET / HT"] {
            let mut stream = server.connect(bytes.as_bytes()).await;
            timeout(TEST_TIMEOUT, stream.read_to_end(&mut Vec::new()))
                .await
                .expect("the connection closes in time")
                .unwrap();
        }
    }

    #[tokio::test]
    async fn a_connection_whose_client_does_not_read_is_closed() {
        let server = TestServer::start(ConnectionLimits {
            write_timeout: Duration::from_millis(200),
            ..ConnectionLimits::default()
        })
        .await;
        let request = "GET /large HTTP/1.1\r\nhost: natter\r\n\r\n".repeat(50);
        let _not_reading = server.connect_many(20, request.as_bytes()).await;
        // the accept loop holds one permit while it waits for the next connection
        let all_but_one = timeout(TEST_TIMEOUT, server.permits.acquire_many(PERMITS - 1)).await;
        drop(all_but_one.expect("the connections are closed").unwrap());
        server.assert_answers().await;
    }
}
