//! The accept loop.
//!
//! `axum::serve` keeps clients that say nothing for ever, and any number of them (tokio-rs/axum#2741), so natter has
//! a loop of its own: time limits for reading and writing, limits of connections, and an end.
//!
//! A connection costs little until it has sent something. Then it is *new*, and takes some 35 KB until its first
//! request is answered; a few are new at a time, and the others wait.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool, atomic::Ordering::Relaxed},
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo, http::StatusCode};
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
    connection::Connection,
    io::{ConnectionIo, ConnectionPermits},
};

/// What one listener's connections may do, and how many there may be.
#[derive(Clone)]
pub struct Settings {
    /// A permit for each connection; shared by all listeners.
    pub permits: Arc<Semaphore>,
    /// Connections of each client address; shared by all listeners.
    pub addresses: Arc<AddressCounts>,
    /// Whether the peer is the client, and counts. Behind a proxy every request's client counts, by its [`AddressSlot`].
    pub peer_is_client: bool,
    pub limits: ConnectionLimits,
}

/// Times and numbers that are the same everywhere but in tests.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// Longest a client may take to send a request's head, and to stay silent before it.
    pub head: Duration,
    /// Longest a write may wait without progress.
    pub write: Duration,
    /// Most connections that are new at a time. When thousands come back at once, as after a restart, their first
    /// requests must not take memory all at once.
    pub newcomers: usize,
    /// Longest a connection counts as new while it has not sent a whole request: who is slow must not keep others out.
    pub new_without_head: Duration,
    /// Longest a connection counts as new while its request is handled.
    pub new: Duration,
    /// Longest the requests under way may take to finish on a stop, and the sockets to close.
    pub drain: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(20),
            write: Duration::from_secs(20),
            newcomers: 256,
            new_without_head: Duration::from_millis(100),
            new: Duration::from_millis(500),
            drain: Duration::from_secs(4),
        }
    }
}

/// Serves until `stop` resolves; then finishes the requests under way.
pub async fn serve(listener: TcpListener, router: Router, settings: Settings, stop: impl Future<Output = ()>) {
    let Settings { permits, addresses, peer_is_client, limits } = settings;
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head);
    let shared = Arc::new(Shared { router, http, newcomers: Arc::new(Semaphore::new(limits.newcomers)), limits });
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
            continue; // which closes it
        }
        let client = Client { connection: Arc::new(Connection::new(stream)), slot, peer };
        tokio::spawn(Arc::clone(&shared).attend(client, permit, stopped.clone()));
    }
    drop((listener, stopped));
    let _ = stopping.send(());
    if timeout(limits.drain, stopping.closed()).await.is_err() {
        tracing::warn!("some requests were still under way");
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let _ = stream.set_nodelay(true); // frames are gathered before they are written
                return (stream, peer);
            }
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                sleep(Duration::from_millis(100)).await; // out of file descriptors, most likely: some will close
            }
        }
    }
}

/// What all connections of a listener share.
struct Shared {
    router: Router,
    http: http1::Builder,
    newcomers: Arc<Semaphore>,
    limits: ConnectionLimits,
}

/// What handlers may ask of a connection.
struct Client {
    connection: Arc<Connection>,
    slot: Arc<AddressSlot>,
    peer: SocketAddr,
}

impl Shared {
    /// A connection from its first byte on. Silence costs this future only: what talks is boxed.
    async fn attend(
        self: Arc<Self>,
        client: Client,
        permit: Option<OwnedSemaphorePermit>,
        mut stop: watch::Receiver<()>,
    ) {
        let spoken = async {
            timeout(self.limits.head, client.connection.spoken()).await.ok()?.ok()?;
            Arc::clone(&self.newcomers).acquire_owned().await.ok()
        };
        let newcomer = tokio::select! {
            newcomer = spoken => newcomer,
            _ = stop.changed() => None,
        };
        if let Some(newcomer) = newcomer {
            Box::pin(self.talk(client, permit, NewConnection::new(newcomer), stop)).await;
        }
    }

    async fn talk(
        &self,
        client: Client,
        permit: Option<OwnedSemaphorePermit>,
        newcomer: Arc<NewConnection>,
        mut stop: watch::Receiver<()>,
    ) {
        let held = ConnectionPermits {
            write_limit: self.limits.write,
            _permit: permit,
            _slot: Some(Arc::clone(&client.slot)),
        };
        let stream = ConnectionIo::new(Arc::clone(&client.connection), held);
        let service = service_fn(|request: hyper::Request<Incoming>| {
            // what still waits for its body is as slow as a head that is not whole
            newcomer.has_asked.store(request.body().is_end_stream(), Relaxed);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(client.peer));
            request.extensions_mut().insert(Arc::clone(&client.slot));
            request.extensions_mut().insert(Arc::clone(&client.connection)); // what a socket is written to by
            let answer = self.router.clone().oneshot(request);
            let (newcomer, connection) = (Arc::clone(&newcomer), Arc::clone(&client.connection));
            async move {
                let answer = answer.await;
                newcomer.is_no_longer_new();
                if answer.as_ref().is_ok_and(|answer| answer.status() == StatusCode::SWITCHING_PROTOCOLS) {
                    connection.upgraded();
                }
                answer
            }
        });
        let mut connection = std::pin::pin!(self.http.serve_connection(TokioIo::new(stream), service).with_upgrades());
        let ended = tokio::select! {
            ended = &mut connection => ended,
            ended = async { newcomer.expire(&self.limits).await; std::future::pending().await } => ended,
            _ = stop.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection broke");
        }
    }
}

