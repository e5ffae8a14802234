//! Free ports.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// Below the ports that Linux gives to clients (32,768 and above by default), above those of most services.
const FIRST: u16 = 12_000;
const COUNT: usize = 20_000;

/// Returns a port that is free on all addresses, each at most once.
///
/// Nothing reserves the port until its server listens, nor while that server is killed and started again. The port is
/// outside the range that the kernel gives to clients, so that none of them takes it meanwhile.
pub fn free_port() -> u16 {
    static TAKEN: AtomicUsize = AtomicUsize::new(0);
    // test processes that run at the same time start far apart: no two of 20,000 consecutive process ids share a start
    let start = std::process::id() as usize * 7_919;
    for _ in 0..COUNT {
        let port = FIRST + ((start + TAKEN.fetch_add(1, Relaxed)) % COUNT) as u16;
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            return port;
        }
    }
    panic!("no free port among the {COUNT} from {FIRST}");
}

/// Returns 127.0.0.1 with a [`free_port`].
pub fn free_address() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()))
}
