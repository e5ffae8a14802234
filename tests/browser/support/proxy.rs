//! A bad line between a browser and natter.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::sleep,
};

/// Most bytes that a bad line passes on at a time.
const PIECE: usize = 512;

/// Pseudo-random numbers (xorshift), the same for the same seed.
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    /// With the seed of the variable `SEED`, or a new one. It is printed, and seen when the test fails.
    pub fn new() -> Self {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
        let seed = std::env::var("SEED").map_or(now, |seed| seed.parse().unwrap());
        println!("SEED={seed}");
        Self(seed.max(1))
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Passes TCP connections on to natter. While the line is bad, it delays each piece by 30 to 150 ms, which also makes it
/// slow (some 6 KB a second and direction), and stalls and cuts connections at random.
pub struct Proxy {
    pub port: u16,
    line: Arc<Line>,
}

#[derive(Default)]
struct Line {
    is_bad: AtomicBool,
    connections: AtomicU64,
    /// Connections with a number up to this one pass nothing on, and stay open.
    frozen: AtomicU64,
    /// Whether all connections are cut, those that begin as well.
    is_cut: watch::Sender<bool>,
}

impl Proxy {
    /// Starts with a good line to `port`.
    pub async fn start(port: u16, random: &Random) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self { port: listener.local_addr().unwrap().port(), line: Arc::default() };
        let (line, mut random) = (Arc::clone(&proxy.line), random.clone());
        tokio::spawn(async move {
            loop {
                let (browser, _) = listener.accept().await.unwrap();
                let natter = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await;
                let Ok(natter) = natter else { continue };
                random.below(2); // other numbers for each connection
                let (from_browser, to_browser) = browser.into_split();
                let (from_natter, to_natter) = natter.into_split();
                let number = line.connections.fetch_add(1, Relaxed) + 1;
                let up = pass_on(from_browser, to_natter, number, Arc::clone(&line), random.clone());
                let down = pass_on(from_natter, to_browser, number, Arc::clone(&line), random.clone());
                let mut is_cut = line.is_cut.subscribe();
                // the end of one direction cuts both
                tokio::spawn(async move {
                    tokio::select! { () = up => (), () = down => (), _ = is_cut.wait_for(|&is_cut| is_cut) => () }
                });
            }
        });
        proxy
    }

    pub fn set_bad(&self, is_bad: bool) {
        self.line.is_bad.store(is_bad, Relaxed);
    }

    /// Closes all connections until there is a line again.
    pub fn set_cut(&self, is_cut: bool) {
        self.line.is_cut.send_replace(is_cut);
    }

    /// Makes the present connections dead without closing them.
    pub fn freeze(&self) {
        self.line.frozen.store(self.line.connections.load(Relaxed), Relaxed);
    }
}

async fn pass_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, number: u64, line: Arc<Line>, mut random: Random) {
    let mut piece = [0; PIECE];
    loop {
        let Ok(read @ 1..) = from.read(&mut piece).await else { return };
        if number <= line.frozen.load(Relaxed) {
            return std::future::pending().await;
        }
        if line.is_bad.load(Relaxed) {
            sleep(Duration::from_millis(30 + random.below(120))).await;
            match random.below(120) {
                0..2 => return,
                2..5 => sleep(Duration::from_millis(500 + random.below(4000))).await,
                _ => {}
            }
        }
        if to.write_all(&piece[..read]).await.is_err() {
            return;
        }
    }
}
