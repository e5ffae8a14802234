//! One module for each row.

pub mod ceiling;
pub mod fanout;
pub mod history;
pub mod idle;
pub mod ingest;
pub mod joining;
pub mod login;
pub mod page;
pub mod reconnect;
pub mod rest;
pub mod slow;
mod store_trait;
