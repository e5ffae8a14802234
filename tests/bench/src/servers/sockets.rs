//! A bare WebSocket server on tokio: a task for each socket that discards what it reads and sends pings. It shows what a
//! socket costs without a chat.

use std::{cell::RefCell, io, net::Ipv4Addr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{Instant, interval_at},
};

use crate::frames::{PING, append_server_frame};

/// natter's interval.
const HEARTBEAT: Duration = Duration::from_secs(50);

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 * 1024]);
}

/// Listens on `port` without end.
pub async fn run(port: u16) -> io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    let listener = socket.listen(4096)?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve(stream));
    }
}

async fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = Vec::with_capacity(1024);
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    drop(request);
    stream.write_all(super::floor::HANDSHAKE_RESPONSE).await?;
    let mut ping = Vec::new();
    append_server_frame(&mut ping, PING, b"");
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    loop {
        tokio::select! {
            ready = stream.readable() => {
                ready?;
                match SCRATCH.with_borrow_mut(|scratch| stream.try_read(scratch)) {
                    Ok(0) => return Ok(()),
                    Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                    _ => {}
                }
            }
            _ = heartbeat.tick() => stream.write_all(&ping).await?,
        }
    }
}
