//! A cheap HTTP client: one kept-alive connection, one request at a time.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub struct Http {
    stream: TcpStream,
    buffer: Vec<u8>,
}

pub struct Response<'a> {
    pub status: u16,
    pub head: &'a str,
    pub body: &'a str,
}

impl Response<'_> {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
}

pub fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").into_bytes()
}

pub fn post(path: &str, headers: &str, json: &str) -> Vec<u8> {
    with_body("POST", path, headers, json)
}

pub fn with_body(method: &str, path: &str, headers: &str, json: &str) -> Vec<u8> {
    let length = json.len();
    let head = "Content-Type: application/json\r\nContent-Length";
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}{head}: {length}\r\n\r\n{json}").into_bytes()
}

impl Http {
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    pub async fn send(&mut self, request: &[u8]) -> io::Result<Response<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (head, whole) = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(end) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") {
                break (end, end + 4 + length(&self.buffer[..end])?);
            }
        };
        while self.buffer.len() < whole {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let text = std::str::from_utf8(&self.buffer).map_err(io::Error::other)?;
        let status = text.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
        Ok(Response { status, head: &text[..head], body: &text[head + 4..] })
    }
}

fn length(head: &[u8]) -> io::Result<usize> {
    let head = std::str::from_utf8(head).map_err(io::Error::other)?;
    let value = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    value.ok_or_else(|| io::Error::other(format!("no Content-Length in {head:?}")))
}