/// A connection's place among the new ones, until it is no longer new.
struct NewConnection {
    permit: Mutex<Option<OwnedSemaphorePermit>>,
    /// Whether a whole request has come.
    has_asked: AtomicBool,
}

impl NewConnection {
    fn new(permit: OwnedSemaphorePermit) -> Arc<Self> {
        Arc::new(Self { permit: Mutex::new(Some(permit)), has_asked: AtomicBool::new(false) })
    }

    fn is_no_longer_new(&self) {
        drop(self.permit.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    async fn expire(&self, limits: &ConnectionLimits) {
        sleep(limits.new_without_head).await;
        if self.has_asked.load(Relaxed) {
            sleep(limits.new.saturating_sub(limits.new_without_head)).await;
        }
        self.is_no_longer_new();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Longest wait for what has to happen: far more than it takes, and far less than with the limits left out.
    const PATIENCE: Duration = Duration::from_secs(20);
    const PERMITS: u32 = 500;

    struct Served {
        address: SocketAddr,
        permits: Arc<Semaphore>,
        /// Most requests of `/counted` that were handled at a time.
        at_once: Arc<AtomicUsize>,
    }

    impl Served {
        async fn with(limits: ConnectionLimits) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let (address, permits) = (listener.local_addr().unwrap(), Arc::new(Semaphore::new(PERMITS as usize)));
            let large = "x".repeat(1 << 20);
            let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let (handled, seen) = (Arc::clone(&most), most);
            let router = Router::new()
                .route("/", get(async || "hello"))
                .route("/large", get(async move || large.clone()))
                .route("/slow", post(async |_: axum::body::Bytes| ()))
                .route(
                    "/counted",
                    get(async move || {
                        handled.fetch_max(now.fetch_add(1, Relaxed) + 1, Relaxed);
                        sleep(Duration::from_millis(20)).await;
                        now.fetch_sub(1, Relaxed);
                    }),
                );
            let settings = Settings {
                permits: Arc::clone(&permits),
                addresses: AddressCounts::new(None),
                peer_is_client: true,
                limits,
            };
            tokio::spawn(serve(listener, router, settings, std::future::pending()));
            Self { address, permits, at_once: seen }
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

        async fn answers(&self) {
            let mut stream = self.connect(b"GET / HTTP/1.1\r\nhost: natter\r\nconnection: close\r\n\r\n").await;
            let mut answer = String::new();
            let answered = timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
            answered.expect("an answer in time").unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("hello"), "{answer}");
        }
    }

    /// As few new ones as can be, for as long as can be: who cannot get in does not.
    fn narrow() -> ConnectionLimits {
        ConnectionLimits { newcomers: 2, new: Duration::from_secs(600), ..ConnectionLimits::default() }
    }

    #[tokio::test]
    async fn who_says_nothing_keeps_nobody_out() {
        let served = Served::with(ConnectionLimits { new_without_head: Duration::from_secs(600), ..narrow() }).await;
        let _silent = served.connect_many(100, b"").await;
        served.answers().await;
    }

    #[tokio::test]
    async fn who_says_too_little_keeps_nobody_out() {
        let served = Served::with(narrow()).await;
        let _slow = served.connect_many(50, b"G").await;
        let without_body = b"POST /slow HTTP/1.1\r\nhost: natter\r\ncontent-length: 9\r\n\r\n";
        let _slow_too = served.connect_many(50, without_body).await;
        served.answers().await;
    }

    #[tokio::test]
    async fn when_many_come_at_once_few_are_handled_at_a_time() {
        let served = Served::with(ConnectionLimits { new_without_head: Duration::from_secs(600), ..narrow() }).await;
        for mut client in served.connect_many(20, b"GET /counted HTTP/1.1\r\nhost: natter\r\n\r\n").await {
            timeout(PATIENCE, client.read_exact(&mut [0; 15])).await.expect("an answer in time").unwrap();
        }
        assert_eq!(served.at_once.load(Relaxed), 2);
    }

    #[tokio::test]
    async fn who_stays_silent_is_closed() {
        let served =
            Served::with(ConnectionLimits { head: Duration::from_millis(100), ..ConnectionLimits::default() }).await;
        for bytes in ["", "P", "GET / HT"] {
            let mut stream = served.connect(bytes.as_bytes()).await;
            timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await.expect("an end in time").unwrap();
        }
    }

    #[tokio::test]
    async fn who_does_not_read_the_answers_is_closed() {
        let served =
            Served::with(ConnectionLimits { write: Duration::from_millis(200), ..ConnectionLimits::default() }).await;
        let request = "GET /large HTTP/1.1\r\nhost: natter\r\n\r\n".repeat(50);
        let _deaf = served.connect_many(20, request.as_bytes()).await;
        // but for the one that the loop holds while it waits for the next connection
        let all_but_one = timeout(PATIENCE, served.permits.acquire_many(PERMITS - 1)).await;
        drop(all_but_one.expect("the connections are closed").unwrap());
        served.answers().await;
    }
}
