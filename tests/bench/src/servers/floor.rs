//! The floor: the least that any chat server has to do. One thread and one epoll instance accept WebSockets and write
//! each text frame that arrives to every socket, with one write a socket and poll. There is no HTTP, no store, no HTML.
//!
//! It ignores the content of the request and assumes masks of zeros, which the clients of the benches send.

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

use crate::frames::{self, TEXT, append_server_frame};

const LISTENER: Token = Token(usize::MAX);
/// The response to a handshake with the key of RFC 6455, which all clients of the benches send.
pub const HANDSHAKE_RESPONSE: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

struct Connection {
    stream: TcpStream,
    /// The beginning of a frame (or of the request) that is not complete.
    part: Vec<u8>,
    /// Bytes that the kernel has not taken yet.
    unsent: Vec<u8>,
    /// Whether the handshake is done.
    open: bool,
}

impl Connection {
    /// Writes `bytes`, or keeps what the kernel does not take. Returns whether the connection is still open.
    fn write(&mut self, bytes: &[u8]) -> bool {
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(bytes);
            return true;
        }
        match self.stream.write(bytes) {
            Ok(written) => self.unsent.extend_from_slice(&bytes[written..]),
            Err(error) if error.kind() == WouldBlock => self.unsent.extend_from_slice(bytes),
            Err(_) => return false,
        }
        true
    }

    /// Writes as many of the unsent bytes as the kernel takes. Returns whether the connection is still open.
    fn flush(&mut self) -> bool {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) => return error.kind() == WouldBlock,
            }
        }
        true
    }

    /// Reads what has arrived and appends each complete text frame to `out` as a server sends it. Returns whether the
    /// connection is still open.
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
                    if !self.write(HANDSHAKE_RESPONSE) || !self.write(hello) {
                        return false;
                    }
                }
            } else {
                let parsed = frames::from_client(&self.part, |payload| append_server_frame(out, TEXT, payload));
                self.part.drain(..parsed);
            }
            // events are edge-triggered; after a short read nothing is left
            if length < buffer.len() {
                return true;
            }
        }
    }
}

/// Listens on `port` without end. Each new socket receives a frame of `hello` bytes, unless that is 0.
pub fn run(port: u16, hello: usize) -> io::Result<()> {
    let mut greeting = Vec::new();
    if hello > 0 {
        append_server_frame(&mut greeting, TEXT, &vec![b'x'; hello]);
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
                    // edge-triggered: a writable event comes only after a write that the kernel did not take completely
                    poll.registry().register(&mut stream, Token(at), Interest::READABLE | Interest::WRITABLE)?;
                    let connection = Connection { stream, part: Vec::new(), unsent: Vec::new(), open: false };
                    match connections.get_mut(at) {
                        Some(slot) => *slot = Some(connection),
                        None => connections.push(Some(connection)),
                    }
                }
                continue;
            }
            let slot = &mut connections[event.token().0];
            let Some(connection) = slot else { continue };
            let is_open = (!event.is_writable() || connection.flush())
                && (!event.is_readable() || connection.read(&mut buffer, &greeting, &mut out));
            if !is_open {
                *slot = None;
                free.push(event.token().0);
            }
        }
        if out.is_empty() {
            continue;
        }
        for (at, slot) in connections.iter_mut().enumerate() {
            if slot.as_mut().is_some_and(|connection| connection.open && !connection.write(&out)) {
                *slot = None;
                free.push(at);
            }
        }
        out.clear();
    }
}
