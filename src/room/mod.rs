//! The live part: the recent changes of every room, rendered once and sent to every socket at its own pace.
//!
//! ```text
//!              sockets that open and close
//!                          │
//!                          ▼
//!  store ─── events ────▶ hub ── entries ──▶ ring ── batches ──▶ fan-out ─────── frames ──▶ live sockets
//!    │                     ▲                   │
//!    ├─── changes (gap) ───┘                   └─── frames ──▶ subscription ── frames ──▶ a socket that lags
//!    │                                                              ▲
//!    └─── changes that the ring has dropped ────────────────────────┘
//! ```
//!
//! - `entry`: a change or a notice, rendered: the fragment for everybody, and the variants for some users.
//! - `ring`: the last entries of a room. Pure.
//! - `cursor`: a reader's place in a ring and in the log.
//! - `roster`: the users online in a room, and what to announce about them. Pure; the clock is an argument.
//! - `rendered_roster`: the list of users online, rendered once for everybody.
//! - `room_state`: the state that the tasks of a room share: its ring, its rendered roster, its store.
//! - `live_room`: a room as the chat server uses it: subscribe, enter, roster, head.
//! - [`hub`]: the rooms and the open sockets of this process.
//! - `hub_task`: the task that pushes the store's events to the ring, and announces the changes of the roster.
//! - `fanout`: the tasks that write each batch to all live sockets.
//! - `subscriber`: a socket's cursor, and whether the fan-out or the subscription writes to the socket.
//! - [`subscription`]: the socket's own task: it catches up from the ring or the store, and then leaves the socket to
//!   the fan-out.
//! - `presence`: the events of sockets that open and close, and the guard that sends them.
//! - `presence_publisher`: the task that publishes to other processes who is online at this one.
//! - [`registry`]: the open sockets by grant, so that those whose grant is revoked can be closed.
//! - `grant_check`: the task that looks for grants that another process has revoked.
//!
//! All locks come from [`crate::net::sync`].

mod cursor;
mod entry;
mod fanout;
mod grant_check;
pub mod hub;
mod hub_task;
mod live_room;
mod presence;
mod presence_publisher;
pub mod registry;
mod rendered_roster;
mod ring;
mod room_state;
mod roster;
mod subscriber;
pub mod subscription;

pub use self::{live_room::LiveRoom, presence::PresenceGuard, rendered_roster::RenderedRoster};
