//! A cheap HTTP client: one kept-alive connection, one request at a time.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
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

    /// As [`Http::open`], for a client that reads slowly: the kernel buffers little for it.
    pub async fn open_with_small_buffer(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(32 * 1024)?;
        Ok(Self { stream: socket.connect(address).await?, buffer: Vec::new() })
    }

    pub async fn send(&mut self, request: &[u8]) -> io::Result<Response<'_>> {
        self.send_parts(&[request]).await
    }

    /// As [`Http::send`], of a request in several parts, so that a large body is not copied.
    pub async fn send_parts(&mut self, request: &[&[u8]]) -> io::Result<Response<'_>> {
        for part in request {
            self.stream.write_all(part).await?;
        }
        let (head, whole) = self.head().await?;
        while self.buffer.len() < whole {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let text = std::str::from_utf8(&self.buffer).map_err(io::Error::other)?;
        Ok(Response { status: status(&self.buffer), head: &text[..head], body: &text[head + 4..] })
    }

    /// Sends a request and reads a response of any bytes, `part` at a time and with `pause` between them. Returns the bytes
    /// of the body.
    pub async fn download(&mut self, request: &[u8], part: &mut [u8], pause: Duration) -> io::Result<usize> {
        self.stream.write_all(request).await?;
        let (head, whole) = self.head().await?;
        if status(&self.buffer) != 200 {
            return Err(io::Error::other(String::from_utf8_lossy(&self.buffer).into_owned()));
        }
        let mut missing = whole - self.buffer.len();
        while missing > 0 {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            match self.stream.read(part).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => missing = missing.saturating_sub(read),
            }
        }
        Ok(whole - head - 4)
    }

    /// Reads until the head of a response is complete. Returns the bytes of the head, without the empty line, and of the
    /// whole response.
    async fn head(&mut self) -> io::Result<(usize, usize)> {
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(end) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") {
                return Ok((end, end + 4 + length(&self.buffer[..end])?));
            }
        }
    }
}

fn status(response: &[u8]) -> u16 {
    let status = response.get(9..12).and_then(|status| std::str::from_utf8(status).ok());
    status.and_then(|status| status.parse().ok()).unwrap_or_default()
}

fn length(head: &[u8]) -> io::Result<usize> {
    let head = std::str::from_utf8(head).map_err(io::Error::other)?;
    let value = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    value.ok_or_else(|| io::Error::other(format!("no Content-Length in {head:?}")))
}
