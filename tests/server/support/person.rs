//! A user with a script and an open socket.

use super::{Fragment, Script, Socket};

pub struct Person {
    pub script: Script,
    pub socket: Socket,
}

impl Person {
    /// Sends a message and waits until it is acknowledged.
    pub async fn says(&mut self, message: &str) {
        self.socket.says(message).await;
    }

    /// Waits for a message with this visible text.
    pub async fn sees(&mut self, message: &str) -> Fragment {
        self.socket.sees(message).await
    }
}
