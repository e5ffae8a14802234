//! A DNS server for a few names (RFC 1035, and RFC 2782 for SRV). It needs port 53, which only root has.

use std::{
    net::{Ipv4Addr, UdpSocket},
    path::PathBuf,
    thread,
};

use natter_test_support::TemporaryDirectory;

pub const A: u16 = 1;
pub const TXT: u16 = 16;
pub const SRV: u16 = 33;

pub struct Record {
    pub name: &'static str,
    pub kind: u16,
    pub data: Vec<u8>,
}

impl Record {
    pub fn a(name: &'static str, address: Ipv4Addr) -> Self {
        Self { name, kind: A, data: address.octets().to_vec() }
    }

    pub fn txt(name: &'static str, text: &str) -> Self {
        Self { name, kind: TXT, data: [&[text.len() as u8], text.as_bytes()].concat() }
    }

    pub fn srv(name: &'static str, host: &str, port: u16) -> Self {
        // priority and weight are 0
        let mut data = vec![0; 4];
        data.extend(port.to_be_bytes());
        for label in host.split('.') {
            data.push(label.len() as u8);
            data.extend(label.as_bytes());
        }
        data.push(0);
        Self { name, kind: SRV, data }
    }
}

/// A DNS server that answers until this process ends.
pub struct Dns {
    directory: TemporaryDirectory,
}

impl Dns {
    /// Starts a server that knows these records.
    pub fn start(records: Vec<Record>) -> Self {
        // all of 127.0.0.0/8 is this machine
        let [a, b, ..] = *uuid::Uuid::new_v4().as_bytes();
        let address = Ipv4Addr::new(127, 53, a, b.max(1));
        let socket = UdpSocket::bind((address, 53)).expect("root may use port 53");
        thread::spawn(move || {
            let mut query = [0; 512];
            while let Ok((length, client)) = socket.recv_from(&mut query) {
                let _ = socket.send_to(&answer(&query[..length], &records), client);
            }
        });
        Self::at(address)
    }

    /// No server, as if it did not run yet.
    pub fn stopped() -> Self {
        Self::at(Ipv4Addr::new(127, 53, 0, 1))
    }

    fn at(address: Ipv4Addr) -> Self {
        let directory = TemporaryDirectory::new();
        let text = format!("nameserver {address}\noptions timeout:1 attempts:1\n");
        std::fs::write(directory.path().join("resolv.conf"), text).unwrap();
        Self { directory }
    }

    /// The file that makes a process ask this server.
    pub fn resolv_conf(&self) -> PathBuf {
        self.directory.path().join("resolv.conf")
    }
}

/// The answer to a query with one question, as all resolvers send it.
fn answer(query: &[u8], records: &[Record]) -> Vec<u8> {
    let (mut name, mut at) = (Vec::new(), 12);
    while query[at] != 0 {
        let end = at + 1 + usize::from(query[at]);
        name.push(String::from_utf8_lossy(&query[at + 1..end]).to_lowercase());
        at = end;
    }
    let (name, question) = (name.join("."), &query[12..at + 5]);
    let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
    let known: Vec<&Record> = records.iter().filter(|record| record.name == name).collect();
    let found: Vec<&&Record> = known.iter().filter(|record| record.kind == kind).collect();
    let no_such_name = if known.is_empty() { 3 } else { 0 };
    // the id; a response, recursion desired and available; one question, the answers, and nothing else
    let mut answer =
        [&query[..2], &[0x81, 0x80 | no_such_name, 0, 1, 0, found.len() as u8, 0, 0, 0, 0], question].concat();
    for record in found {
        answer.extend([0xc0, 12]); // the name of the question
        answer.extend(record.kind.to_be_bytes());
        answer.extend([0, 1, 0, 0, 0, 60]); // class IN, valid for 60 s
        answer.extend((record.data.len() as u16).to_be_bytes());
        answer.extend(&record.data);
    }
    answer
}
