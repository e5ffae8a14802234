//! What breaks beneath natter and beside it: real servers, really killed.
#![allow(clippy::unwrap_used)] // all of this is tests; clippy.toml knows only functions marked as such

mod killed;
mod presence;
mod several;
mod starting;
mod stopped;
mod support;
