//! The shared database: MongoDB as a replica set (one member is enough).
//!
//! Every write is majority-acknowledged and journaled. Every read whose result leaves the adapter returns
//! majority-committed data, and never older data than this process has seen (`causal`). So a failover cannot take back
//! anything that natter answered or showed.
//!
//! The collection `log` has a document for each change, and its key (room, rev) is the commit point. The document of a
//! post is also the latest state of its message; `settle` derives it. The `writer` takes the numbers; the `tail` follows
//! the commits of other processes; `trim` removes old changes.

mod administration;
mod audit_documents;
mod authors;
mod avatars;
mod bson_values;
mod causal;
mod check;
mod collections;
mod connect;
mod copy_mark;
mod database;
mod documents;
mod driver;
mod everyone;
mod guarded;
mod heads;
mod log;
mod log_documents;
mod log_queries;
mod marks;
mod member_search;
mod memberships;
mod mention_documents;
mod message_counts;
mod migrations;
mod networks;
mod node_app;
mod objects;
mod outbox;
mod personal;
mod presence;
mod removals;
mod rights;
mod room_documents;
mod room_effects;
mod room_names;
mod room_queries;
mod room_removals;
mod rooms;
mod sessions;
mod settings;
mod settle;
mod snapshot;
mod statements;
mod summaries;
mod tail;
mod transfer;
mod trim;
mod typing;
mod unique_index;
mod unreachable;
mod upload_documents;
mod uploads;
mod users;
mod writer;

pub use database::Mongo;
pub use node_app::{NodeDatabase, NodeMessage, NodeMessages, NodeUser, NodeUsers, NodeValue};
