//! What a client has been sent, and what must hold of every frame.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use natter_check::{
    frame::Frame,
    page::{Applied, Page},
};
use serde_json::Value;

use crate::{
    check::note,
    domain::RoomId,
    log::{Logs, Own, READER, Rows},
    net::sync::Arc,
    room::subscription::Reader,
};

/// A client's rooms, messages and replies.
pub struct View {
    logs: Arc<Logs>,
    reader: Reader,
    /// The room that the frames belong to now.
    pub room: Option<RoomId>,
    pub rows: Rows,
    /// What a page knows of its own reactions.
    own: Own,
    /// The latest `rev` that the server has sent.
    sent: u64,
    /// Changes up to this `rev` need not have been sent.
    from: u64,
    /// The author's name in each message that has been sent in this subscription.
    names: BTreeMap<u64, String>,
    /// The `rev` at which the messages were read anew, if the subscription is still behind that: some that are on their
    /// way are older.
    refetched: Option<u64>,
    /// The subscriptions that were asked for and not answered.
    moves: VecDeque<Move>,
    /// The replies that were asked for, and those that came.
    asked: u64,
    replied: u64,
    /// Unanswered requests to end the subscription.
    leaving: u32,
    /// The rooms that the client was in before.
    earlier: BTreeMap<RoomId, Known>,
    sidebar: Page,
    /// The rooms whose numbers the page has to ask for.
    pub wanted: Vec<RoomId>,
}

/// What a client knows of a room.
#[derive(Clone)]
pub struct Known {
    pub rows: Rows,
    pub own: Own,
    /// The latest `rev` that it has.
    pub sent: u64,
    /// Changes up to this `rev` it may never have got.
    pub from: u64,
}

/// A request for a subscription.
struct Move {
    room: RoomId,
    /// What the client knows of the room; without, it starts with what comes.
    known: Option<Known>,
}

impl View {
    pub fn new(logs: &Arc<Logs>, reader: Reader) -> Self {
        Self {
            logs: Arc::clone(logs),
            reader,
            room: None,
            rows: Rows::new(),
            own: Own::new(),
            sent: 0,
            from: 0,
            names: BTreeMap::new(),
            refetched: None,
            moves: VecDeque::new(),
            asked: 0,
            replied: 0,
            leaving: 0,
            earlier: BTreeMap::new(),
            sidebar: Page::new(&READER.tag()),
            wanted: Vec::new(),
        }
    }

    /// The number of a reply that is asked for.
    pub fn ask(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }

    /// Notes that a move is asked for.
    pub fn ask_move(&mut self, room: RoomId, known: Option<Known>) {
        self.moves.push_back(Move { room, known });
    }

    pub fn ask_leave(&mut self) {
        self.leaving += 1;
    }

    /// Continues on a new connection after what has been sent. Answers that were on their way are lost.
    pub fn reconnect(&mut self) {
        self.sent = self.cursor();
        self.refetched = None;
        self.replied = self.asked;
        self.leaving = 0;
        self.moves.clear();
        self.names.clear();
        self.sidebar = Page::new(&READER.tag());
        self.wanted.clear();
    }

    /// Starts in a room of which the client has just read the messages.
    pub fn start(&mut self, room: RoomId, rows: Rows, head: u64) {
        self.own = self.logs.own(&room);
        (self.room, self.rows, self.sent, self.from) = (Some(room), rows, head, 0);
        self.refetched = None;
    }

