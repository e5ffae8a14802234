//! The floor: the least that any chat server has to do. One thread and one epoll instance accept WebSockets and write
//! each text frame that arrives to every socket, with one write a socket and poll. There is no HTTP, no store, no HTML.
//!
//! It does not look at the request, and takes each mask for zeros: so do the clients of the benches send.

use std::{
    io::{self, ErrorKind::WouldBlock, Read, Write},
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};
use socket2::{Domain, Socket, Type};

use crate::frames::{self, TEXT};

const LISTENER: Token = Token(usize::MAX);
/// For the key that all clients of the benches send: the one in RFC 6455.
pub const SWITCH: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

struct Connection {
    stream: TcpStream,
    /// What came in and is not a whole frame (or request) yet.
    part: Vec<u8>,
    /// What the system did not take yet.
    rest: Vec<u8>,
    /// Whether the handshake is done.
    open: bool,
}

impl Connection {
    /// Returns whether the connection still stands.
    fn write(&mut self, bytes: &[u8]) -> bool {
        if !self.rest.is_empty() {
            self.rest.extend_from_slice(bytes);
            return true;
        }
        match self.stream.write(bytes) {
            Ok(written) => self.rest.extend_from_slice(&bytes[written..]),
            Err(error) if error.kind() == WouldBlock => self.rest.extend_from_slice(bytes),
            Err(_) => return false,
        }
        true
    }

    /// Writes what was left, for as much as the system takes. Returns whether the connection still stands.
    fn flush(&mut self) -> bool {
        while !self.rest.is_empty() {
            match self.stream.write(&self.rest) {
                Ok(written) => drop(self.rest.drain(..written)),
                Err(error) => return error.kind() == WouldBlock,
            }
        }
        true
    }

    /// Reads what is there; whole text frames go into `out` as a server sends them. Returns whether the connection
    /// still stands.
    fn read(&mut self, buffer: &mut [u8], hello: &[u8], out: &mut Vec<u8>) -> bool {
        loop {
            let length = match self.stream.read(buffer) {
                Ok(0) => return false,
                Ok(length) => length,
                Err(error) => return error.kind() == WouldBlock,
            };
            self.part.extend_from_slice(&buffer[..length]);
            if !self.open {
                if self.part.ends_with(b"\r\n\r\n") {
                    (self.open, self.part) = (true, Vec::new());
                    if !self.write(SWITCH) || !self.write(hello) {
                        return false;
                    }
                }
            } else {
                let taken = frames::from_client(&self.part, |payload| frames::server(out, TEXT, payload));
                self.part.drain(..taken);
            }
            // events are edge-triggered, and a short read says that nothing is left
            if length < buffer.len() {
                return true;
            }
        }
    }
}

/// Listens on `port` until the process ends. Each socket gets a frame of `hello` bytes first, unless that is 0.
pub fn run(port: u16, hello: usize) -> io::Result<()> {
    let mut greeting = Vec::new();
    if hello > 0 {
        frames::server(&mut greeting, TEXT, &vec![b'x'; hello]);
    }
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    socket.listen(4096)?;
    let mut listener = TcpListener::from_std(socket.into());
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let (mut events, mut buffer) = (Events::with_capacity(1024), vec![0; 64 * 1024]);
    let (mut connections, mut free): (Vec<Option<Connection>>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut out = Vec::new();
    loop {
        match poll.poll(&mut events, None::<Duration>) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true)?;
                    let at = free.pop().unwrap_or(connections.len());
                    // writable events come only after a write that was not taken whole
                    poll.registry().register(&mut stream, Token(at), Interest::READABLE | Interest::WRITABLE)?;
                    let connection = Connection { stream, part: Vec::new(), rest: Vec::new(), open: false };
                    match connections.get_mut(at) {
                        Some(place) => *place = Some(connection),
                        None => connections.push(Some(connection)),
                    }
                }
                continue;
            }
            let place = &mut connections[event.token().0];
            let Some(connection) = place else { continue };
            let stands = (!event.is_writable() || connection.flush())
                && (!event.is_readable() || connection.read(&mut buffer, &greeting, &mut out));
            if !stands {
                *place = None;
                free.push(event.token().0);
            }
        }
        if out.is_empty() {
            continue;
        }
        for (at, place) in connections.iter_mut().enumerate() {
            if place.as_mut().is_some_and(|connection| connection.open && !connection.write(&out)) {
                *place = None;
                free.push(at);
            }
        }
        out.clear();
    }
}
