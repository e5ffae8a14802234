//! A network line to a server, on which a connection can go dead without anybody being told.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    sync::watch,
};

pub struct Line {
    pub port: u16,
    cuts: watch::Sender<()>,
}

impl Line {
    /// Leads to `port` of this machine.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let (cuts, told) = watch::channel(());
        let line = Self { port: listener.local_addr().unwrap().port(), cuts };
        tokio::spawn(async move {
            while let Ok((mut here, _)) = listener.accept().await {
                let mut cut = told.clone();
                cut.mark_unchanged();
                tokio::spawn(async move {
                    let mut there = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    let ((mut requests, mut to_here), (mut answers, mut to_there)) = (here.split(), there.split());
                    let (mut buffer, mut waits) = (vec![0; 16 * 1024], false);
                    let back = copy(&mut answers, &mut to_here);
                    tokio::pin!(back);
                    loop {
                        tokio::select! {
                            Ok(()) = cut.changed(), if waits => std::future::pending().await,
                            _ = &mut back => return,
                            read = requests.read(&mut buffer) => {
                                let sent = &buffer[..read.unwrap_or(0)];
                                waits |= sent.windows(7).any(|name| name == b"getMore");
                                if sent.is_empty() || to_there.write_all(sent).await.is_err() {
                                    return;
                                }
                            }
                        }
                    }
                });
            }
        });
        line
    }

    /// Who waits for news hears nothing any more, neither data nor an end. Everything else gets through, so that
    /// the driver, which looks after the server by connections of its own, finds nothing wrong.
    pub fn cut(&self) {
        let _ = self.cuts.send(());
    }
}
