//! What a tab knows, and its history.

use std::collections::{BTreeMap, BTreeSet};

use super::api::now;
use crate::{
    frame::Frame,
    history::{Event, History, What},
    page::{Applied, Page},
};

/// A message that the tab has posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    pub room: String,
    pub seq: u64,
    /// The `rev` of its latest text.
    pub text_rev: u64,
}

pub struct TabState {
    pub history: History,
    pub page: Page,
    pub is_open: bool,
    /// The room that the socket is subscribed to.
    pub room: Option<String>,
    /// How far the tab has read the log of each room: the latest `rev` and `seq`.
    pub cursors: BTreeMap<String, (u64, u64)>,
    /// The messages that were acknowledged and are not deleted.
    pub own: Vec<Own>,
    pub acknowledged: usize,
    /// Messages without an answer.
    pub waiting: usize,
    /// Rooms whose numbers the tab has asked for.
    asked: BTreeSet<String>,
}

impl TabState {
    pub fn new(history: History) -> Self {
        let page = Page::new(&history.tag);
        Self {
            history,
            page,
            is_open: false,
            room: None,
            cursors: BTreeMap::new(),
            own: Vec::new(),
            acknowledged: 0,
            waiting: 0,
            asked: BTreeSet::new(),
        }
    }

    pub fn record(&mut self, what: What) {
        self.history.events.push(Event { at: now(), what });
    }

    pub fn opening(&mut self) -> (Option<String>, u64) {
        let after = self.room.as_ref().and_then(|room| self.cursors.get(room)).map_or(0, |(rev, _)| *rev);
        self.page = Page::new(&self.history.tag);
        self.asked.clear();
        self.record(What::Opening { room: self.room.clone(), after });
        (self.room.clone(), after)
    }

    pub fn closed(&mut self) {
        self.is_open = false;
        self.record(What::Closed);
    }

    /// The rooms that were deleted at this tab's request.
    pub fn deleted_rooms(&self) -> Vec<String> {
        let rooms = self.history.events.iter().filter_map(|event| match &event.what {
            What::RoomDeleted { room } => Some(room.clone()),
            _ => None,
        });
        rooms.collect()
    }

    /// Takes a frame in. Returns the rooms whose numbers the tab has to ask for.
    pub fn receive(&mut self, frame: Result<Frame, String>) -> Vec<String> {
        let frame = match frame {
            Ok(frame) => frame,
            Err(why) => {
                self.record(What::Invalid(why));
                return Vec::new();
            }
        };
        let mut ask = Vec::new();
        match &frame {
            Frame::Rows(rows) => {
                for row in rows.iter().filter(|row| self.room.as_ref() == Some(&row.room)) {
                    let (rev, seq) = self.cursors.entry(row.room.clone()).or_default();
                    (*rev, *seq) = ((*rev).max(row.rev), (*seq).max(row.seq));
                }
            }
            Frame::Numbers { items, complete } => {
                for item in items {
                    self.asked.remove(item.room());
                }
                ask = self.page.replace(items, *complete);
            }
            Frame::News(news) if matches!(self.page.count(news), Applied::Missed | Applied::Uncertain) => {
                ask.push(news.room.clone());
            }
            Frame::Acknowledged { room, seq, rev, .. } => {
                self.own.push(Own { room: room.clone(), seq: *seq, text_rev: *rev });
                self.acknowledged += 1;
            }
            Frame::Moved { room, after } => {
                let (rev, _) = self.cursors.entry(room.clone()).or_default();
                *rev = *after;
                self.room = Some(room.clone());
            }
            Frame::Gone { .. } | Frame::Unsubscribed => self.room = None,
            _ => {}
        }
        self.record(What::Received(frame));
        ask.retain(|room| self.asked.insert(room.clone()));
        ask
    }
}
