//! The fan-out: everybody's sockets, in a few parts, each written to by one task.
//!
//! One task for many sockets, because a wake-up costs as much as the write it leads to; a part for each
//! core, so that all of them write. A wire that is full is skipped (see [`super::reader`]), so a part never waits.

use std::{
    collections::HashMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tokio::sync::{mpsc, watch};

use super::{
    Room,
    reader::Member,
    ring::{Cursor, Passed},
};

/// Sockets written to before other tasks get their turn: about a millisecond.
const STRIDE: usize = 256;

enum Step {
    Enter(u64, Arc<Member>),
    Leave(u64),
}

pub(super) struct Crowd {
    next: AtomicU64,
    parts: Vec<mpsc::UnboundedSender<Step>>,
}

/// What the tasks of a crowd wait for.
pub(super) struct Doors(Vec<mpsc::UnboundedReceiver<Step>>);

impl Crowd {
    pub(super) fn new() -> (Self, Doors) {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let (parts, doors) = (0..cores).map(|_| mpsc::unbounded_channel()).unzip();
        (Self { next: AtomicU64::new(0), parts }, Doors(doors))
    }

    /// A fresh id for a socket.
    pub(super) fn id(&self) -> u64 {
        self.next.fetch_add(1, Relaxed)
    }

    pub(super) fn enter(&self, id: u64, member: Arc<Member>) {
        let _ = self.part(id).send(Step::Enter(id, member));
    }

    pub(super) fn leave(&self, id: u64) {
        let _ = self.part(id).send(Step::Leave(id));
    }

    fn part(&self, id: u64) -> &mpsc::UnboundedSender<Step> {
        &self.parts[id as usize % self.parts.len()]
    }
}

impl Doors {
    /// Starts the tasks. They end when the room does.
    pub(super) fn open(self, room: &Arc<Room>) {
        for door in self.0 {
            let all = Cursor::of_all(&room.ring());
            tokio::spawn(serve(Arc::downgrade(room), room.end.subscribe(), all, door));
        }
    }
}

async fn serve(
    room: Weak<Room>,
    mut end: watch::Receiver<u64>,
    mut all: Cursor,
    mut door: mpsc::UnboundedReceiver<Step>,
) {
    let mut members: HashMap<u64, Arc<Member>> = HashMap::new();
    let step = |members: &mut HashMap<_, _>, step| match step {
        Step::Enter(id, member) => drop(members.insert(id, member)),
        Step::Leave(id) => drop(members.remove(&id)),
    };
    loop {
        tokio::select! {
            taken = door.recv() => match taken {
                Some(taken) => step(&mut members, taken),
                None => return,
            },
            changed = end.changed() => {
                let (Ok(()), Some(room)) = (changed, room.upgrade()) else { return };
                loop {
                    let next = room.ring().stretch(&mut all);
                    let stretch = match &next {
                        Ok(None) => break,
                        Ok(stretch) => stretch.as_ref(),
                        Err(Passed) => None,
                    };
                    // only now: whoever is live from before this stretch has entered by this moment
                    while let Ok(taken) = door.try_recv() {
                        step(&mut members, taken);
                    }
                    // where a thousand sockets take turns, each one's memory has left the caches since its last: it
                    // is asked for while the system writes to the ones before
                    let (mut second_next, mut next) = (members.values().skip(2), members.values().skip(1));
                    for (n, member) in members.values().enumerate() {
                        second_next.next().inspect(|member| member.prefetch());
                        next.next().inspect(|member| member.prefetch_wire());
                        member.fan_out(&room, stretch);
                        if n % STRIDE == STRIDE - 1 {
                            tokio::task::yield_now().await;
                        }
                    }
                }
            }
        }
    }
}
