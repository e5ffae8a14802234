//! A socket that writes one message after the other, each once the one before is acknowledged.

use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::{crowd::Seen, socket::Socket};

pub const TEXT: &str = "The quick brown fox jumps over the lazy dog, again";
/// Longest wait for an acknowledgement.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends `most` messages, or as many as are acknowledged by `until`. Returns how many, and what came meanwhile.
///
/// # Errors
/// Where a message is refused or not answered.
pub async fn write(
    mut socket: Socket,
    writer: usize,
    most: u64,
    until: Instant,
) -> Result<(Socket, u64, Seen), String> {
    let (mut sent, mut seen) = (0, Seen::default());
    while sent < most && Instant::now() < until {
        socket
            .send(&format!(r#"{{"message":"{TEXT}","clientID":"{writer}-{sent}"}}"#))
            .await
            .map_err(|why| why.to_string())?;
        let mut answer: Option<Vec<u8>> = None;
        while answer.is_none() {
            let read = socket.read(|frame| {
                if frame.starts_with(b"{") {
                    answer = Some(frame.to_owned());
                } else {
                    seen.take(frame);
                }
            });
            let in_time = timeout(PATIENCE, read).await.map_err(|_| "no answer in 20 s")?;
            in_time.map_err(|why| why.to_string())?;
        }
        let answer = String::from_utf8(answer.unwrap_or_default()).map_err(|why| why.to_string())?;
        if !answer.contains(&format!("\"{writer}-{sent}\"")) || !answer.contains("\"seq\":") {
            return Err(format!("a message was refused: {answer}"));
        }
        sent += 1;
    }
    Ok((socket, sent, seen))
}
