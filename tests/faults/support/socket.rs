//! The WebSocket of a page, and the fragments in its frames.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::SocketAddr,
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message},
};

/// Longest wait for the handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// An open WebSocket.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a socket of a page that was open before and has read up to `after`.
    pub async fn open(address: SocketAddr, token: &str, after: u64) -> Result<Self, Error> {
        let url = format!("ws://{address}/ws?jwt={token}&after={after}&returning=true");
        let opened = timeout(HANDSHAKE_LIMIT, connect_async(url)).await;
        opened.map_err(|_| Error::ConnectionClosed)?.map(|(stream, _)| Self(stream))
    }

    /// Opens a socket of a page that was not open before. Returns once the user is in the roster.
    pub async fn enter(address: SocketAddr, token: &str) -> Self {
        let (stream, _) = connect_async(format!("ws://{address}/ws?jwt={token}")).await.unwrap();
        let mut socket = Self(stream);
        socket.next().await.expect("the roster is the first frame");
        socket
    }

    /// Opens a socket of a script in a room.
    pub async fn open_in(address: SocketAddr, token: &str, room: &str) -> Self {
        let url = format!("ws://{address}/ws?jwt={token}&room={room}&after=0");
        Self(connect_async(url).await.unwrap().0)
    }

    /// Sends a Close frame and waits for the server's.
    pub async fn close(mut self) {
        self.0.close(None).await.unwrap();
        while self.next().await.is_ok() {}
    }

    /// The text of the next frame. At the end, the code of the server's Close frame, or 1006 without one.
    pub async fn next(&mut self) -> Result<String, u16> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }

    pub async fn send(&mut self, message: &str, client_id: &str) -> Result<(), Error> {
        let frame = json!({ "message": message, "clientID": client_id }).to_string();
        self.0.send(Message::text(frame)).await
    }

    /// Waits for a frame that contains `text`.
    pub async fn sees(&mut self, text: &str) {
        while !self.next().await.expect("the socket stays open").contains(text) {}
    }
}

/// The fragment of a message, without the text itself: clients receive millions.
#[derive(Debug, Clone, Copy)]
pub struct Fragment {
    pub seq: u64,
    pub rev: u64,
    /// The [`digest`] of the text.
    pub text: u64,
}

/// The fragments of the messages in a frame, in order.
pub fn fragments(frame: &str) -> impl Iterator<Item = Fragment> {
    frame.split("<li ").filter(|fragment| fragment.contains("data-seq=")).map(|fragment| {
        let number = |name: &str| {
            let (_, rest) = fragment.split_once(name).unwrap();
            rest.split('"').nth(1).unwrap().parse().unwrap()
        };
        // after the author; the texts of these tests need no escapes
        let text = fragment.split_once("</b>").and_then(|(_, rest)| rest.split_once("<span class=\"text\">"));
        let text = text.map(|(_, rest)| rest.split_once("</span>").unwrap().0);
        Fragment { seq: number("data-seq="), rev: number("data-rev="), text: digest(text) }
    })
}

/// The `rev` of each message in a frame, in order.
pub fn revs(frame: &str) -> impl Iterator<Item = u64> {
    fragments(frame).map(|fragment| fragment.rev)
}

/// Stands for a text; `None` is the text of a deleted message.
pub fn digest(text: Option<&str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
