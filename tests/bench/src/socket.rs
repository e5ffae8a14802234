//! A WebSocket client that costs little: it takes frames apart in place and keeps no buffer while idle.

use std::{
    cell::RefCell,
    io::{self, Error},
    net::SocketAddr,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// Connections from one source address, so that ports do not run out.
const PER_ADDRESS: usize = 4000;
/// Longest wait for the answer to a handshake.
const PATIENCE: Duration = Duration::from_secs(60);

thread_local! {
    /// What all sockets read into: none of them holds it across a wait.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; 256 * 1024].into());
}

pub struct Socket {
    stream: TcpStream,
    /// A frame that has not wholly arrived.
    part: Vec<u8>,
}

impl Socket {
    /// Opens `ws://address/path`; `n` counts the connections to that address.
    pub async fn open(address: SocketAddr, path: &str, n: usize) -> io::Result<Self> {
        Self::open_on(TcpSocket::new_v4()?, address, path, n).await
    }

    /// The same, where the kernel holds little for a client that does not read.
    pub async fn open_narrow(address: SocketAddr, path: &str, n: usize) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(32 * 1024)?;
        Self::open_on(socket, address, path, n).await
    }

    async fn open_on(socket: TcpSocket, address: SocketAddr, path: &str, n: usize) -> io::Result<Self> {
        let shaken = timeout(PATIENCE, Self::shake_hands(socket, address, path, n)).await;
        shaken.map_err(|_| Error::other("no answer"))?
    }

    async fn shake_hands(socket: TcpSocket, address: SocketAddr, path: &str, n: usize) -> io::Result<Self> {
        socket.bind(SocketAddr::from(([127, 0, 0, 2 + (n / PER_ADDRESS) as u8], 0)))?;
        let mut stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::with_capacity(1024);
        loop {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err(Error::other("closed in the handshake"));
            }
            if let Some(end) = memchr::memmem::find(&answer, b"\r\n\r\n") {
                if !answer.starts_with(b"HTTP/1.1 101") {
                    return Err(Error::other(String::from_utf8_lossy(&answer[..end]).into_owned()));
                }
                return Ok(Self { stream, part: answer.split_off(end + 4) });
            }
        }
    }

    pub async fn send(&self, text: &str) -> io::Result<()> {
        self.write(&frame(TEXT, text.as_bytes())).await
    }

    async fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.stream.writable().await?;
            match self.stream.try_write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => {}
                Err(why) => return Err(why),
            }
        }
        Ok(())
    }

    /// Waits until something arrives, and gives the text of each whole frame in it to `each`.
    ///
    /// # Errors
    /// Where the server has closed the connection.
    pub async fn read(&mut self, mut each: impl FnMut(&[u8])) -> io::Result<()> {
        let mut pings = 0;
        if self.part.len() >= 2 {
            // what came with the answer to the handshake
            let used = split(&self.part, &mut each, &mut pings)?;
            self.part.drain(..used);
            if used > 0 {
                return self.pong(pings).await;
            }
        }
        self.stream.readable().await?;
        let part = &mut self.part;
        SCRATCH.with_borrow_mut(|scratch| {
            let length = match self.stream.try_read(scratch) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => length,
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(why) => return Err(why),
            };
            if part.is_empty() {
                let used = split(&scratch[..length], &mut each, &mut pings)?;
                part.extend_from_slice(&scratch[used..length]);
            } else {
                part.extend_from_slice(&scratch[..length]);
                let used = split(part, &mut each, &mut pings)?;
                part.drain(..used);
            }
            if part.is_empty() {
                *part = Vec::new();
            }
            Ok(())
        })?;
        self.pong(pings).await
    }

    async fn pong(&self, times: usize) -> io::Result<()> {
        for _ in 0..times {
            self.write(&frame(PONG, b"")).await?;
        }
        Ok(())
    }
}

/// Gives each whole frame to `each`; returns the bytes that were taken.
fn split(bytes: &[u8], each: &mut impl FnMut(&[u8]), pings: &mut usize) -> io::Result<usize> {
    let mut at = 0;
    loop {
        let rest = &bytes[at..];
        let [first, second, ..] = rest else { return Ok(at) };
        let (head, length) = match second & 127 {
            126 if rest.len() >= 4 => (4, usize::from(u16::from_be_bytes([rest[2], rest[3]]))),
            127 if rest.len() >= 10 => {
                let length: [u8; 8] = rest[2..10].try_into().unwrap_or_default();
                (10, u64::from_be_bytes(length) as usize)
            }
            126 | 127 => return Ok(at),
            length => (2, usize::from(length)),
        };
        let Some(payload) = rest.get(head..head + length) else { return Ok(at) };
        match first & 15 {
            CLOSE => {
                let why = String::from_utf8_lossy(payload.get(2..).unwrap_or_default());
                return Err(Error::other(format!("closed: {why}")));
            }
            PING => *pings += 1, // natter's are empty
            PONG => {}
            _ => each(payload),
        }
        at += head + length;
    }
}

/// A client's frame; a mask of zeros leaves the payload as it is.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | kind];
    match payload.len() {
        length if length < 126 => frame.push(0x80 | length as u8),
        length => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
