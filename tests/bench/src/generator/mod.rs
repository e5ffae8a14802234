//! The load generator: sockets that read, some of which send too. It is a process of its own (`natter-bench load …`) with
//! one thread, so that its cost can be measured and the server has the other cores.
//!
//! Each message contains a marker and the time at which it was sent. Every marker in every frame of every socket is
//! counted, whatever a server puts around it.

mod connect;
mod member;
mod sidebar;

use std::{
    fs, io,
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::{Parser, ValueEnum};
use mio::{Events, Interest, Poll, Token, net::TcpStream};
use natter_test_support::resident_memory;
use serde_json::json;

use self::{
    member::{Deliveries, Member},
    sidebar::Sidebar,
};
use crate::{
    frames::{self, TEXT},
    process::Meter,
    socket::Client,
};

/// Events that are handled before the generator checks which messages are due.
const EVENTS_A_TURN: usize = 32;
/// Time between two checks whether the sidebars have everything.
const SIDEBAR_INTERVAL: Duration = Duration::from_millis(250);

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
    /// Sockets that read
    #[arg(long, default_value_t = 100)]
    members: usize,
    /// How many of them send
    #[arg(long, default_value_t = 10)]
    senders: usize,
    /// Messages a second, of all senders together
    #[arg(long, default_value_t = 100)]
    rate: u64,
    /// Seconds between the last connection and the first message
    #[arg(long, default_value_t = 1)]
    settle: u64,
    /// Seconds of sending
    #[arg(long, default_value_t = 10)]
    secs: u64,
    /// Seconds that deliveries may come late
    #[arg(long, default_value_t = 10)]
    drain: u64,
    /// Characters in each message beside the marker
    #[arg(long, default_value_t = 40)]
    pad: usize,
    /// Sockets that receive a message; by default all whose URLs name the same room
    #[arg(long)]
    fanout: Option<u64>,
    /// The sockets are those of pages
    #[arg(long)]
    pages: bool,
    /// The server's process, whose CPU time and memory are measured
    #[arg(long)]
    pid: u32,
}

struct Generator {
    protocol: Protocol,
    client: Client,
    /// Sockets in each room, by its number.
    in_room: Vec<u64>,
    poll: Poll,
    events: Events,
    members: Vec<Member>,
    deliveries: Deliveries,
}

pub fn run(args: &Args) -> io::Result<()> {
    let urls = fs::read_to_string(&args.urls)?;
    let urls: Vec<&str> = urls.lines().collect();
    let before = resident_memory(args.pid);
    let mut generator = Generator::new(args.protocol, if args.pages { Client::Page } else { Client::Script })?;
    for n in 0..args.members {
        if let Err(error) = generator.connect(urls[n % urls.len()], n, n < args.senders) {
            eprintln!("load: connection {n}: {error}");
            break;
        }
        generator.turn(Some(Duration::ZERO), |_| {})?;
    }
    let settled = Instant::now() + Duration::from_secs(args.settle);
    while let Some(left) = settled.checked_duration_since(Instant::now()) {
        generator.turn(Some(left), |_| {})?;
    }
    let members = generator.members.len();
    let idle = resident_memory(args.pid);
    generator.deliveries.reset();
    generator.sidebars().for_each(Sidebar::reset);

    let server = Meter::start(args.pid);
    let total = args.rate * args.secs;
    let (mut sent, mut expected, pad) = (0, 0, "x".repeat(args.pad));
    let senders = args.senders.min(members).max(1);
    while sent < total && members > 0 {
        // messages that are due are sent within a turn too: it may have a delivery for each member
        let send = |generator: &mut Generator| {
            let due = (server.started().elapsed().as_secs_f64() * args.rate as f64) as u64;
            while sent < due.min(total) {
                let receivers = generator.send(sent as usize % senders, sent, &pad);
                expected += args.fanout.unwrap_or(receivers);
                sent += 1;
            }
        };
        generator.turn(Some(Duration::from_millis(1)), send)?;
    }
    let send_secs = server.read().secs;
    let until = Instant::now() + Duration::from_secs(args.drain);
    while generator.deliveries.count < expected && Instant::now() < until {
        generator.turn(Some(Duration::from_millis(5)), |_| {})?;
    }
    // the sidebar is written once a second
    while generator.missing_in_sidebars().1 > 0 && Instant::now() < until {
        let next = Instant::now() + SIDEBAR_INTERVAL;
        while Instant::now() < next {
            generator.turn(Some(Duration::from_millis(5)), |_| {})?;
        }
    }
    let (rooms_shown, missing_in_sidebars) = generator.missing_in_sidebars();
    let (used, deliveries) = (server.read(), &generator.deliveries);
    let ms = |quantile| deliveries.latency.ms(quantile);
    let figures = json!({
        "members": members, "failed": args.members - members, "closed": deliveries.closed,
        "sent": sent, "send_s": send_secs, "secs": used.secs,
        "delivered": deliveries.count, "missing": expected as i64 - deliveries.count as i64,
        "msgs_per_frame": deliveries.count as f64 / deliveries.frames.max(1) as f64,
        "server_cpu_s": used.server, "client_cpu_s": used.client,
        "p50_ms": ms(0.5), "p99_ms": ms(0.99), "max_ms": ms(1.0),
        "frames": deliveries.frames, "sidebar_parts": deliveries.sidebars.parts,
        "sidebar_writes": deliveries.sidebars.writes, "sidebar_gaps": deliveries.sidebars.gaps,
        "sidebar_rooms": rooms_shown, "sidebar_missing": missing_in_sidebars,
        "kib_per_conn": idle.saturating_sub(before) as f64 / members.max(1) as f64,
    });
    println!("{figures}");
    Ok(())
}

