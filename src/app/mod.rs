//! Composition: turns the settings into a running server.
//!
//! - [`config`]: the settings; [`roles`]: which of the three servers run here and on which addresses; `addresses`
//!   parses the addresses in both.
//! - `data_dir`: creates and locks the data directory; `secret`: the secret that signs tokens; `start_error`: why a
//!   start fails.
//! - `server`: starts and stops everything; `listeners`: the addresses; [`routes`]: what each server answers; `sweep`:
//!   the task that removes what has expired.
//! - `middleware`: the layers around all routes; `ops`: health and metrics; `openapi` and `docs`: the API's
//!   description.
//! - `logging`: the log's format and filter.

mod addresses;
pub mod config;
mod data_dir;
mod docs;
mod listeners;
mod logging;
mod middleware;
mod open_files;
mod openapi;
mod ops;
pub mod roles;
pub mod routes;
mod secret;
mod server;
mod start_error;
mod sweep;

pub(crate) use self::data_dir::{lock, make_private_dir};
pub use self::{config::Config, logging::init as init_logging, server::Server, start_error::StartError};
