//! The chromedriver process, which starts the browsers of a test.

use std::{
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use natter_test_support::{ServerProcess, eventually, free_address};

pub struct Chromedriver(ServerProcess);

impl Chromedriver {
    /// Starts chromedriver and returns once it answers.
    pub async fn start() -> Self {
        let address = free_address();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={}", address.port())).stdout(Stdio::null());
        let process = ServerProcess::start(&mut command, address);
        let driver = Self(process.expect("chromedriver is installed by tests/run"));
        let status = driver.url() + "/status";
        eventually("chromedriver answers", || async { reqwest::get(&status).await.ok() }).await;
        driver
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.0.address)
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        // it closes its browsers on SIGTERM, and leaves them running if it is killed
        self.0.signal("TERM");
        for _ in 0..100 {
            if self.0.exit_status().is_some() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}
