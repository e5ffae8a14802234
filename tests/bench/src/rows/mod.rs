//! One module for each row.

pub mod authors;
pub mod ceiling;
mod changes;
pub mod edits;
pub mod fanout;
pub mod history;
pub mod hot;
pub mod idle;
pub mod idle_rooms;
pub mod ingest;
pub mod joining;
pub mod login;
pub mod page;
pub mod reactions;
pub mod reconnect;
pub mod rest;
pub mod restart;
pub mod rooms;
pub mod slow;
mod store_trait;
