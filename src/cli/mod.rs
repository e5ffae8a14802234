//! The command line.

mod backup;
mod command_line;
mod copy;
mod doctor;
mod import;
mod objects;
mod open;
mod progress;
mod reason;
mod room;
mod transfer;
mod user;

pub use backup::{backup, restore};
pub use command_line::{Cli, Command};
pub use copy::run as copy;
pub use doctor::run as doctor;
pub use import::run as import;
pub use room::run as room;
pub use user::run as user;
