//! A model of the protocol between natter's processes and MongoDB, checked exhaustively. README.md is the protocol in
//! words.
//!
//! | module | what it models |
//! |---|---|
//! | `document`, `domain` | the log's documents and the rules of change |
//! | `collections`, `database` | statements, the oplog, commands, step-downs |
//! | `natter` | a process: one read or one answer a step |
//! | `rule` | the rules of the protocol, each of which a mutant skips |
//! | `scenario`, `scenarios` | what is checked |
//! | `properties` | what always holds, and what sometimes happens |
//! | `model` | all of it as a stateright model |

pub mod check;
mod collections;
mod database;
mod document;
mod domain;
mod model;
mod natter;
mod properties;
mod rule;
mod scenario;
pub mod scenarios;

pub use self::{model::System, rule::Rule, scenario::Scenario};
