//! A network line to a server, on which things can go wrong without anybody being told.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::sleep,
};

#[derive(Clone, Copy, PartialEq)]
enum State {
    Whole,
    /// Who waits for news hears nothing any more.
    Deaf,
    /// The next insert still gets through.
    BreaksAtInsert,
    /// No answer gets through, and no connection lasts.
    Broken,
}

pub struct Line {
    pub port: u16,
    state: Arc<watch::Sender<State>>,
}

impl Line {
    /// Leads to `port` of this machine.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let state = Arc::new(watch::Sender::new(State::Whole));
        let line = Self { port: listener.local_addr().unwrap().port(), state: Arc::clone(&state) };
        tokio::spawn(async move {
            while let Ok((here, _)) = listener.accept().await {
                if *state.borrow() != State::Broken {
                    tokio::spawn(carry(here, port, Arc::clone(&state)));
                }
            }
        });
        line
    }

    /// Who waits for news hears nothing any more, neither data nor an end. Everything else gets through, so that
    /// the driver, which looks after the server by connections of its own, finds nothing wrong.
    pub fn cut(&self) {
        self.state.send_replace(State::Deaf);
    }

    /// The next insert arrives, and its answer does not, nor anything after it.
    pub fn break_at_insert(&self) {
        self.state.send_replace(State::BreaksAtInsert);
    }
}

async fn carry(mut here: TcpStream, port: u16, state: Arc<watch::Sender<State>>) {
    let mut there = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let ((mut requests, mut to_here), (mut answers, mut to_there)) = (here.split(), there.split());
    let (mut buffer, mut waits, mut told) = (vec![0; 16 * 1024], false, state.subscribe());
    let back = copy(&mut answers, &mut to_here);
    tokio::pin!(back);
    loop {
        let now = *told.borrow_and_update();
        if now == State::Broken {
            return;
        }
        let silent = now == State::Deaf && waits;
        tokio::select! {
            biased;
            Ok(()) = told.changed() => {}
            read = requests.read(&mut buffer) => {
                let sent = &buffer[..read.unwrap_or(0)];
                let names = |command: &[u8]| sent.windows(command.len()).any(|name| name == command);
                waits |= names(b"getMore");
                let breaks = now == State::BreaksAtInsert && names(b"insert\0");
                if sent.is_empty() || to_there.write_all(sent).await.is_err() {
                    return;
                }
                if breaks {
                    sleep(Duration::from_millis(100)).await; // time to be carried out
                    state.send_replace(State::Broken);
                }
            }
            _ = &mut back, if !silent => return,
        }
    }
}
