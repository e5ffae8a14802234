//! Somebody with the chat open, and a token for the rest.

use super::{Line, Script, Socket};

pub struct Person {
    pub script: Script,
    pub socket: Socket,
}

impl Person {
    /// Sends a message and waits until it is acknowledged.
    pub async fn says(&mut self, message: &str) {
        self.socket.says(message).await;
    }

    /// Waits for a message that reads like this.
    pub async fn sees(&mut self, message: &str) -> Line {
        self.socket.sees(message).await
    }
}
