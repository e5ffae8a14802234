//! A bare hyper server: each response has the same bytes. It runs hyper as natter does, with nothing on top.

use std::{convert::Infallible, io, net::Ipv4Addr};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, header::HeaderValue, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// The headers that hyper adds: `content-length` and `date`.
const HYPER_HEADERS: usize = 2;
/// Bytes of a head with only these headers.
const HYPER_BYTES: usize =
    "HTTP/1.1 200 OK\r\ncontent-length: 10000\r\ndate: Tue, 24 Nov 2026 00:00:00 GMT\r\n\r\n".len();

/// Listens on `port` without end, and prints `ready` once it does. The head of a response has about `head` bytes in
/// `headers` headers, the body has `body` bytes.
pub async fn run(port: u16, body: usize, headers: usize, head: usize) -> io::Result<()> {
    let body = Bytes::from(vec![b'x'; body]);
    let own = headers.saturating_sub(HYPER_HEADERS);
    // `x-00: ` and the line end are eight bytes
    let length = head.saturating_sub(HYPER_BYTES).checked_div(own).unwrap_or_default().saturating_sub(8);
    let value = HeaderValue::try_from("v".repeat(length)).map_err(io::Error::other)?;
    let mut response = Response::new(Full::new(body));
    for n in 0..own {
        let name = hyper::header::HeaderName::try_from(format!("x-{n:02}")).map_err(io::Error::other)?;
        response.headers_mut().insert(name, value.clone());
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("ready");
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let response = response.clone();
        let service = service_fn(move |_: Request<Incoming>| {
            let response = response.clone();
            async move { Ok::<_, Infallible>(response) }
        });
        tokio::spawn(async move {
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await; // an error means that the client has closed
        });
    }
}
