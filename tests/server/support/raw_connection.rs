//! A client that writes bytes, right or wrong.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::Script;

/// Longest wait for what a test says will come.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Raw {
    stream: TcpStream,
}

impl Raw {
    pub async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap() }
    }

    /// A WebSocket, after the handshake.
    pub async fn websocket(script: &Script, headers: &str) -> Self {
        let mut raw = Self::connect(script.address).await;
        let token = script.token();
        let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13";
        let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
        let head = format!("GET /ws HTTP/1.1\r\nhost: natter\r\nauthorization: Bearer {token}\r\n{upgrade}\r\n{key}");
        raw.send(format!("{head}\r\n{headers}\r\n").as_bytes()).await;
        let head = raw.head().await.expect("an answer");
        assert!(head.starts_with("http/1.1 101"), "{head}");
        raw
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        timeout(PATIENCE, self.stream.write_all(bytes)).await.expect("the server reads on").unwrap();
    }

    /// Asks for `/healthz` and returns the answer's head, in lower case; `None` where the connection is closed.
    pub async fn ask(&mut self, headers: &str) -> Option<String> {
        let request = format!("GET /healthz HTTP/1.1\r\nhost: natter\r\n{headers}\r\n");
        self.stream.write_all(request.as_bytes()).await.ok()?;
        let head = self.head().await?;
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
        self.stream.read_exact(&mut vec![0; length.parse().unwrap()]).await.unwrap();
        Some(head)
    }

    async fn head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, self.stream.read_u8()).await.expect("an answer, or the end").ok()?);
        }
        Some(String::from_utf8(head).unwrap().to_ascii_lowercase())
    }

    /// Everything up to the end, which must be no reset.
    pub async fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await.expect("an end").expect("no reset");
        rest
    }

    /// The code of the Close frame, which is the last there is.
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
                assert!(next.is_empty(), "nothing comes after a Close frame");
                return u16::from_be_bytes([payload[0], payload[1]]);
            }
            rest = next;
        }
        panic!("no Close frame in {all:?}")
    }
}

/// A masked frame, whose first byte is `first`.
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
