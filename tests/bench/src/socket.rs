//! A WebSocket client that costs little: it keeps no buffer while idle.

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

use crate::frames::{self, PONG, TEXT};

/// Connections from one source address, so that ports do not run out.
const PER_ADDRESS: usize = 4000;
/// Longest wait for the answer to a handshake.
const PATIENCE: Duration = Duration::from_secs(60);

thread_local! {
    /// What all sockets read into: none of them holds it across a wait.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; 256 * 1024].into());
}

/// Where the `n`th connection comes from.
pub fn source(n: usize) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 2 + (n / PER_ADDRESS) as u8], 0))
}

/// The request that opens a WebSocket.
pub fn handshake(address: SocketAddr, path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
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
        socket.bind(source(n))?;
        let mut stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(handshake(address, path).as_bytes()).await?;
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
        self.write(&frames::client(TEXT, text.as_bytes())).await
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
            let used = frames::from_server(&self.part, &mut each, &mut pings)?;
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
                let used = frames::from_server(&scratch[..length], &mut each, &mut pings)?;
                part.extend_from_slice(&scratch[used..length]);
            } else {
                part.extend_from_slice(&scratch[..length]);
                let used = frames::from_server(part, &mut each, &mut pings)?;
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
            self.write(&frames::client(PONG, b"")).await?;
        }
        Ok(())
    }
}
