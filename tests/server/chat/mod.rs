//! Messages, cursors and presence.

mod catching_up;
mod changes;
mod interleavings;
mod live_rooms;
mod messages;
mod paging;
mod presence;
mod protocol;
mod refusals;
mod restart;
mod removals;
mod rooms;
mod sidebar;
mod size_limits;
