//! Users who do random things in rooms.

mod files;
mod finish;
mod manage;
mod outcome;
mod person;
mod random;
mod room;
mod start;

pub use finish::Finished;
pub use random::Random;
pub use room::{Kind, Room};
pub use start::{FOUNDER, Plan, Team};
