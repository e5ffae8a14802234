//! How a socket ends: with a Close frame whose code tells the client what to do, and so that the client can read it.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use tokio::time::timeout;
use tungstenite::error::{Error as Broken, ProtocolError};

use super::frames;
use crate::{net::Connection, room::registry::CloseReason};

/// Longest that closing may take, with all that the client still sends.
const CLOSING: Duration = Duration::from_secs(2);

/// Why a socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The client can no longer be reached.
    Gone,
    /// The client closed the socket.
    Closed,
    /// The client sent something that is no WebSocket frame, or does not belong where it is.
    ProtocolError,
    /// The client sent a text that is not UTF-8.
    NotUtf8,
    /// The client sent a message that is larger than any has to be.
    TooBig,
    /// The user has too many sockets.
    TooMany,
    SignedOut,
    TokenExpired,
    Restart,
    /// The page was asked to load anew.
    Reload,
    /// Something broke here; the client should come back.
    Failed,
}

impl From<CloseReason> for End {
    fn from(reason: CloseReason) -> Self {
        match reason {
            CloseReason::Revoked => Self::SignedOut,
            CloseReason::Restart => Self::Restart,
        }
    }
}

impl From<axum::Error> for End {
    /// What an error of the library means. It has sent no Close frame then.
    fn from(error: axum::Error) -> Self {
        let error = error.into_inner();
        match error.downcast_ref::<Broken>() {
            Some(Broken::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => Self::Gone,
            Some(Broken::Protocol(_)) => Self::ProtocolError,
            Some(Broken::Utf8(_)) => Self::NotUtf8,
            Some(Broken::Capacity(_)) => Self::TooBig,
            _ => Self::Gone,
        }
    }
}

impl End {
    /// The code and the reason of the Close frame, where there is one to send. A page comes back after 1011, 1012 and
    /// 1013.
    fn code(self) -> Option<(u16, &'static str)> {
        Some(match self {
            Self::Gone | Self::Closed => return None,
            Self::ProtocolError => (close_code::PROTOCOL, "protocol error"),
            Self::NotUtf8 => (close_code::INVALID, "text is not UTF-8"),
            Self::TooBig => (close_code::SIZE, "message too big"),
            Self::TooMany => (close_code::AGAIN, "too many sockets"),
            Self::SignedOut => (close_code::POLICY, "signed out"),
            Self::TokenExpired => (close_code::POLICY, "token expired"),
            Self::Restart => (close_code::RESTART, "restarting"),
            Self::Reload => (close_code::NORMAL, "reload"),
            Self::Failed => (close_code::ERROR, "try again"),
        })
    }
}

/// Closes the socket. Whoever else writes to `connection` has stopped.
pub(super) async fn close(mut socket: WebSocket, connection: &Connection, end: End) {
    if end == End::Gone {
        return;
    }
    let closing = async {
        if end == End::Reload {
            let _ = socket.send(Message::Text(frames::reload().into())).await;
        }
        if let Some((code, reason)) = end.code() {
            let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
            socket.send(Message::Close(Some(frame))).await?;
        }
        // until the client has closed its side; a Close frame of the client is answered by the library
        while let Some(Ok(_)) = socket.recv().await {}
        connection.finish().await.map_err(axum::Error::new)
    };
    let _ = timeout(CLOSING, closing).await;
}
