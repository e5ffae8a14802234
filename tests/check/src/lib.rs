//! Compares what clients of natter saw and were answered with the logs of the rooms.
//!
//! | module | what |
//! |---|---|
//! | [`frame`] | the frames that a page receives |
//! | [`page`] | the numbers of a page's sidebar, by the arithmetic that natter's script has too |
//! | [`history`] | what a client did and received, with times |
//! | [`log`] | the logs at the end: who could read a room at each `rev`, and what was unread |
//! | [`check()`] | histories and logs → a [`Report`] |
//! | [`client`] | clients that behave as open pages and record their histories |
//! | [`team`] | users who do random things in rooms, by clients and by the API |
//!
//! All but the last two are pure: they read no clock and open no connection, so a drill can use them on what it recorded
//! elsewhere.

mod check;
pub mod client;
pub mod frame;
pub mod history;
pub mod log;
pub mod page;
mod report;
pub mod team;

pub use check::{check, settled};
pub use report::{Fault, Report};
