//! A client: reads at its own pace, asks for replies, moves from room to room, loses its connection and returns.

use std::sync::{Arc, Mutex};

use shuttle::rand::{Rng, thread_rng};

use crate::{
    domain::RoomId,
    log::Rows,
    net::Socket,
    room::subscription::Reader,
    runtime::{net::Pipe, spawn, sync::mpsc, task::yield_now},
    socket::{Command, Opening, serve},
    view::{Known, View},
    world::World,
};

pub struct Client {
    world: Arc<World>,
    reader: Reader,
    view: Arc<Mutex<View>>,
    pipe: Arc<Pipe>,
    commands: mpsc::UnboundedSender<Command>,
    /// The part of a frame that has arrived.
    unread: Vec<u8>,
}

impl Client {
    /// A client that opens a socket to one of the rooms.
    pub fn new(world: &Arc<World>) -> Self {
        let reader = if thread_rng().gen_bool(0.5) { Reader::Page } else { Reader::Script };
        let room = world.any_room();
        let mut view = View::new(&world.logs, reader);
        // what the page shows; a script begins with the first change
        let (rows, head) = if reader == Reader::Page { world.logs.page(&room) } else { (Rows::new(), 0) };
        view.start(room.clone(), rows, head);
        let opening = Opening { room, after: Some(head), reader };
        let (pipe, commands) = connect(world, opening);
        Self { world: Arc::clone(world), reader, view: Arc::new(view.into()), pipe, commands, unread: Vec::new() }
    }

    pub fn view(&self) -> Arc<Mutex<View>> {
        Arc::clone(&self.view)
    }

    fn viewed<T>(&self, work: impl FnOnce(&mut View) -> T) -> T {
        work(&mut self.view.lock().expect("no schedule goes on after a panic"))
    }

    /// Does this many things.
    pub async fn act(&mut self, steps: u32) {
        for _ in 0..steps {
            let rooms = self.world.profile.rooms > 1;
            match thread_rng().gen_range(0..12) {
                0..4 => self.read_available().await,
                4..7 => {
                    for _ in 0..thread_rng().gen_range(1..12) {
                        yield_now().await;
                    }
                }
                7 | 8 => {
                    let number = self.viewed(View::ask);
                    let _ = self.commands.send(Command::Reply(number));
                }
                9 if rooms => self.move_anywhere(),
                10 if rooms && thread_rng().gen_bool(0.4) => {
                    self.viewed(View::ask_leave);
                    let _ = self.commands.send(Command::Leave);
                }
                11 if thread_rng().gen_bool(0.3) => {
                    self.pipe.break_off();
                    self.reconnect();
                }
                _ => {}
            }
        }
    }

    /// Reads whatever comes.
    pub async fn read_on(mut self) {
        loop {
            match self.pipe.read().await {
                Some(bytes) => self.take(&bytes),
                None => self.reconnect(),
            }
        }
    }

    async fn read_available(&mut self) {
        if self.pipe.is_readable() || self.pipe.is_at_end() {
            match self.pipe.read().await {
                Some(bytes) => self.take(&bytes),
                None => self.reconnect(),
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.unread.extend(bytes);
        while let Some(frame) = next_frame(&mut self.unread) {
            if self.viewed(|view| view.receive(&frame)) {
                self.refetch();
            }
            let wanted = self.viewed(|view| std::mem::take(&mut view.wanted));
            if !wanted.is_empty() {
                let _ = self.commands.send(Command::Rooms(wanted));
            }
        }
    }

    /// Reads the room anew, as a page does that has missed too much, and continues from there.
    fn refetch(&self) {
        let room = self.viewed(|view| view.room.clone()).expect("a jump in a room");
        let ((rows, head), own) = (self.world.logs.page(&room), self.world.logs.own(&room));
        self.viewed(|view| {
            view.refetch(rows.clone(), own.clone(), head);
            view.ask_move(room.clone(), Some(Known { rows, own, sent: head, from: 0 }));
        });
        let _ = self.commands.send(Command::Move { room, after: Some(head) });
    }

    fn move_anywhere(&self) {
        let room = self.world.any_room();
        let earlier = self.viewed(|view| view.earlier(&room));
        let (known, after) = match (thread_rng().gen_range(0..4), earlier) {
            (0, _) => (None, None),
            (1, _) => (None, Some(u64::MAX)), // invented
            (2, Some(known)) => (Some(known.clone()), Some(known.sent)),
            _ => {
                let ((rows, head), own) = (self.world.logs.page(&room), self.world.logs.own(&room));
                (Some(Known { rows, own, sent: head, from: 0 }), Some(head))
            }
        };
        self.viewed(|view| view.ask_move(room.clone(), known));
        let _ = self.commands.send(Command::Move { room, after });
    }

    /// Opens a new socket and continues where the last one ended.
    fn reconnect(&mut self) {
        let (room, sent) = self.viewed(|view| {
            view.reconnect();
            (view.room.clone(), view.cursor())
        });
        let left = room.is_none();
        let room = room.unwrap_or_else(|| self.world.any_room());
        let after = if left { self.restart_in(&room) } else { sent };
        self.unread.clear();
        let opening = Opening { room, after: Some(after), reader: self.reader };
        (self.pipe, self.commands) = connect(&self.world, opening);
    }

    /// Goes on in a room after having left one.
    fn restart_in(&self, room: &RoomId) -> u64 {
        let (rows, head) = self.world.logs.page(room);
        self.viewed(|view| view.start(room.clone(), rows, head));
        head
    }
}

fn connect(world: &Arc<World>, opening: Opening) -> (Arc<Pipe>, mpsc::UnboundedSender<Command>) {
    let capacity = if thread_rng().gen_bool(0.5) { 30..90 } else { 90..400 };
    let pipe = Pipe::new(thread_rng().gen_range(capacity));
    let (commands, received) = mpsc::unbounded_channel();
    let hub = world.connect(&pipe);
    spawn(serve(Arc::clone(world), hub, Socket::new(Arc::clone(&pipe)), opening, received));
    (pipe, commands)
}

/// Takes a whole frame from the beginning of the bytes.
fn next_frame(bytes: &mut Vec<u8>) -> Option<String> {
    assert!(bytes.first().is_none_or(|first| *first == 0x81), "a frame is torn: {:?}", String::from_utf8_lossy(bytes));
    let (header, length) = match *bytes.get(1)? {
        126 => (4, u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]).into()),
        127 => panic!("no frame is that long"),
        length => (2, usize::from(length)),
    };
    let payload = bytes.get(header..header + length)?;
    let frame = std::str::from_utf8(payload).expect("a frame is whole").to_owned();
    bytes.drain(..header + length);
    Some(frame)
}
