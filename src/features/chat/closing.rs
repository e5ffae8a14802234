//! Closes a socket: sends a Close frame whose code says what the client should do, and waits until the client can have
//! read it.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use tokio::time::timeout;
use tungstenite::error::{Error as SocketError, ProtocolError};

use crate::{net::Connection, room::registry::CloseReason};

/// Asks a page to reload.
const RELOAD: &str = r#"{"reload":true}"#;
/// How long a page waits until it reloads.
pub(super) const RELOAD_DELAY: Duration = Duration::from_secs(2);
/// Longest time for closing, including the frames that the client still sends.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Why a socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SocketEnd {
    /// The connection is broken, or the client no longer responds.
    Lost,
    /// The client closed the socket.
    ClosedByClient,
    /// The client broke the WebSocket protocol.
    ProtocolError,
    /// The client sent a text frame that is not UTF-8.
    NotUtf8,
    /// The client sent a message over the size limit.
    MessageTooBig,
    /// The user has reached the limit of open sockets.
    TooManySockets,
    SignedOut,
    TokenExpired,
    /// The server stops; the client should connect again.
    Restart,
    /// The page should reload, because it is of an earlier release, or ahead of the log.
    Reload,
    /// The server failed; the client should connect again.
    Failed,
}

impl From<CloseReason> for SocketEnd {
    fn from(reason: CloseReason) -> Self {
        match reason {
            CloseReason::Revoked => Self::SignedOut,
            CloseReason::Restart => Self::Restart,
        }
    }
}

impl From<axum::Error> for SocketEnd {
    /// Maps an error of the library, which has sent no Close frame in this case.
    fn from(error: axum::Error) -> Self {
        let error = error.into_inner();
        match error.downcast_ref::<SocketError>() {
            Some(SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => Self::Lost,
            Some(SocketError::Protocol(_)) => Self::ProtocolError,
            Some(SocketError::Utf8(_)) => Self::NotUtf8,
            Some(SocketError::Capacity(_)) => Self::MessageTooBig,
            _ => Self::Lost,
        }
    }
}

impl SocketEnd {
    /// The code and the reason of the Close frame; `None` if there is none to send. A page connects again after 1011,
    /// 1012 and 1013.
    fn code(self) -> Option<(u16, &'static str)> {
        Some(match self {
            Self::Lost | Self::ClosedByClient => return None,
            Self::ProtocolError => (close_code::PROTOCOL, "protocol error"),
            Self::NotUtf8 => (close_code::INVALID, "text is not UTF-8"),
            Self::MessageTooBig => (close_code::SIZE, "message too big"),
            Self::TooManySockets => (close_code::AGAIN, "too many sockets"),
            Self::SignedOut => (close_code::POLICY, "signed out"),
            Self::TokenExpired => (close_code::POLICY, "token expired"),
            Self::Restart => (close_code::RESTART, "restarting"),
            Self::Reload => (close_code::NORMAL, "reload"),
            Self::Failed => (close_code::ERROR, "try again"),
        })
    }
}

/// Closes the socket. The fan-out to `connection` must have stopped.
pub(super) async fn close(mut socket: WebSocket, connection: &Connection, end: SocketEnd) {
    if end == SocketEnd::Lost {
        return;
    }
    let closing = async {
        if end == SocketEnd::Reload {
            let _ = socket.send(Message::Text(Utf8Bytes::from_static(RELOAD))).await;
        }
        if let Some((code, reason)) = end.code() {
            let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
            socket.send(Message::Close(Some(frame))).await?;
        }
        // until the client has closed its side; the library answers a Close frame of the client
        while let Some(Ok(_)) = socket.recv().await {}
        connection.finish().await.map_err(axum::Error::new)
    };
    let _ = timeout(CLOSE_TIMEOUT, closing).await;
}
