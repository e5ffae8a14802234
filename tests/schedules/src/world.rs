//! What the tasks of a schedule share.

use shuttle::rand::{Rng, thread_rng};

use crate::{domain::RoomId, log::Logs, net::sync::Arc, profile::Profile, room::hub::Hub};

pub struct World {
    pub profile: &'static Profile,
    pub logs: Arc<Logs>,
    pub hub: Arc<Hub>,
    pub rooms: Vec<RoomId>,
}

impl World {
    pub fn new(profile: &'static Profile) -> Arc<Self> {
        let names = ["lobby", "one", "two"];
        let rooms: Vec<RoomId> = names[..profile.rooms].iter().map(|name| RoomId::named(name)).collect();
        let failures = if profile.reads_fail { thread_rng().gen_range(0..4) } else { 0 };
        let logs = Arc::new(Logs::new(&rooms, failures));
        let (hub, _ends_with_the_events) = Hub::start(Arc::clone(&logs) as _, Box::new(|_| {}));
        Arc::new(Self { profile, logs, hub: Arc::new(hub), rooms })
    }

    pub fn any_room(&self) -> RoomId {
        self.rooms[thread_rng().gen_range(0..self.rooms.len())].clone()
    }
}
