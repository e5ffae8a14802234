//! One module for each row.

pub mod authors;
pub mod ceiling;
mod changes;
pub mod counts;
pub mod delivered;
pub mod edits;
pub mod fanout;
pub mod history;
pub mod hot;
pub mod idle;
pub mod idle_rooms;
pub mod ingest;
pub mod joining;
pub mod login;
pub mod many_rooms;
pub mod page;
pub mod reactions;
pub mod reconnect;
pub mod rest;
pub mod restart;
pub mod room_page;
pub mod rooms;
pub mod sidebar;
pub mod slow;
mod store_trait;
mod stored_rooms;
