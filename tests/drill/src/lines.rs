//! The lines between clients and natter: slow, still for a while, and cut in the middle of a frame.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use natter_check::team::Random;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::sleep,
};

/// The most bytes that pass at once.
const MOST_BYTES: usize = 1_400;
/// The longest pause between these in milliseconds.
const LONGEST_PAUSE: usize = 40;
/// The longest that a line stands still in milliseconds.
const LONGEST_STOP: usize = 3_000;
/// One piece in so many is the last: the line is cut behind it.
const PIECES_TO_CUT: usize = 60;
/// One piece in so many is followed by a stop.
const PIECES_TO_STOP: usize = 50;

/// A proxy in front of natter. It ends with this process.
pub struct Lines {
    pub address: SocketAddr,
    are_bad: watch::Sender<bool>,
}

type SharedRandom = Arc<Mutex<Random>>;

impl Lines {
    /// Starts a proxy whose lines are good at first.
    ///
    /// # Errors
    /// It cannot listen.
    pub async fn start(natter: SocketAddr, seed: u64) -> Result<Self, String> {
        let failed = |why: std::io::Error| why.to_string();
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let (lines, random) = (watch::Sender::new(false), Arc::new(Mutex::new(Random::new(seed))));
        let (address, are_bad) = (listener.local_addr().map_err(failed)?, lines.subscribe());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (random, mut are_bad) = (Arc::clone(&random), are_bad.clone());
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(natter).await else { return };
                    let was_bad = *are_bad.borrow_and_update();
                    tokio::select! {
                        () = forward(client, server, was_bad, &random) => {}
                        _ = are_bad.changed() => {} // the client gets a new one
                    }
                });
            }
        });
        Ok(Self { address, are_bad: lines })
    }

    /// Makes the lines bad or good. If that changes, those that are open are cut.
    pub fn set_bad(&self, are_bad: bool) {
        self.are_bad.send_if_modified(|old| std::mem::replace(old, are_bad) != are_bad);
    }
}

async fn forward(mut client: TcpStream, mut server: TcpStream, is_bad: bool, random: &SharedRandom) {
    if !is_bad {
        let _ = copy_bidirectional(&mut client, &mut server).await; // either end may have gone
        return;
    }
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::select! {
        () = trickle(from_client, to_server, random) => {}
        () = trickle(from_server, to_client, random) => {}
    }
}

/// Lets bytes pass in small pieces, until the line is cut or an end has gone.
async fn trickle(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, random: &SharedRandom) {
    let below = |limit| random.lock().unwrap_or_else(PoisonError::into_inner).below(limit);
    let mut buffer = [0; MOST_BYTES];
    loop {
        let most = 1 + below(MOST_BYTES);
        let Ok(read @ 1..) = from.read(&mut buffer[..most]).await else { return };
        if to.write_all(&buffer[..read]).await.is_err() || below(PIECES_TO_CUT) == 0 {
            return;
        }
        let pause = if below(PIECES_TO_STOP) == 0 { LONGEST_STOP } else { LONGEST_PAUSE };
        sleep(Duration::from_millis(below(pause) as u64)).await;
    }
}
