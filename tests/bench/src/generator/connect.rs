//! The handshake of the load generator's sockets.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use socket2::{Domain, Socket, Type};

use super::Protocol;
use crate::{
    frames::{self, TEXT},
    socket::{Client, handshake, source_address},
};

/// Longest wait for the response to a handshake.
const LIMIT: Duration = Duration::from_secs(20);

/// Opens the `n`th socket; returns it with what was received after the handshake.
pub fn connect(url: &str, n: usize, protocol: Protocol, client: Client) -> io::Result<(TcpStream, Vec<u8>)> {
    let invalid = || io::Error::other(format!("{url} is not a ws:// URL with an IP address"));
    let (host, path) = url.strip_prefix("ws://").and_then(|rest| rest.split_once('/')).ok_or_else(invalid)?;
    let address: SocketAddr = host.parse().map_err(|_| invalid())?;
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&source_address(n).into())?;
    socket.connect(&address.into())?;
    socket.set_tcp_nodelay(true)?;
    socket.set_read_timeout(Some(LIMIT))?;
    let mut stream = TcpStream::from(socket);
    stream.write_all(handshake(address, &format!("/{path}"), client).as_bytes())?;
    let mut received = read_response(&mut stream)?;
    if protocol == Protocol::SocketIo {
        stream.write_all(&frames::client_frame(TEXT, b"40"))?;
        received = enter_namespace(&mut stream, received)?;
    }
    Ok((stream, received))
}

/// Reads the response to the handshake; returns what came after it.
fn read_response(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut response = Vec::new();
    loop {
        read_more(stream, &mut response)?;
        if let Some(end) = memchr::memmem::find(&response, b"\r\n\r\n") {
            if response.starts_with(b"HTTP/1.1 101") {
                return Ok(response.split_off(end + 4));
            }
            return Err(io::Error::other(String::from_utf8_lossy(&response).into_owned()));
        }
    }
}

/// Waits for the packet that admits a Socket.IO client; returns what came after it.
fn enter_namespace(stream: &mut TcpStream, mut part: Vec<u8>) -> io::Result<Vec<u8>> {
    let (mut admitted, mut refused) = (false, None);
    loop {
        let mut each = |frame: &[u8]| {
            admitted |= frame.starts_with(b"40");
            if frame.starts_with(b"44") {
                refused = Some(String::from_utf8_lossy(frame).into_owned());
            }
        };
        let parsed = frames::from_server(&part, &mut each, &mut 0)?;
        part.drain(..parsed);
        match (&refused, admitted) {
            (Some(why), _) => return Err(io::Error::other(why.clone())),
            (None, true) => return Ok(part),
            (None, false) => read_more(stream, &mut part)?,
        }
    }
}

fn read_more(stream: &mut TcpStream, part: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 4096];
    match stream.read(&mut buffer)? {
        0 => Err(io::Error::other("the server closed the connection in the handshake")),
        length => {
            part.extend_from_slice(&buffer[..length]);
            Ok(())
        }
    }
}