impl Generator {
    fn new(protocol: Protocol, client: Client) -> io::Result<Self> {
        Ok(Self {
            protocol,
            client,
            in_room: Vec::new(),
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            members: Vec::new(),
            deliveries: Deliveries::new(protocol),
        })
    }

    fn connect(&mut self, url: &str, n: usize, sends: bool) -> io::Result<()> {
        let (stream, received) = connect::connect(url, n, self.protocol, self.client)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        let interest = if sends { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        self.poll.registry().register(&mut stream, Token(self.members.len()), interest)?;
        let room = url.split(['?', '&']).find_map(|part| part.strip_prefix("room=")).unwrap_or_default();
        let room = self.deliveries.rooms.number(room.as_bytes());
        self.in_room.resize(self.in_room.len().max(room as usize + 1), 0);
        self.in_room[room as usize] += 1;
        let sidebar = (self.client == Client::Page).then(Sidebar::default);
        self.members.push(Member::new(stream, received, room, sidebar));
        Ok(())
    }

    fn sidebars(&mut self) -> impl Iterator<Item = &mut Sidebar> {
        self.members.iter_mut().filter_map(|member| member.sidebar.as_mut())
    }

    /// The rooms that all pages show, and the texts that they were not sent.
    fn missing_in_sidebars(&self) -> (u64, u64) {
        let missing =
            self.members.iter().filter_map(|member| Some(member.sidebar.as_ref()?.missing(&self.deliveries.rooms)));
        missing.fold((0, 0), |(rooms, texts), (more, missing)| (rooms + more, texts + missing))
    }

    /// Sends a message to the sender's room. Returns the sockets that have to receive it.
    fn send(&mut self, sender: usize, number: u64, pad: &str) -> u64 {
        let text = self.deliveries.text_with_time(pad);
        let body = match self.protocol {
            Protocol::SocketIo => format!(r#"42["chat message","{text}"]"#),
            Protocol::Natter => {
                let process = std::process::id();
                format!(
                    r#"{{"message":"{text}","clientID":"{process:08x}-0000-4000-8000-{number:012x}","headers":{{"HX-Request":"true"}}}}"#
                )
            }
        };
        let room = self.members[sender].room;
        self.members[sender].write(&frames::client_frame(TEXT, body.as_bytes()));
        self.deliveries.rooms.count(room);
        self.in_room[room as usize]
    }

    /// Waits for events, handles them, and calls `between` every [`EVENTS_A_TURN`] events and at the end.
    fn turn(&mut self, wait: Option<Duration>, mut between: impl FnMut(&mut Self)) -> io::Result<()> {
        match self.poll.poll(&mut self.events, wait) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            polled => polled?,
        }
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        for (n, event) in events.iter().enumerate() {
            let member = &mut self.members[event.token().0];
            if event.is_writable() {
                member.flush();
            }
            if event.is_readable() {
                member.read(&mut self.deliveries);
            }
            if n % EVENTS_A_TURN == EVENTS_A_TURN - 1 {
                between(self);
            }
        }
        self.events = events;
        between(self);
        Ok(())
    }
}
