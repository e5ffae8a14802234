//! Composition: settings in, a running server out.

pub mod config;
mod docs;
mod listeners;
mod logging;
mod middleware;
mod openapi;
mod ops;
pub mod roles;
mod secret;
mod server;

pub use server::{Server, StartError};
pub(crate) use server::{lock, make_private_dir};

pub use self::{config::Config, logging::init as init_logging};
