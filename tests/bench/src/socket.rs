//! A cheap WebSocket client: an idle one has no buffer.

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

use crate::frames::{self, PONG, TEXT, client_frame};

/// Connections from one source address: more would run out of ports.
const PER_ADDRESS: usize = 4000;
/// Longest wait for the response to a handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(60);

thread_local! {
    /// The buffer that all sockets read into; none uses it across an await.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; 256 * 1024].into());
}

/// The source address of the `n`th connection.
pub fn source_address(n: usize) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 2 + (n / PER_ADDRESS) as u8], 0))
}

/// What natter takes a client for. A page gets the sidebar, too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Client {
    Script,
    Page,
}

/// The request that opens a WebSocket.
pub fn handshake(address: SocketAddr, path: &str, client: Client) -> String {
    let origin = if client == Client::Page { format!("Origin: http://{address}\r\n") } else { String::new() };
    format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{origin}\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
}

pub struct Socket {
    stream: TcpStream,
    /// The beginning of a frame that is not complete.
    part: Vec<u8>,
}

impl Socket {
    /// Opens `ws://address/path`; `n` is the number of the connection to that address.
    pub async fn open(address: SocketAddr, path: &str, n: usize) -> io::Result<Self> {
        Self::open_as(Client::Script, address, path, n).await
    }

    pub async fn open_as(client: Client, address: SocketAddr, path: &str, n: usize) -> io::Result<Self> {
        Self::open_on(TcpSocket::new_v4()?, client, address, path, n).await
    }

    /// Opens a socket for which the kernel buffers little while the client does not read.
    pub async fn open_with_small_buffer(address: SocketAddr, path: &str, n: usize) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(32 * 1024)?;
        Self::open_on(socket, Client::Script, address, path, n).await
    }

    async fn open_on(socket: TcpSocket, client: Client, address: SocketAddr, path: &str, n: usize) -> io::Result<Self> {
        let opened = timeout(HANDSHAKE_LIMIT, Self::connect(socket, client, address, path, n)).await;
        opened.map_err(|_| Error::other("no response to the handshake"))?
    }

    async fn connect(socket: TcpSocket, client: Client, address: SocketAddr, path: &str, n: usize) -> io::Result<Self> {
        socket.bind(source_address(n))?;
        let mut stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(handshake(address, path, client).as_bytes()).await?;
        let mut response = Vec::with_capacity(1024);
        loop {
            if stream.read_buf(&mut response).await? == 0 {
                return Err(Error::other("closed in the handshake"));
            }
            if let Some(end) = memchr::memmem::find(&response, b"\r\n\r\n") {
                if !response.starts_with(b"HTTP/1.1 101") {
                    return Err(Error::other(String::from_utf8_lossy(&response[..end]).into_owned()));
                }
                return Ok(Self { stream, part: response.split_off(end + 4) });
            }
        }
    }

    pub async fn send(&self, text: &str) -> io::Result<()> {
        self.write(&client_frame(TEXT, text.as_bytes())).await
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

    /// Waits for data and passes the text of each complete frame in it to `each`.
    ///
    /// # Errors
    /// The server has closed the connection.
    pub async fn read(&mut self, mut each: impl FnMut(&[u8])) -> io::Result<()> {
        let mut pings = 0;
        if self.part.len() >= 2 {
            // frames that came with the response to the handshake
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
            self.write(&client_frame(PONG, b"")).await?;
        }
        Ok(())
    }
}
