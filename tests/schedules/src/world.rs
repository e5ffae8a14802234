//! What the tasks of a schedule share.

use std::sync::Mutex;

use shuttle::rand::{Rng, thread_rng};

use crate::{
    check::note, domain::RoomId, log::Logs, net::sync::Arc, profile::Profile, room::hub::Hub, runtime::net::Pipe,
};

pub struct World {
    pub profile: &'static Profile,
    pub logs: Arc<Logs>,
    processes: Mutex<Vec<Process>>,
    pub rooms: Vec<RoomId>,
}

/// A natter. All of them have the same logs.
struct Process {
    hub: Arc<Hub>,
    /// Its connections, also those that have ended.
    pipes: Vec<Arc<Pipe>>,
}

impl Process {
    fn start(logs: &Arc<Logs>, number: usize) -> Self {
        let (hub, _ends_with_the_events) = Hub::start(logs.open(number), Box::new(|_| {}));
        Self { hub: Arc::new(hub), pipes: Vec::new() }
    }
}

impl World {
    pub fn new(profile: &'static Profile) -> Arc<Self> {
        let names = ["lobby", "one", "two"];
        let rooms: Vec<RoomId> = names[..profile.rooms].iter().map(|name| RoomId::named(name)).collect();
        let failures = if profile.reads_fail { thread_rng().gen_range(0..4) } else { 0 };
        let logs = Arc::new(Logs::new(&rooms, failures));
        let processes = (0..profile.processes).map(|number| Process::start(&logs, number)).collect::<Vec<_>>();
        Arc::new(Self { profile, logs, processes: processes.into(), rooms })
    }

    pub fn any_room(&self) -> RoomId {
        self.rooms[thread_rng().gen_range(0..self.rooms.len())].clone()
    }

    /// Connects to one of the processes.
    pub fn connect(&self, pipe: &Arc<Pipe>) -> Arc<Hub> {
        let mut processes = self.processes.lock().expect("no schedule goes on after a panic");
        let number = thread_rng().gen_range(0..processes.len());
        processes[number].pipes.push(Arc::clone(pipe));
        Arc::clone(&processes[number].hub)
    }

    /// One of the processes crashes, and starts again.
    pub fn restart(&self) {
        note("a restart");
        let number = thread_rng().gen_range(0..self.profile.processes);
        let next = Process::start(&self.logs, number);
        let mut processes = self.processes.lock().expect("no schedule goes on after a panic");
        let before = std::mem::replace(&mut processes[number], next);
        drop(processes);
        before.pipes.iter().for_each(|pipe| pipe.break_off());
    }
}
