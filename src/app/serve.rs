//! The accept loop.
//!
//! `axum::serve` keeps clients that say nothing for ever, and any number of them (tokio-rs/axum#2741), so
//! natter has a loop of its own: a time limit for a request's head, a limit of connections, and an end.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};
use tower::ServiceExt;

use crate::room::wire::{Wire, WireStream};

/// Longest a client may take to send a request's head, and to stay silent between two requests.
const HEAD: Duration = Duration::from_secs(20);

/// Most connections at a time that are new, their first request not answered yet. When thousands come back at
/// once, as after a restart, each takes some 35 KB until it is a socket. The others wait with the system, which
/// keeps them for less.
const NEWCOMERS: usize = 256;
/// Longest a connection counts as new: who says nothing must not keep the others out.
const NEW: Duration = Duration::from_millis(500);

/// Serves as many connections as there are `seats`, until `stop` resolves; then finishes the requests under way, for `drain` at most.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    seats: Arc<Semaphore>,
    stop: impl Future<Output = ()>,
    drain: Duration,
) {
    let (stopping, stopped) = watch::channel(());
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let newcomers = Arc::new(Semaphore::new(NEWCOMERS));
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = async {
            let seat = Arc::clone(&seats).acquire_owned().await.ok();
            let newcomer = Arc::clone(&newcomers).acquire_owned().await.ok();
            let (stream, peer) = accept(&listener).await;
            (seat, newcomer, Arc::new(Wire::new(stream)), peer)
        };
        let (seat, newcomer, wire, peer) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut stop => break,
        };
        let stream = Seated { stream: WireStream(Arc::clone(&wire)), _seat: seat };
        let router = router.clone();
        let newcomer = Arc::new(Newcomer(Mutex::new(newcomer)));
        let greeted = Arc::clone(&newcomer);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(Arc::clone(&wire)); // what a socket is written to by
            let (answer, newcomer) = (router.clone().oneshot(request), Arc::clone(&newcomer));
            async move {
                let answer = answer.await;
                newcomer.greet();
                answer
            }
        });
        let connection = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let mut stopped = stopped.clone();
        tokio::spawn(async move {
            let mut connection = std::pin::pin!(connection);
            let mut connection = std::pin::pin!(async {
                tokio::select! {
                    ended = &mut connection => return ended,
                    _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
                }
                connection.await
            });
            let ended = match timeout(NEW, &mut connection).await {
                Ok(ended) => ended,
                Err(_) => {
                    greeted.greet();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection broke");
            }
        });
    }
    drop((listener, stopped));
    let _ = stopping.send(());
    if timeout(drain, stopping.closed()).await.is_err() {
        tracing::warn!("some requests were still under way");
    }
}

/// A connection's place among the new ones, until somebody says that it no longer is.
struct Newcomer(Mutex<Option<OwnedSemaphorePermit>>);

impl Newcomer {
    fn greet(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
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

/// A connection and its place among the most there may be. A socket takes the stream along when it is
/// upgraded, and so keeps the place.
struct Seated {
    stream: WireStream,
    _seat: Option<OwnedSemaphorePermit>,
}

impl AsyncRead for Seated {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Seated {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
