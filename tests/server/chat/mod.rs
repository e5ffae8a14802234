//! Messages, cursors and presence.

mod autobahn;
mod catching_up;
mod changes;
mod half_open;
mod interleavings;
mod live_rooms;
mod messages;
mod paging;
mod presence;
mod protocol;
mod refusals;
mod removals;
mod restart;
mod rooms;
mod seen;
mod sidebar;
mod size_limits;
