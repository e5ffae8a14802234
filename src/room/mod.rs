//! The live part: the recent changes of every room, rendered once and sent to every socket at its own pace.
//!
//! ```text
//!               sockets that open and close
//!                          │
//!                          ▼
//!  store ─── events ────▶ hub ── entries ──▶ room: ring ── frames ──▶ shards of the fan-out ─── frames ──▶ live sockets
//!    │                     │                  ▲    │
//!    │                     ▼                  │    └───── frames ──▶ subscription ── frames ──▶ a socket that lags
//!    ├─── changes ──▶ filling ── entries ─────┘                           ▲
//!    └─── changes that are too far back for the ring ─────────────────────┘
//! ```
//!
//! - `entry`: a change of the log, rendered.
//! - `ring`: the last entries of a room. Pure.
//! - `losses`: who may have lost the right to read a room, and by which change. Pure.
//! - `news`: what happened in a room between two revs, as sidebars show it. Pure.
//! - `room`: a room that is followed: its ring, what is missing in it, its signals and its news; `live`: what of it is
//!   under a lock.
//! - `rooms`: the open rooms: opened by the first subscription, dropped some minutes after the last.
//! - `filling`: reads missing changes from the store into a ring.
//! - `fanout`: hands sockets to its shards.
//! - `shard`: the task that owns live sockets, and writes each frame to all of them.
//! - `subscriber`: a socket, shared by its own task and its shard.
//! - [`subscription`]: the socket's own task: it catches up from the ring or the store, and then leaves the socket to
//!   the fan-out. `own_reactions`: what a catch-up begins with, if reactions may have been missed.
//! - `sidebar`: the task that sends the news of all rooms to the sidebars; `tick`: what it sends at once.
//! - [`listener`]: a page's socket that listens to the rooms of its user; `listening`: its state; `listeners`: these
//!   sockets by user.
//! - [`hub`]: what the chat server uses: subscribe, enter, roster, typing.
//! - `hub_task`: the task that pushes the store's events to the rings, and announces the changes of the roster.
//! - `recheck`: the task that reads again what other processes may have changed.
//! - `signals`: the latest signals of a room, and those in JSON: who types, a new name, too much was missed.
//! - `roster`: the users online, and what to announce about them. Pure; the clock is an argument.
//! - `rendered_roster`: the list of users online, rendered once for everybody.
//! - `presence`: who is online, the events of sockets that open and close, and the guard that sends them.
//! - `presence_publisher`: the task that publishes to other processes who is online at this one.
//! - `seen`: the task that records until when users were online.
//! - `typing`: the task that reports to other processes who types at this one.
//! - [`registry`]: the open sockets by grant, so that those whose grant is revoked can be closed.
//!
//! All locks come from [`crate::net::sync`].

mod entry;
mod fanout;
mod filling;
pub mod hub;
mod hub_task;
pub mod listener;
mod listeners;
mod listening;
mod live;
mod losses;
mod news;
mod own_reactions;
mod presence;
mod presence_publisher;
mod recheck;
pub mod registry;
mod rendered_roster;
mod ring;
#[expect(clippy::module_inception, reason = "the module has the name of its type")]
mod room;
mod rooms;
mod roster;
#[cfg(test)]
mod roster_tests;
mod seen;
mod shard;
mod sidebar;
mod signals;
mod subscriber;
pub mod subscription;
mod tick;
mod typing;

pub use self::{
    listening::Wanted,
    presence::{Presence, PresenceGuard},
    rendered_roster::RenderedRoster,
    subscriber::Subscriber,
};
