//! A TCP connection on which a test writes any bytes, valid or not.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::Script;

/// Longest wait for data that a test expects.
const LIMIT: Duration = Duration::from_secs(20);

pub struct RawConnection {
    stream: TcpStream,
}

impl RawConnection {
    pub async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap() }
    }

    /// Opens a WebSocket and returns after the handshake.
    pub async fn websocket(script: &Script, headers: &str) -> Self {
        let mut raw = Self::connect(script.address).await;
        let token = script.token();
        let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13";
        let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
        let head = format!("GET /ws HTTP/1.1\r\nhost: natter\r\nauthorization: Bearer {token}\r\n{upgrade}\r\n{key}");
        raw.send(format!("{head}\r\n{headers}\r\n").as_bytes()).await;
        let head = raw.read_head().await.expect("a response");
        assert!(head.starts_with("http/1.1 101"), "{head}");
        raw
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        timeout(LIMIT, self.stream.write_all(bytes)).await.expect("the server reads").unwrap();
    }

    /// Requests `/healthz`; returns the head of the response in lower case, `None` if the connection is closed.
    pub async fn request_health(&mut self, headers: &str) -> Option<String> {
        let request = format!("GET /healthz HTTP/1.1\r\nhost: natter\r\n{headers}\r\n");
        self.stream.write_all(request.as_bytes()).await.ok()?;
        let head = self.read_head().await?;
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
        self.stream.read_exact(&mut vec![0; length.parse().unwrap()]).await.unwrap();
        Some(head)
    }

    async fn read_head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(LIMIT, self.stream.read_u8()).await.expect("a response, or the end").ok()?);
        }
        Some(String::from_utf8(head).unwrap().to_ascii_lowercase())
    }

    /// Reads to the end. A reset connection fails the test.
    pub async fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        timeout(LIMIT, self.stream.read_to_end(&mut rest)).await.expect("an end").expect("no reset");
        rest
    }

    /// Reads to the end; returns the code of the Close frame, which must be the last frame.
    pub async fn close_code(&mut self) -> u16 {
        let all = self.rest().await;
        let mut rest = all.as_slice();
        while let [first, length, after @ ..] = rest {
            let (length, after) = match length {
                126 => (usize::from(u16::from_be_bytes([after[0], after[1]])), &after[2..]),
                short => (usize::from(*short), after),
            };
            let (payload, next) = after.split_at(length);
            if *first == 0x88 {
                assert!(next.is_empty(), "the Close frame is the last");
                return u16::from_be_bytes([payload[0], payload[1]]);
            }
            rest = next;
        }
        panic!("no Close frame in {all:?}")
    }
}

/// A masked WebSocket frame. `first` is its first byte: flags and opcode.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..126 => frame.push(0x80 | short as u8),
        long @ 126..=0xFFFF => {
            frame.push(0x80 | 126);
            frame.extend((long as u16).to_be_bytes());
        }
        longer => {
            frame.push(0x80 | 127);
            frame.extend((longer as u64).to_be_bytes());
        }
    }
    let mask = [1, 2, 3, 4];
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}
