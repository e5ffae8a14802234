//! The WebSocket of a page.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};

/// Longest wait for the handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a socket as a page does that was open before. Without a room, it only has the sidebar.
    pub async fn open(address: SocketAddr, token: &str, room: Option<&str>, after: u64) -> Result<Self, Error> {
        let room = room.unwrap_or_default();
        let url = format!("ws://{address}/ws?jwt={token}&room={room}&after={after}&returning=true");
        let mut request = url.into_client_request()?;
        // by which natter takes it for a page
        let origin = HeaderValue::try_from(format!("http://{address}")).map_err(|_| Error::ConnectionClosed)?;
        request.headers_mut().insert("origin", origin);
        let opened = timeout(HANDSHAKE_LIMIT, connect_async(request)).await;
        opened.map_err(|_| Error::ConnectionClosed)?.map(|(stream, _)| Self(stream))
    }

    /// The text of the next frame; `None` at the end.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            match self.0.next().await? {
                Ok(Message::Text(text)) => return Some(text.to_string()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    pub async fn send(&mut self, frame: String) -> Result<(), Error> {
        self.0.send(Message::text(frame)).await
    }
}
