//! Messages, cursors and presence.

mod catching_up;
mod interleavings;
mod messages;
mod paging;
mod presence;
mod protocol;
mod refusals;
mod restart;
mod size_limits;
