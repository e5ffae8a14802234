//! A module a row.

pub mod ceiling;
pub mod fanout;
pub mod history;
pub mod idle;
pub mod ingest;
pub mod joining;
pub mod login;
pub mod page;
mod port;
pub mod reconnect;
pub mod rest;
pub mod slow;
