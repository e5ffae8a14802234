//! Ports for the servers under test. Whoever starts one includes this file.

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// Below what clients are given (from 32,768 on, where Linux was told nothing else), above most services.
const FIRST: u16 = 12_000;
const COUNT: usize = 20_000;

/// A port that is free on all addresses. Nobody holds it until its server listens, nor while that is killed and
/// started again; so it is one that no client is given meanwhile, and each is handed out once.
pub fn free_port() -> u16 {
    static TAKEN: AtomicUsize = AtomicUsize::new(0);
    // processes that run at the same time look far apart: no two of 20,000 in a row begin at the same port
    let start = std::process::id() as usize * 7_919;
    for _ in 0..COUNT {
        let port = FIRST + ((start + TAKEN.fetch_add(1, Relaxed)) % COUNT) as u16;
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free from {FIRST} on, of {COUNT}");
}
