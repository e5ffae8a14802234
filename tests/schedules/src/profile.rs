//! The kinds of schedules.

/// What can happen in a schedule.
#[derive(Debug)]
pub struct Profile {
    pub name: &'static str,
    pub rooms: usize,
    pub clients: u32,
    /// How many things each client does, and how often time passes.
    pub steps: u32,
    /// The most changes that are committed meanwhile.
    pub changes: u32,
    /// Whether events come late, twice, in another order or not at all, and many changes at once without one.
    pub events_are_lost: bool,
    pub reads_fail: bool,
    /// Whether the author is renamed.
    pub renames: bool,
    /// Whether the clients' user is removed from the rooms, and added again.
    pub removals: bool,
    /// How many natters there are. With several, one may crash and start again.
    pub processes: usize,
    /// Whether pages have a sidebar.
    pub sidebars: bool,
    /// What must happen in some of the schedules, as `build/patches.rs` notes it.
    pub must_happen: &'static [&'static str],
}

/// Slow and broken connections, with replies, in one room.
pub const CONNECTIONS: Profile = Profile {
    name: "connections",
    rooms: 1,
    clients: 2,
    steps: 30,
    changes: 12,
    events_are_lost: false,
    reads_fail: false,
    renames: false,
    removals: false,
    processes: 1,
    sidebars: false,
    must_happen: &["a frame sent in part", "a full queue", "a subscriber behind its shard"],
};

/// Few changes: a client that misses one does not get it with the next.
pub const SHORT: Profile =
    Profile { name: "short", steps: 3, changes: 2, must_happen: &["a frame sent in part"], ..CONNECTIONS };

/// Clients that move between rooms, of which the idle ones are dropped.
pub const ROOMS: Profile = Profile {
    name: "rooms",
    rooms: 3,
    reads_fail: true,
    must_happen: &["a room dropped", "a late read", "a fill given up", "own reactions"],
    ..CONNECTIONS
};

/// Gaps, some far larger than the ring, and a store that fails.
pub const GAPS: Profile = Profile {
    name: "gaps",
    rooms: 2,
    steps: 20,
    changes: 20,
    events_are_lost: true,
    reads_fail: true,
    must_happen: &["a jump", "a refetch", "a backfill", "a fill tried again"],
    ..CONNECTIONS
};

/// A user who loses the right to read, while events are lost.
pub const RIGHTS: Profile = Profile {
    name: "rights",
    removals: true,
    must_happen: &["a removal noticed", "a right kept", "a jump", "a late read"],
    ..GAPS
};

/// An author with new names.
pub const NAMES: Profile =
    Profile { name: "names", renames: true, must_happen: &["a fill read again", "a backfill"], ..CONNECTIONS };

/// Two natters, which crash. Clients go on at any of them.
pub const PROCESSES: Profile = Profile {
    name: "processes",
    removals: true,
    processes: 2,
    must_happen: &["a restart", "a removal noticed", "a late read"],
    ..GAPS
};

/// Pages with a sidebar of three rooms, at two natters.
pub const SIDEBARS: Profile = Profile {
    name: "sidebars",
    rooms: 3,
    processes: 2,
    sidebars: true,
    must_happen: &["news of a sidebar", "numbers of a sidebar"],
    ..GAPS
};
