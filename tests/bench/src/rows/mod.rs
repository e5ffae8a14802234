//! One module for each row.

pub mod ceiling;
mod changes;
pub mod edits;
pub mod fanout;
pub mod history;
pub mod hot;
pub mod idle;
pub mod ingest;
pub mod joining;
pub mod login;
pub mod page;
pub mod reconnect;
pub mod rest;
pub mod rooms;
pub mod slow;
mod store_trait;
