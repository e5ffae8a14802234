//! The load generator: sockets that listen, some of which send too. It is a process of its own (`natter-bench load …`)
//! with one thread, so that its cost is plain and the server has the other cores.
//!
//! Each message carries the time at which it was sent behind a marker. Every marker in every frame at every socket is
//! counted, whatever a server wraps around it.

use std::{
    fs,
    io::{self, ErrorKind::WouldBlock, Read, Write},
    net::SocketAddr,
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::{Parser, ValueEnum};
use mio::{Events, Interest, Poll, Token, net::TcpStream};
use serde_json::json;
use socket2::{Domain, Socket, Type};

use crate::{
    frames::{self, PONG, TEXT},
    latency::Latency,
    process,
    socket::{handshake, source},
};

/// No fragment has it by itself.
const MARKER: &[u8] = b"zqzq";
/// Between the last connection and the first message.
const SETTLE: Duration = Duration::from_secs(1);
/// Longest wait for the answer to a handshake.
const PATIENCE: Duration = Duration::from_secs(20);
/// Events that are handled before the clock is looked at for what is to be sent.
const TURN: usize = 32;

#[derive(Clone, Copy, ValueEnum, PartialEq)]
enum Protocol {
    /// A JSON form, as the htmx extension sends it.
    Natter,
    /// Socket.IO 4 over a WebSocket.
    SocketIo,
}

/// Opens sockets, sends messages, counts deliveries, and prints one line of JSON.
#[derive(Parser)]
#[command(name = "natter-bench load")]
pub struct Args {
    /// File with a ws:// URL a line; sockets take them in turn
    #[arg(long)]
    urls: PathBuf,
    #[arg(long, value_enum, default_value = "natter")]
    protocol: Protocol,
    /// Sockets that listen
    #[arg(long, default_value_t = 100)]
    members: usize,
    /// How many of them send
    #[arg(long, default_value_t = 10)]
    senders: usize,
    /// Messages a second, of all senders together
    #[arg(long, default_value_t = 100)]
    rate: u64,
    /// Seconds of sending
    #[arg(long, default_value_t = 10)]
    secs: u64,
    /// Seconds that deliveries may come late
    #[arg(long, default_value_t = 10)]
    drain: u64,
    /// Characters in each message beside the marker
    #[arg(long, default_value_t = 40)]
    pad: usize,
    /// Sockets that a message goes to; unset, all
    #[arg(long)]
    fanout: Option<u64>,
    /// The server's process, whose CPU time and memory are told
    #[arg(long)]
    pid: u32,
}

struct Member {
    stream: TcpStream,
    /// A frame that has not wholly arrived.
    part: Vec<u8>,
    /// What the system did not take yet.
    rest: Vec<u8>,
    open: bool,
}

struct Generator {
    protocol: Protocol,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    members: Vec<Member>,
    started: Instant,
    delivered: u64,
    frames: u64,
    closed: u64,
    latency: Latency,
}

pub fn run(args: &Args) -> io::Result<()> {
    let urls = fs::read_to_string(&args.urls)?;
    let urls: Vec<&str> = urls.lines().collect();
    let before = process::memory(args.pid);
    let mut generator = Generator::new(args.protocol)?;
    for n in 0..args.members {
        if let Err(error) = generator.connect(urls[n % urls.len()], n, n < args.senders) {
            eprintln!("load: connection {n}: {error}");
            break;
        }
        generator.turn(Some(Duration::ZERO), |_| {})?;
    }
    let settled = Instant::now() + SETTLE;
    while let Some(left) = settled.checked_duration_since(Instant::now()) {
        generator.turn(Some(left), |_| {})?;
    }
    let members = generator.members.len();
    let idle = process::memory(args.pid);
    (generator.delivered, generator.frames, generator.latency) = (0, 0, Latency::default());

    let server = process::Meter::start(args.pid);
    let total = args.rate * args.secs;
    let (mut sent, pad) = (0, "x".repeat(args.pad));
    let senders = args.senders.min(members).max(1);
    while sent < total && members > 0 {
        // what is due goes out between turns, too: one turn may have a delivery for each member
        let send = |generator: &mut Generator| {
            let due = (server.started().elapsed().as_secs_f64() * args.rate as f64) as u64;
            while sent < due.min(total) {
                generator.send(sent as usize % senders, sent, &pad);
                sent += 1;
            }
        };
        generator.turn(Some(Duration::from_millis(1)), send)?;
    }
    let send_secs = server.read().secs;
    let want = sent * args.fanout.unwrap_or(members as u64);
    let until = Instant::now() + Duration::from_secs(args.drain);
    while generator.delivered < want && Instant::now() < until {
        generator.turn(Some(Duration::from_millis(5)), |_| {})?;
    }
    let used = server.read();
    let figures = json!({
        "members": members, "failed": args.members - members, "closed": generator.closed,
        "sent": sent, "send_s": send_secs, "secs": used.secs,
        "delivered": generator.delivered, "missing": want as i64 - generator.delivered as i64,
        "msgs_per_frame": generator.delivered as f64 / generator.frames.max(1) as f64,
        "server_cpu_s": used.server, "client_cpu_s": used.client,
        "p50_ms": generator.latency.ms(0.5), "p99_ms": generator.latency.ms(0.99), "max_ms": generator.latency.ms(1.0),
        "kib_per_conn": idle.saturating_sub(before) as f64 / members.max(1) as f64,
    });
    println!("{figures}");
    Ok(())
}

impl Generator {
    fn new(protocol: Protocol) -> io::Result<Self> {
        Ok(Self {
            protocol,
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            buffer: vec![0; 256 * 1024],
            members: Vec::new(),
            started: Instant::now(),
            delivered: 0,
            frames: 0,
            closed: 0,
            latency: Latency::default(),
        })
    }

    fn connect(&mut self, url: &str, n: usize, sends: bool) -> io::Result<()> {
        let invalid = || io::Error::other(format!("{url} is no ws:// URL with an address"));
        let (host, path) = url.strip_prefix("ws://").and_then(|rest| rest.split_once('/')).ok_or_else(invalid)?;
        let address: SocketAddr = host.parse().map_err(|_| invalid())?;
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&source(n).into())?;
        socket.connect(&address.into())?;
        socket.set_tcp_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let mut stream = std::net::TcpStream::from(socket);
        stream.write_all(handshake(address, &format!("/{path}")).as_bytes())?;
        let mut part = read_answer(&mut stream)?;
        if self.protocol == Protocol::SocketIo {
            stream.write_all(&frames::client(TEXT, b"40"))?;
            part = enter_namespace(&mut stream, part)?;
        }
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        let interest = if sends { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        self.poll.registry().register(&mut stream, Token(self.members.len()), interest)?;
        self.members.push(Member { stream, part, rest: Vec::new(), open: true });
        Ok(())
    }

    fn send(&mut self, sender: usize, number: u64, pad: &str) {
        let text = format!("zqzq{} {pad}", self.started.elapsed().as_micros());
        let body = match self.protocol {
            Protocol::SocketIo => format!(r#"42["chat message","{text}"]"#),
            Protocol::Natter => {
                let process = std::process::id();
                format!(
                    r#"{{"message":"{text}","clientID":"{process:08x}-0000-4000-8000-{number:012x}","headers":{{"HX-Request":"true"}}}}"#
                )
            }
        };
        self.members[sender].write(&frames::client(TEXT, body.as_bytes()));
    }

    /// Waits for what arrives, takes it in, and calls `between` every [`TURN`] events and at the end.
    fn turn(&mut self, wait: Option<Duration>, mut between: impl FnMut(&mut Self)) -> io::Result<()> {
        match self.poll.poll(&mut self.events, wait) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            polled => polled?,
        }
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        for (n, event) in events.iter().enumerate() {
            if event.is_writable() {
                self.members[event.token().0].flush();
            }
            if event.is_readable() {
                self.read(event.token().0);
            }
            if n % TURN == TURN - 1 {
                between(self);
            }
        }
        self.events = events;
        between(self);
        Ok(())
    }

    fn read(&mut self, at: usize) {
        let member = &mut self.members[at];
        let was_open = member.open;
        while member.open {
            let length = match member.stream.read(&mut self.buffer) {
                Ok(length) if length > 0 => length,
                Err(error) if error.kind() == WouldBlock => break,
                _ => {
                    member.open = false;
                    break;
                }
            };
            let now = self.started.elapsed().as_micros() as u64;
            let (mut pings, mut packets) = (0, 0);
            let mut each = |frame: &[u8]| {
                let mut count = 0;
                for found in memchr::memmem::find_iter(frame, MARKER) {
                    let digits = frame[found + MARKER.len()..].iter().take_while(|byte| byte.is_ascii_digit());
                    let sent = digits.fold(0, |sent, digit| sent * 10 + u64::from(digit - b'0'));
                    self.latency.record(now.saturating_sub(sent));
                    count += 1;
                }
                self.delivered += count;
                self.frames += count.min(1);
                packets += usize::from(frame == b"2"); // Engine.IO's ping
            };
            let taken = if member.part.is_empty() {
                let taken = frames::from_server(&self.buffer[..length], &mut each, &mut pings);
                member.part.extend_from_slice(&self.buffer[taken.as_ref().map_or(length, |taken| *taken)..length]);
                taken
            } else {
                member.part.extend_from_slice(&self.buffer[..length]);
                let taken = frames::from_server(&member.part, &mut each, &mut pings);
                member.part.drain(..taken.as_ref().map_or(0, |taken| *taken));
                taken
            };
            member.open = taken.is_ok();
            (0..pings).for_each(|_| member.write(&frames::client(PONG, b"")));
            if self.protocol == Protocol::SocketIo {
                (0..packets).for_each(|_| member.write(&frames::client(TEXT, b"3")));
            }
            // events are edge-triggered, and a short read says that nothing is left
            if length < self.buffer.len() {
                break;
            }
        }
        self.closed += u64::from(was_open && !member.open);
    }
}

impl Member {
    fn write(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        self.flush();
    }

    fn flush(&mut self) {
        while !self.rest.is_empty() {
            match self.stream.write(&self.rest) {
                Ok(written) => drop(self.rest.drain(..written)),
                Err(error) if error.kind() == WouldBlock => return,
                Err(_) => self.rest.clear(), // it is closed, which the next read says
            }
        }
    }
}

/// Reads the answer to the handshake; returns what came behind it.
fn read_answer(stream: &mut std::net::TcpStream) -> io::Result<Vec<u8>> {
    let mut answer = Vec::new();
    loop {
        read_more(stream, &mut answer)?;
        if let Some(end) = memchr::memmem::find(&answer, b"\r\n\r\n") {
            if answer.starts_with(b"HTTP/1.1 101") {
                return Ok(answer.split_off(end + 4));
            }
            return Err(io::Error::other(String::from_utf8_lossy(&answer).into_owned()));
        }
    }
}

/// Waits for the packet that lets a Socket.IO client in; returns what came behind it.
fn enter_namespace(stream: &mut std::net::TcpStream, mut part: Vec<u8>) -> io::Result<Vec<u8>> {
    let (mut entered, mut refused) = (false, None);
    loop {
        let mut each = |frame: &[u8]| {
            entered |= frame.starts_with(b"40");
            if frame.starts_with(b"44") {
                refused = Some(String::from_utf8_lossy(frame).into_owned());
            }
        };
        let taken = frames::from_server(&part, &mut each, &mut 0)?;
        part.drain(..taken);
        match (&refused, entered) {
            (Some(why), _) => return Err(io::Error::other(why.clone())),
            (None, true) => return Ok(part),
            (None, false) => read_more(stream, &mut part)?,
        }
    }
}

fn read_more(stream: &mut std::net::TcpStream, part: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 4096];
    match stream.read(&mut buffer)? {
        0 => Err(io::Error::other("closed in the handshake")),
        length => {
            part.extend_from_slice(&buffer[..length]);
            Ok(())
        }
    }
}
