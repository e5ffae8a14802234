//! What a client did and received.

use crate::frame::{Frame, Numbers, Row};

/// Milliseconds since 1970. All clients and servers of a run need the same clock: a server's time in a message is compared
/// with the time at which a client received something.
pub type Millis = u64;

/// The history of a tab.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Names the tab in reports.
    pub client: String,
    pub user_id: String,
    /// The user's key in fragments.
    pub tag: String,
    pub events: Vec<Event>,
}

#[derive(Debug, Clone)]
pub struct Event {
    pub at: Millis,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    /// The client began to open a socket, subscribed to the changes of a room after `after`.
    Opening {
        room: Option<String>,
        after: u64,
    },
    /// The client asked for another room, or for none. `after`: `None` is from now on.
    Moving {
        room: Option<String>,
        after: Option<u64>,
    },
    /// The connection ended.
    Closed,
    /// The client sent a message, for the first time or again.
    Sent {
        room: String,
        client_id: String,
        text: String,
    },
    Received(Frame),
    /// A frame that is not as the protocol has it.
    Invalid(String),
    /// The client asked the API to delete the message.
    Deleting {
        room: String,
        seq: u64,
    },
    /// The API answered that the message is deleted.
    Deleted {
        room: String,
        seq: u64,
    },
    /// The API answered that the message has this text now, since `rev`.
    Edited {
        room: String,
        seq: u64,
        rev: u64,
        text: String,
    },
    /// The API listed the user's rooms, without the numbers of texts. `asked`: when the client asked for them.
    Listed {
        asked: Millis,
        rooms: Vec<Numbers>,
    },
    /// The API answered that the room is deleted.
    RoomDeleted {
        room: String,
    },
    /// The API answered that the user's account is deleted.
    AccountDeleted,
}

/// A socket's reading of one room.
#[derive(Debug)]
pub struct Subscription<'a> {
    pub room: &'a str,
    /// The `rev` after which it began; `None`: from some later one on.
    pub after: Option<u64>,
    /// When the client asked for it.
    pub asked: Millis,
    pub rows: Vec<(Millis, &'a Row)>,
    /// Whether the server said that it leaves changes out.
    pub has_gap: bool,
    /// Whether it goes on at the end of the history.
    pub is_open: bool,
}

impl History {
    pub fn new(client: &str, user_id: &str, tag: &str) -> Self {
        Self { client: client.to_owned(), user_id: user_id.to_owned(), tag: tag.to_owned(), events: Vec::new() }
    }

    /// The subscriptions in order, and the rows that came without one.
    pub fn subscriptions(&self) -> (Vec<Subscription<'_>>, Vec<(Millis, &Row)>) {
        let (mut all, mut strays) = (Vec::<Subscription<'_>>::new(), Vec::new());
        let (mut is_open, mut asked) = (false, 0);
        for Event { at, what } in &self.events {
            let begin = |room, after, asked| Subscription {
                room,
                after,
                asked,
                rows: Vec::new(),
                has_gap: false,
                is_open: false,
            };
            match what {
                What::Opening { room, after } => {
                    is_open = room.is_some();
                    all.extend(room.as_deref().map(|room| begin(room, Some(*after), *at)));
                }
                What::Moving { .. } => asked = *at,
                What::Closed => is_open = false,
                What::Received(Frame::Moved { room, after }) => {
                    is_open = true;
                    all.push(begin(room, Some(*after), asked));
                }
                // also the answer to a move, which ends the subscription before
                What::Received(Frame::Gone { .. } | Frame::Unsubscribed) => is_open = false,
                What::Received(Frame::Refetch { .. }) => {
                    all.iter_mut().rev().take(1).for_each(|subscription| subscription.has_gap = true);
                }
                What::Received(Frame::Rows(rows)) => {
                    for row in rows {
                        match all.last_mut().filter(|last| is_open && last.room == row.room) {
                            Some(subscription) => subscription.rows.push((*at, row)),
                            None => strays.push((*at, row)),
                        }
                    }
                }
                _ => {}
            }
        }
        all.iter_mut().rev().take(1).for_each(|last| last.is_open = is_open);
        (all, strays)
    }
}
