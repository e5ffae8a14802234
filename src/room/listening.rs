//! What a socket's sidebar shows, and what is to be read for it from the store.

use std::{
    collections::BTreeSet,
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use tokio::time::{Sleep, sleep_until};

use super::{losses::Loss, room::Room, tick::Tick};
use crate::{
    domain::{RoomId, UserKey},
    net::{Frame, sync::Arc},
};

/// Shortest time between two reads for a socket's sidebar.
const READ_INTERVAL: Duration = Duration::from_secs(1);
/// Most rooms that are read one by one; of more, all are read.
const MAX_ROOMS: usize = 100;

/// Rooms whose numbers are to be read for a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    All,
    Rooms(BTreeSet<RoomId>),
}

/// The state of a socket's sidebar. Small, because each open page has one.
#[derive(Default)]
pub(super) struct Listening {
    /// The indexes of the rooms whose news the socket gets, in ascending order.
    pub rooms: Box<[u32]>,
    /// The latest tick up to which it has got all news of them.
    pub tick: u32,
    /// When the numbers of its rooms were last read; `None` before the first time.
    read: Option<Instant>,
    /// What is to be read, and not before when. Boxed, because it is rare.
    wanted: Option<Box<(Wanted, Instant)>>,
    /// The socket's task, while it waits for something to read, or until it is time. They are here and not in the task's
    /// future, because there they would take more memory.
    waiting: Option<Waker>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Listening {
    /// Notes that something is to be read, `at` at the earliest.
    pub fn want(&mut self, more: Wanted, at: Instant) {
        let at = self.read.map_or(at, |read| at.max(read + READ_INTERVAL));
        let wanted = match self.wanted.take() {
            None => (more, at),
            Some(before) => {
                let (wanted, before_at) = *before;
                (wanted.and(more), at.min(before_at))
            }
        };
        self.wanted = Some(Box::new(wanted));
        if let Some(waiting) = self.waiting.take() {
            waiting.wake();
        }
    }

    /// Ready when it is time to read something.
    pub fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.waiting = Some(cx.waker().clone());
        self.timer = None;
        match &self.wanted {
            None => Poll::Pending,
            Some(wanted) if wanted.1 <= Instant::now() => Poll::Ready(()),
            Some(wanted) => self.timer.insert(Box::pin(sleep_until(wanted.1.into()))).as_mut().poll(cx),
        }
    }

    /// What is to be read now.
    pub fn take_wanted(&mut self, now: Instant) -> Option<Wanted> {
        self.wanted.take().map(|wanted| {
            self.read = Some(now);
            wanted.0
        })
    }

    /// Adds the frames of the tick for a sidebar of `user`. Returns the rooms of which the user may be no member any more:
    /// the socket no longer listens to them, and their membership is to be read again.
    pub fn take_frames<'a>(
        &mut self,
        tick: &'a Tick,
        user: UserKey,
        frames: &mut Vec<&'a Frame>,
    ) -> Vec<(Arc<Room>, Loss)> {
        let mut lost = Vec::new();
        for index in &self.rooms {
            let Some((room, part)) = tick.part(*index) else { continue };
            match part.loss_of(user) {
                Some(loss) => lost.push((Arc::clone(room), loss)),
                None => frames.push(&part.frame),
            }
        }
        if self.read.is_some() {
            frames.extend(&tick.presence);
        }
        if !lost.is_empty() {
            self.remove(lost.iter().map(|(room, _)| room));
        }
        lost
    }

    /// The socket listens no longer to these rooms.
    pub fn remove<'a>(&mut self, rooms: impl IntoIterator<Item = &'a Arc<Room>> + Clone) {
        let is_kept = |index: &u32| rooms.clone().into_iter().all(|room| room.index != *index);
        self.rooms = self.rooms.iter().copied().filter(is_kept).collect();
    }
}

impl From<Option<Vec<RoomId>>> for Wanted {
    /// Without rooms: all.
    fn from(rooms: Option<Vec<RoomId>>) -> Self {
        rooms.map_or(Self::All, |rooms| Self::Rooms(rooms.into_iter().collect()))
    }
}

impl Wanted {
    pub fn room(room: RoomId) -> Self {
        Self::Rooms(BTreeSet::from([room]))
    }

    fn and(self, more: Self) -> Self {
        match (self, more) {
            (Self::Rooms(mut rooms), Self::Rooms(more)) => {
                rooms.extend(more);
                if rooms.len() > MAX_ROOMS { Self::All } else { Self::Rooms(rooms) }
            }
            _ => Self::All,
        }
    }
}
