//! A bare hyper server: each answer has the same bytes. It runs hyper as natter does, without anything above it.

use std::{convert::Infallible, io, net::Ipv4Addr};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, header::HeaderValue, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Headers that hyper adds by itself: `content-length` and `date`, of this many bytes with their lines.
const OWN: usize = 2;
const OWN_BYTES: usize =
    "HTTP/1.1 200 OK\r\ncontent-length: 10000\r\ndate: Tue, 24 Nov 2026 00:00:00 GMT\r\n\r\n".len();

/// Listens on `port` until the process ends, and says so on standard output. An answer's head has about `head` bytes in
/// `headers` headers, its body has `body` bytes.
pub async fn run(port: u16, body: usize, headers: usize, head: usize) -> io::Result<()> {
    let body = Bytes::from(vec![b'x'; body]);
    let own = headers.saturating_sub(OWN);
    // of a line, `x-00: ` and its end are eight bytes
    let length = head.saturating_sub(OWN_BYTES).checked_div(own).unwrap_or_default().saturating_sub(8);
    let value = HeaderValue::try_from("v".repeat(length)).map_err(io::Error::other)?;
    let mut answer = Response::new(Full::new(body));
    for n in 0..own {
        let name = hyper::header::HeaderName::try_from(format!("x-{n:02}")).map_err(io::Error::other)?;
        answer.headers_mut().insert(name, value.clone());
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("ready");
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let answer = answer.clone();
        let service = service_fn(move |_: Request<Incoming>| {
            let answer = answer.clone();
            async move { Ok::<_, Infallible>(answer) }
        });
        tokio::spawn(async move {
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await; // the client hung up
        });
    }
}
