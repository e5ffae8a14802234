//! The command line.

mod command_line;
mod copy;
mod import;
mod open;
mod progress;
mod reason;
mod room;
mod user;

pub use command_line::{Cli, Command};
pub use copy::run as copy;
pub use import::run as import;
pub use room::run as room;
pub use user::run as user;
