//! A TCP proxy in front of a MongoDB server that can lose data without closing a connection.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::sleep,
};

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    /// Forwards everything.
    Forward,
    /// Forwards no responses on connections that have sent a `getMore`, as change streams do.
    SilenceChangeStreams,
    /// Forwards everything up to and including the next insert command, and switches to [`Mode::Broken`] then.
    BreakAfterInsert,
    /// Closes all connections and accepts none.
    Broken,
}

pub struct TcpProxy {
    pub port: u16,
    mode: Arc<watch::Sender<Mode>>,
}

impl TcpProxy {
    /// Starts a proxy to `port` of this machine.
    pub async fn start(port: u16) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let mode = Arc::new(watch::Sender::new(Mode::Forward));
        let proxy = Self { port: listener.local_addr().unwrap().port(), mode: Arc::clone(&mode) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *mode.borrow() != Mode::Broken {
                    tokio::spawn(forward(client, port, Arc::clone(&mode)));
                }
            }
        });
        proxy
    }

    /// From now on connections that wait for changes receive neither data nor an end. All others work, so that the
    /// driver, which monitors the server by connections of its own, notices nothing.
    pub fn silence_change_streams(&self) {
        self.mode.send_replace(Mode::SilenceChangeStreams);
    }

    /// Forwards the next insert, and neither its response nor anything after it.
    pub fn break_after_insert(&self) {
        self.mode.send_replace(Mode::BreakAfterInsert);
    }
}

async fn forward(mut client: TcpStream, port: u16, mode: Arc<watch::Sender<Mode>>) {
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let ((mut requests, mut to_client), (mut responses, mut to_server)) = (client.split(), server.split());
    let (mut buffer, mut awaits_changes, mut changes) = (vec![0; 16 * 1024], false, mode.subscribe());
    let forward_responses = copy(&mut responses, &mut to_client);
    tokio::pin!(forward_responses);
    loop {
        let now = *changes.borrow_and_update();
        if now == Mode::Broken {
            return;
        }
        let silent = now == Mode::SilenceChangeStreams && awaits_changes;
        tokio::select! {
            biased;
            Ok(()) = changes.changed() => {}
            read = requests.read(&mut buffer) => {
                let sent = &buffer[..read.unwrap_or(0)];
                let contains = |command: &[u8]| sent.windows(command.len()).any(|part| part == command);
                awaits_changes |= contains(b"getMore");
                let breaks = now == Mode::BreakAfterInsert && contains(b"insert\0");
                if sent.is_empty() || to_server.write_all(sent).await.is_err() {
                    return;
                }
                if breaks {
                    sleep(Duration::from_millis(100)).await; // MongoDB executes the insert meanwhile
                    mode.send_replace(Mode::Broken);
                }
            }
            _ = &mut forward_responses, if !silent => return,
        }
    }
}