    /// Takes a frame. Returns whether the room is to be read anew.
    pub fn receive(&mut self, frame: &str) -> bool {
        if frame.starts_with('{') {
            return self.receive_signal(&serde_json::from_str(frame).expect("a frame is whole"));
        }
        if frame.starts_with("<hx-partial") {
            assert_eq!(self.room, Some(RoomId::lobby()), "only the lobby has a roster");
            return false;
        }
        let (mut seqs, mut sent) = (BTreeSet::new(), self.sent);
        for fragment in frame.split_inclusive('>') {
            if let Some(reacted) = fragment.strip_prefix("<by ") {
                self.react(reacted.trim_end_matches('>'));
                continue;
            }
            let fields: Vec<&str> = fragment.trim_start_matches("<li ").trim_end_matches('>').split(' ').collect();
            let [room, seq, rev, text, name] = fields[..] else { panic!("not a frame: {frame:?}") };
            assert_eq!(self.room, Some(RoomId::named(room)), "a fragment of another room, or after the end: {frame}");
            let (seq, rev): (u64, u64) = (seq.parse().expect("a number"), rev.parse().expect("a number"));
            let may_have = self.logs.may_have(&RoomId::named(room), rev);
            assert!(may_have, "a change after the right to read the room was lost: {frame}");
            assert!(rev > self.sent && rev >= sent, "sent twice or out of order, after {}: {frame}", self.sent);
            assert!(seqs.insert(seq), "a message twice in a frame, so once in an older state: {frame}");
            sent = rev;
            let known = self.rows.get(&seq).map_or(0, |(rev, _)| *rev);
            assert!(rev > known || self.refetched.is_some(), "an older state than {known}: {frame}");
            if rev > known {
                self.rows.insert(seq, (rev, text.to_owned()));
                self.names.insert(seq, name.to_owned());
            }
        }
        self.sent = sent;
        false
    }

    /// Takes a reaction that was given or taken back.
    fn react(&mut self, reacted: &str) {
        let fields: Vec<&str> = reacted.split(' ').collect();
        let [room, seq, rev, by, is_given] = fields[..] else { panic!("not a reaction: {reacted:?}") };
        assert_eq!(self.room, Some(RoomId::named(room)), "a reaction in another room, or after the end");
        if by == READER.tag() {
            self.know_own(seq.parse().expect("a number"), rev.parse().expect("a number"), is_given == "true");
        }
    }

    fn know_own(&mut self, seq: u64, rev: u64, is_given: bool) {
        let known = self.own.entry(seq).or_insert((rev, is_given));
        if rev >= known.0 {
            *known = (rev, is_given);
        }
    }

    fn receive_signal(&mut self, signal: &Value) -> bool {
        if let Some(frame) = sidebar_frame(signal) {
            self.receive_numbers(&frame);
            return false;
        }
        let room = signal["room"].as_str().map(RoomId::named);
        if let Some(number) = signal["reply"].as_u64() {
            self.replied += 1;
            assert_eq!(number, self.replied, "a reply is lost, or sent twice");
        } else if let Some(after) = signal["after"].as_u64() {
            let next = self.moves.pop_front().expect("a move that was asked for");
            assert_eq!(room, Some(next.room), "moves are answered in order");
            self.leave();
            let known = next.known.unwrap_or(Known { rows: Rows::new(), own: Own::new(), sent: after, from: after });
            assert_eq!(known.sent, after, "the subscription continues where the client is");
            (self.rows, self.own, self.from) = (known.rows, known.own, known.from);
            self.room = room;
            self.sent = after;
            self.names.clear();
            self.refetched = None;
        } else if signal["refused"] == true {
            let refused = self.moves.pop_front().expect("a move that was asked for");
            assert_eq!(room, Some(refused.room), "moves are answered in order");
            self.leave();
        } else if signal["gone"] == true {
            assert_eq!(room, self.room, "the end of another subscription");
            self.leave();
        } else if signal["ended"] == true {
            assert!(self.leaving > 0, "an end that was asked for");
            self.leaving -= 1;
            self.leave();
        } else if let Some(own) = signal["own"].as_array() {
            assert_eq!(self.reader, Reader::Page, "a script reads its own reactions by the API");
            assert_eq!(room, self.room, "own reactions in another room, or after the end");
            for message in own {
                let number = |index: usize| message[index].as_u64().expect("a number");
                self.know_own(number(0), number(1), message[2].as_array().is_some_and(|given| !given.is_empty()));
            }
        } else if signal["refetch"] == true {
            assert_eq!(self.reader, Reader::Page, "a script never jumps");
            assert_eq!(room, self.room, "a jump in another room");
            return true;
        } else if let Some(name) = signal["renamed"]["name"].as_str() {
            self.names.values_mut().for_each(|shown| name.clone_into(shown));
        } else {
            assert!(signal["typing"].is_object(), "an unknown frame: {signal}");
            assert_eq!(room, self.room, "who types in another room, or after the end");
        }
        false
    }

