//! A connection that two write to: the HTTP and WebSocket libraries for what concerns it alone, and the
//! fan-out for what goes to everybody.
//!
//! A broadcast is the same bytes for every socket. A WebSocket library would copy them into each socket's
//! buffer, in each socket's task; and waking a thousand tasks costs as much as the thousand system calls.
//! So the fan-out writes frames, made once, straight to the stream. What keeps the two apart is that both
//! hand over whole frames: what the system does not take of one is kept here, and goes out before anything else.

use std::{
    hint::black_box,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A text frame of a WebSocket, header and all (RFC 6455, 5.2), to be written as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame(Bytes);

impl Frame {
    /// Frames the concatenation of `parts`.
    pub fn text<'a>(parts: impl Iterator<Item = &'a str> + Clone) -> Self {
        let length = parts.clone().map(str::len).sum::<usize>();
        let mut frame = Vec::with_capacity(length + 10);
        frame.push(0x81); // the only frame of its message, text
        match length {
            0..126 => frame.push(length as u8),
            126..=0xFFFF => {
                frame.push(126);
                frame.extend((length as u16).to_be_bytes());
            }
            _ => {
                frame.push(127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        parts.for_each(|part| frame.extend(part.as_bytes()));
        Self(frame.into())
    }

    #[cfg(test)]
    pub fn payload(&self) -> &str {
        let header = match self.0[1] {
            127 => 10,
            126 => 4,
            _ => 2,
        };
        std::str::from_utf8(&self.0[header..]).unwrap()
    }
}

/// What became of a frame that was offered.
#[derive(Debug, PartialEq, Eq)]
pub enum Offer {
    /// It is with the system.
    Sent,
    /// It is taken, and some of it waits for room: nothing more can be offered until [`Wire::drained`].
    Held,
    /// It is not taken: there is no room.
    Refused,
}

pub struct Wire {
    stream: TcpStream,
    /// The end of a frame that the system had no room for.
    rest: Mutex<Bytes>,
}

impl Wire {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, rest: Mutex::default() }
    }

    /// Has the cache line of what is held loaded, by a read that nothing waits for.
    pub(super) fn prefetch(&self) {
        black_box(self.rest.is_poisoned());
    }

    /// Writes a whole frame without waiting, if there is room for any of it.
    ///
    /// # Errors
    /// Where the connection is broken.
    pub fn offer(&self, frame: &Frame) -> io::Result<Offer> {
        let mut rest = self.rest();
        if !rest.is_empty() && !self.write_rest(&mut rest)? {
            return Ok(Offer::Refused);
        }
        // past tokio, whose note of the socket's readiness is one more cache line to wait for; it is told where
        // there is no room, by failing once more
        let outcome = match socket2::SockRef::from(&self.stream).send(&frame.0) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.try_write(&frame.0),
            outcome => outcome,
        };
        match outcome {
            Ok(written) if written == frame.0.len() => Ok(Offer::Sent),
            Ok(written) => {
                *rest = frame.0.slice(written..);
                Ok(Offer::Held)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Offer::Refused),
            Err(error) => Err(error),
        }
    }

    /// Waits until nothing is held and the system has room again. Dropping the future loses nothing.
    ///
    /// # Errors
    /// Where the connection is broken.
    pub async fn drained(&self) -> io::Result<()> {
        loop {
            self.stream.writable().await?;
            if self.write_rest(&mut self.rest())? {
                return Ok(());
            }
        }
    }

    /// Writes a whole frame, waiting for room.
    ///
    /// # Errors
    /// Where the connection is broken.
    pub async fn write(&self, frame: &Frame) -> io::Result<()> {
        loop {
            match self.offer(frame)? {
                Offer::Sent => return Ok(()),
                Offer::Held => return self.drained().await,
                Offer::Refused => self.drained().await?,
            }
        }
    }

    fn rest(&self) -> MutexGuard<'_, Bytes> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing is held any more.
    fn write_rest(&self, rest: &mut Bytes) -> io::Result<bool> {
        while !rest.is_empty() {
            match self.stream.try_write(rest) {
                Ok(written) => drop(rest.split_to(written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        *rest = Bytes::new(); // an empty slice would hold on to the whole frame
        Ok(true)
    }
}

/// The library's end of a [`Wire`].
pub struct WireStream(pub Arc<Wire>);

impl AsyncRead for WireStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let stream = &self.0.stream;
        loop {
            ready!(stream.poll_read_ready(cx))?;
            match stream.try_read_buf(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                outcome => return Poll::Ready(outcome.map(drop)),
            }
        }
    }
}

impl AsyncWrite for WireStream {
    /// Takes all of `buf` or nothing, as it ends where a frame does.
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[io::IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = &self.0;
        let length = bufs.iter().map(|buf| buf.len()).sum();
        loop {
            let mut rest = wire.rest();
            if wire.write_rest(&mut rest)? {
                match wire.stream.try_write_vectored(bufs) {
                    Ok(written) => {
                        if written < length {
                            let whole: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
                            *rest = Bytes::from(whole).slice(written..);
                        }
                        return Poll::Ready(Ok(length));
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            drop(rest);
            ready!(wire.stream.poll_write_ready(cx))?;
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.0.write_rest(&mut self.0.rest())? {
            ready!(self.0.stream.poll_write_ready(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Poll::Ready(match socket2::SockRef::from(&self.0.stream).shutdown(std::net::Shutdown::Write) {
            Err(error) if error.kind() != io::ErrorKind::NotConnected => Err(error),
            _ => Ok(()),
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    async fn pair() -> (Arc<Wire>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        (Arc::new(Wire::new(accepted.unwrap().0)), client.unwrap())
    }

    #[test]
    fn frames_have_headers_of_the_right_length() {
        for (length, header) in [
            (5, vec![0x81, 5]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65535, vec![0x81, 126, 255, 255]),
            (65536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let half = "x".repeat(length / 2);
            let Frame(frame) = Frame::text([half.as_str(), &"x".repeat(length - half.len())].into_iter());
            assert_eq!(&frame[..header.len()], header, "{length}");
            assert_eq!(frame.len(), header.len() + length);
        }
    }

    /// A reader that stops, and two who go on writing to it: whatever is taken arrives whole and in order.
    #[tokio::test]
    async fn frames_of_both_writers_arrive_whole() {
        let (wire, mut client) = pair().await;
        let mut library = WireStream(Arc::clone(&wire));
        let broadcast = Frame::text(std::iter::once("b".repeat(30_000).as_str()));
        let mut taken = 0;
        while wire.offer(&broadcast).unwrap() != Offer::Refused {
            taken += 1;
        }
        assert!(taken > 1);
        let own = vec![b'o'; 30_000];
        let writing = async {
            library.write_all(&own).await.unwrap();
            wire.write(&broadcast).await.unwrap();
            library.write_all(&own).await.unwrap();
            library.shutdown().await.unwrap();
        };
        let mut received = Vec::new();
        tokio::join!(writing, client.read_to_end(&mut received)).1.unwrap();
        let mut expected = broadcast.0.repeat(taken);
        expected.extend(&own);
        expected.extend(&broadcast.0);
        expected.extend(&own);
        assert!(received == expected, "{} of {} bytes", received.len(), expected.len());
    }
}
