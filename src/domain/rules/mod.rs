//! The rules of change: what a command does to a room's state, or why it is refused. Pure; both stores load the state,
//! apply a command, and store the result under the room's next number. Neither has rules of its own.

mod apply;
mod members;
mod messages;
#[cfg(test)]
mod properties;
mod refusal;
#[cfg(test)]
mod room_tests;
mod state;
#[cfg(test)]
mod text_tests;
#[cfg(test)]
mod world;

pub use apply::apply;
pub use members::check_right;
pub use messages::{count_reply, present_text};
pub use refusal::{MAX_PINS, Refusal};
pub use state::{Actor, Change, Concerned, Head, Members, State, Upload};