    fn receive_numbers(&mut self, frame: &Frame) {
        assert_eq!(self.reader, Reader::Page, "a script has no sidebar");
        match frame {
            Frame::Numbers { items, complete } => {
                let outdated = self.sidebar.replace(items, *complete);
                self.wanted.extend(outdated.iter().map(|room| RoomId::named(room)));
            }
            Frame::News(news) => {
                note("news of a sidebar");
                if matches!(self.sidebar.count(news), Applied::Missed | Applied::Uncertain) {
                    self.wanted.push(RoomId::named(&news.room));
                }
            }
            _ => {}
        }
        for (room, shown) in &self.sidebar.rooms {
            let (counts, _) = self.logs.counts(&RoomId::named(room), shown.rev);
            let shown_counts = (shown.seq, shown.texts, shown.unread);
            assert_eq!(shown_counts, counts, "the sidebar's numbers of {room} are not those of {}", shown.rev);
        }
    }

    fn leave(&mut self) {
        if let Some(room) = self.room.take() {
            let (rows, own) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.own));
            let known = Known { rows, own, sent: self.cursor(), from: self.from };
            self.earlier.insert(room, known);
        }
    }

    /// The `rev` up to which the client knows the room.
    pub fn cursor(&self) -> u64 {
        self.refetched.map_or(self.sent, |head| head.max(self.sent))
    }

    /// What the client knew of the room when it was there before.
    pub fn earlier(&self, room: &RoomId) -> Option<Known> {
        self.earlier.get(room).cloned()
    }

    /// Takes the messages of the room, read anew at `head`.
    pub fn refetch(&mut self, rows: Rows, own: Own, head: u64) {
        (self.rows, self.own) = (rows, own);
        self.from = 0;
        self.refetched = Some(head);
    }

    /// Checks that nothing is missing when nothing is on its way. `latest`: the messages of the room; `name`: the author's
    /// present name.
    pub fn check(&self, latest: &Rows, own: &Own, name: &str, has_sidebar: bool, rooms: &[RoomId]) {
        assert_eq!(self.replied, self.asked, "replies are missing");
        assert!(self.moves.is_empty() && self.leaving == 0, "a move is not answered");
        let missed = latest.iter().find(|(seq, (rev, _))| *rev > self.from && !self.rows.contains_key(seq));
        assert_eq!(missed, None, "a message is missing; the client was sent all up to {}", self.sent);
        let stale = self.rows.iter().find(|(seq, row)| latest.get(seq) != Some(row));
        assert_eq!(stale, None, "a message is not in its latest state; the client was sent all up to {}", self.sent);
        let is_given = |own: &Own, seq: u64| own.get(&seq).is_some_and(|(_, is_given)| *is_given);
        // a reaction from before the client came is unknown to it, unless it has read the messages of then
        let mut of_page =
            own.keys().filter(|seq| self.reader == Reader::Page && self.from == 0 && self.rows.contains_key(seq));
        let wrong = of_page.find(|seq| is_given(own, **seq) != is_given(&self.own, **seq));
        assert_eq!(wrong, None, "an own reaction is not known; the client was sent all up to {}", self.sent);
        if self.reader == Reader::Page && has_sidebar {
            for room in rooms {
                let head = self.logs.counts(room, 0).1;
                let shown = self.sidebar.rooms.get(room.as_str()).map(|numbers| numbers.rev);
                assert_eq!(shown, Some(head), "the sidebar does not show the latest numbers of {}", room.as_str());
            }
        }
        let old = self.names.iter().find(|(_, shown)| *shown != name);
        assert_eq!(old, None, "a message shows an old name");
    }
}

/// A frame of the sidebar.
fn sidebar_frame(signal: &Value) -> Option<Frame> {
    let is_one = ["rooms", "news", "presence"].iter().any(|name| !signal[*name].is_null());
    is_one.then(|| Frame::parse(&signal.to_string()).expect("as the protocol has it"))
}
