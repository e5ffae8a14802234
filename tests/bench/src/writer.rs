//! A socket that sends messages, each once the one before is acknowledged.

use std::time::{Duration, Instant};

use tokio::time::timeout;
use uuid::Uuid;

use crate::{listeners::MessageCounter, socket::Socket};

pub const TEXT: &str = "The quick brown fox jumps over the lazy dog, again";
/// Longest wait for an acknowledgement.
const LIMIT: Duration = Duration::from_secs(20);

/// Sends `most` messages, or as many as are acknowledged by `until`. Returns how many, and what was received meanwhile.
///
/// # Errors
/// A message is refused, or not acknowledged within 20 s.
pub async fn write(mut socket: Socket, most: u64, until: Instant) -> Result<(Socket, u64, MessageCounter), String> {
    let (mut sent, mut counter) = (0, MessageCounter::default());
    while sent < most && Instant::now() < until {
        let id = Uuid::now_v7().to_string();
        let frame = format!(r#"{{"message":"{TEXT}","clientID":"{id}"}}"#);
        socket.send(&frame).await.map_err(|why| why.to_string())?;
        let mut response: Option<Vec<u8>> = None;
        while response.is_none() {
            let read = socket.read(|frame| {
                // there are other JSON frames, such as who types
                if frame.starts_with(b"{") && memchr::memmem::find(frame, id.as_bytes()).is_some() {
                    response = Some(frame.to_owned());
                } else {
                    counter.count_frame(frame);
                }
            });
            let in_time = timeout(LIMIT, read).await.map_err(|_| "no acknowledgement within 20 s")?;
            in_time.map_err(|why| why.to_string())?;
        }
        let response = String::from_utf8(response.unwrap_or_default()).map_err(|why| why.to_string())?;
        if !response.contains("\"seq\":") {
            return Err(format!("a message was refused: {response}"));
        }
        sent += 1;
    }
    Ok((socket, sent, counter))
}
