//! The command line.

mod command_line;
mod copy;
mod import;
mod progress;
mod reason;
mod user;

pub use command_line::{Cli, Command};
pub use copy::run as copy;
pub use import::run as import;
pub use user::run as user;
