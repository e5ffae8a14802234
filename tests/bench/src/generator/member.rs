//! A socket of the load generator, and what all of them have received.

use std::{
    io::{ErrorKind::WouldBlock, Read, Write},
    time::Instant,
};

use mio::net::TcpStream;

use super::{
    Protocol,
    sidebar::{Rooms, Sidebar, Totals},
};
use crate::{
    frames::{self, PONG, TEXT},
    latency::Latency,
};

/// Precedes the time in a message. No fragment contains it otherwise.
const MARKER: &str = "zqzq";

/// The deliveries to all members.
pub struct Deliveries {
    protocol: Protocol,
    started: Instant,
    buffer: Vec<u8>,
    pub count: u64,
    /// Frames with at least one delivery.
    pub frames: u64,
    /// Sockets that the server closed.
    pub closed: u64,
    pub latency: Latency,
    /// Of pages only.
    pub sidebars: Totals,
    pub rooms: Rooms,
}

impl Deliveries {
    pub fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            started: Instant::now(),
            buffer: vec![0; 256 * 1024],
            count: 0,
            frames: 0,
            closed: 0,
            latency: Latency::default(),
            sidebars: Totals::default(),
            rooms: Rooms::default(),
        }
    }

    /// Forgets what was delivered before the measurement.
    pub fn reset(&mut self) {
        (self.count, self.frames, self.latency) = (0, 0, Latency::default());
        self.sidebars = Totals::default();
        self.rooms.reset();
    }

    /// The text of a message that is sent now.
    pub fn text_with_time(&self, pad: &str) -> String {
        format!("{MARKER}{} {pad}", self.started.elapsed().as_micros())
    }
}

pub struct Member {
    stream: TcpStream,
    /// The beginning of a frame that is not complete.
    part: Vec<u8>,
    /// Bytes that the kernel has not taken yet.
    unsent: Vec<u8>,
    is_open: bool,
    /// The room that its messages go to.
    pub room: u32,
    /// `None` of a script.
    pub sidebar: Option<Sidebar>,
}

impl Member {
    /// `received` is what came after the handshake.
    pub fn new(stream: TcpStream, received: Vec<u8>, room: u32, sidebar: Option<Sidebar>) -> Self {
        Self { stream, part: received, unsent: Vec::new(), is_open: true, room, sidebar }
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
        self.flush();
    }

    pub fn flush(&mut self) {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == WouldBlock => return,
                Err(_) => self.unsent.clear(), // the connection is closed, which the next read notices
            }
        }
    }

    /// Reads what has arrived, counts the deliveries, and answers pings.
    pub fn read(&mut self, deliveries: &mut Deliveries) {
        let was_open = self.is_open;
        let Deliveries { protocol, started, buffer, count, frames, closed, latency, sidebars, rooms } = deliveries;
        while self.is_open {
            let length = match self.stream.read(buffer) {
                Ok(length) if length > 0 => length,
                Err(error) if error.kind() == WouldBlock => break,
                _ => {
                    self.is_open = false;
                    break;
                }
            };
            let now = started.elapsed().as_micros() as u64;
            let (mut pings, mut engine_pings) = (0, 0);
            let mut each = |frame: &[u8]| {
                if let Some(sidebar) = &mut self.sidebar
                    && frame.starts_with(b"{")
                {
                    return sidebar.take(frame, rooms, sidebars);
                }
                let mut in_frame = 0;
                for found in memchr::memmem::find_iter(frame, MARKER.as_bytes()) {
                    let digits = frame[found + MARKER.len()..].iter().take_while(|byte| byte.is_ascii_digit());
                    let sent = digits.fold(0, |sent, digit| sent * 10 + u64::from(digit - b'0'));
                    latency.record(now.saturating_sub(sent));
                    in_frame += 1;
                }
                *count += in_frame;
                *frames += in_frame.min(1);
                engine_pings += usize::from(frame == b"2"); // a ping of Engine.IO
            };
            let parsed = if self.part.is_empty() {
                let parsed = frames::from_server(&buffer[..length], &mut each, &mut pings);
                self.part.extend_from_slice(&buffer[parsed.as_ref().map_or(length, |parsed| *parsed)..length]);
                parsed
            } else {
                self.part.extend_from_slice(&buffer[..length]);
                let parsed = frames::from_server(&self.part, &mut each, &mut pings);
                self.part.drain(..parsed.as_ref().map_or(0, |parsed| *parsed));
                parsed
            };
            self.is_open = parsed.is_ok();
            (0..pings).for_each(|_| self.write(&frames::client_frame(PONG, b"")));
            if *protocol == Protocol::SocketIo {
                (0..engine_pings).for_each(|_| self.write(&frames::client_frame(TEXT, b"3")));
            }
            // events are edge-triggered; after a short read nothing is left
            if length < buffer.len() {
                break;
            }
        }
        *closed += u64::from(was_open && !self.is_open);
    }
}
