//! The shared database: MongoDB as a replica set (one member is enough).
//!
//! Every write is majority-acknowledged and journaled. Every read whose result leaves the adapter returns
//! majority-committed data. So a failover cannot take back anything that natter answered or showed. The `writer`
//! assigns the numbers of the log; the `tail` follows the commits of other processes.

mod authors;
mod bson_values;
mod collections;
mod connect;
mod copy_mark;
mod database;
mod documents;
mod driver;
mod guarded;
mod head;
mod log;
mod message_queries;
mod migrations;
mod networks;
mod node_app;
mod outbox;
mod presence;
mod removals;
mod sessions;
mod tail;
mod transfer;
mod unique_index;
mod users;
mod writer;

pub use database::Mongo;
pub use node_app::{NodeDatabase, NodeMessage, NodeMessages, NodeUser, NodeUsers, NodeValue};
