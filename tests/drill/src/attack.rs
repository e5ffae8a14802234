//! Clients that take what they can get: slowly, endlessly, or by the thousand.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use clap::ValueEnum;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    runtime::Handle,
    task::JoinSet,
    time::sleep,
};

/// What the clients do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Attack {
    /// Sends nothing
    SilentConnections,
    /// Sends a byte of a request's head a second
    SlowHeads,
    /// Sends a byte of a body a second
    SlowBodies,
    /// Asks for page after page, and reads none
    UnreadPages,
    /// Follows a room, and reads nothing
    UnreadSockets,
    /// Sends a message in fragments that never ends
    EndlessFragments,
    /// Announces a frame of 1 GiB, and sends of it what it can
    HugeFrames,
    /// Sends pings as fast as it can
    Pings,
    /// Sends small messages as fast as it can
    TinyMessages,
    /// Ten thousand connections of one address
    OneAddress,
    /// Connections of many addresses, up to the limit of all
    ManyAddresses,
}

impl Attack {
    pub fn connections(self) -> usize {
        match self {
            Self::SilentConnections | Self::SlowHeads | Self::SlowBodies => 1_500,
            Self::UnreadPages | Self::UnreadSockets => 100,
            Self::EndlessFragments | Self::HugeFrames | Self::Pings | Self::TinyMessages => 20,
            Self::OneAddress => 10_000,
            Self::ManyAddresses => 12_000,
        }
    }

    /// Where the connection comes from. The users who chat have another address.
    fn address(self, connection: usize) -> SocketAddr {
        let last = if self == Self::ManyAddresses { 10 + connection / 1_500 } else { 9 };
        SocketAddr::from(([127, 0, 0, last as u8], 0))
    }

    /// Starts it. It ends with the returned tasks. `token`: of a user. `room`: of that user, where nobody else is.
    /// `connected`: counts the connections.
    pub fn start(
        self,
        runtime: &Handle,
        natter: SocketAddr,
        token: &str,
        room: &str,
        connected: &Arc<AtomicUsize>,
    ) -> JoinSet<()> {
        let mut clients = JoinSet::new();
        for n in 0..self.connections() {
            let (address, token, room) = (self.address(n), token.to_owned(), room.to_owned());
            let connected = Arc::clone(connected);
            let client = async move {
                loop {
                    let _ = self.attack(address, natter, &token, &room, &connected).await; // natter has closed the connection
                    sleep(Duration::from_millis(200)).await;
                }
            };
            clients.spawn_on(client, runtime);
        }
        clients
    }

    async fn attack(
        self,
        from: SocketAddr,
        natter: SocketAddr,
        token: &str,
        room: &str,
        connected: &AtomicUsize,
    ) -> std::io::Result<()> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(from)?;
        let mut stream = socket.connect(natter).await?;
        let number = connected.fetch_add(1, Relaxed);
        match self {
            Self::SilentConnections | Self::OneAddress | Self::ManyAddresses => {
                stream.read_u8().await?;
            }
            Self::SlowHeads => trickle(&mut stream, "GET / HTTP/1.1\r\nhost: natter\r\nx: ").await?,
            Self::SlowBodies => {
                let head = "POST /api/login HTTP/1.1\r\nhost: natter\r\ncontent-type: application/json\r\n\
                    content-length: 1000\r\n\r\n{\"";
                trickle(&mut stream, head).await?;
            }
            Self::UnreadPages => {
                let request = format!(
                    "GET /api/rooms/lobby/messages?limit=200 HTTP/1.1\r\nhost: natter\r\nauthorization: Bearer {token}\r\n\r\n"
                );
                loop {
                    stream.write_all(request.as_bytes()).await?;
                }
            }
            Self::UnreadSockets => {
                open_socket(&mut stream, token, "lobby").await?;
                std::future::pending::<()>().await;
            }
            Self::EndlessFragments => {
                open_socket(&mut stream, token, room).await?;
                write_frame(&mut stream, 0x01, &[b'x'; 100]).await?;
                loop {
                    write_frame(&mut stream, 0x00, &[b'x'; 100]).await?;
                }
            }
            Self::HugeFrames => {
                open_socket(&mut stream, token, room).await?;
                let head = [&[0x81, 0xff][..], &(1_u64 << 30).to_be_bytes(), &[0; 4]].concat();
                stream.write_all(&head).await?;
                loop {
                    stream.write_all(&[b'x'; 16_384]).await?;
                }
            }
            Self::Pings => {
                open_socket(&mut stream, token, room).await?;
                loop {
                    write_frame(&mut stream, 0x89, b"ping").await?;
                }
            }
            Self::TinyMessages => {
                open_socket(&mut stream, token, room).await?;
                for n in 0_u64.. {
                    let message = format!(r#"{{"message":"x","clientID":"{number}-{n}"}}"#);
                    write_frame(&mut stream, 0x81, message.as_bytes()).await?;
                }
            }
        }
        Ok(())
    }
}

/// Sends this, and then a byte a second.
async fn trickle(stream: &mut TcpStream, text: &str) -> std::io::Result<()> {
    stream.write_all(text.as_bytes()).await?;
    loop {
        sleep(Duration::from_secs(1)).await;
        stream.write_all(b"x").await?;
    }
}

/// Opens a WebSocket that follows the room.
async fn open_socket(stream: &mut TcpStream, token: &str, room: &str) -> std::io::Result<()> {
    let request = format!(
        "GET /ws?jwt={token}&room={room}&after=0 HTTP/1.1\r\nhost: natter\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await?;
    match &answer {
        b"HTTP/1.1 101" => Ok(()),
        _ => Err(std::io::ErrorKind::ConnectionRefused.into()),
    }
}

/// Writes a frame of less than 126 bytes. Its mask is 0.
async fn write_frame(stream: &mut TcpStream, head: u8, payload: &[u8]) -> std::io::Result<()> {
    let mut frame = vec![head, 0x80 | payload.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    stream.write_all(&frame).await
}
