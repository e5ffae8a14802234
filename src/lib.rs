//! natter: self-hosted team chat.
//!
//! # The map
//! Arrows point down only.
//!
//! | layer | module | what |
//! |---|---|---|
//! | entry | `main`, [`cli`] | the command line |
//! | composition | [`app`] | settings, routers, layers, the way to stop |
//! | slices | [`features`] | auth · users · admin · chat; they never import each other |
//! | kits | [`web`] · [`room`] · [`security`] | HTTP · the live log · tokens, passwords, sessions, accounts |
//! | connections | [`net`] | the accept loop, WebSocket frames, client addresses |
//! | port | [`store`] | what natter needs of a database, and private adapters for it |
//! | words | [`domain`] | users, messages, ids; no I/O |
//!
//! # Three servers
//! users, auth and chat are three routers. [`app::roles`] tells which of them are served, on which address
//! each, and where people find it; [`web::Sites`] is what pages link by. From one to the other a browser goes
//! with a token ([`web::arrival`]).
//!
//! # One log, many cursors
//! A room is a durable, gap-free log of changes. A message's `seq` is its place in the room, its `rev` the
//! number of its latest change. Everything that shows messages reads that log with a cursor: the page on
//! load and scrolling back by `seq`; a socket, a script and a page that lost its connection by `rev`.
//!
//! A message goes: [`features::chat`] → [`store::Log::post`] (durable, acknowledged) → [`store::Event`] →
//! [`room::hub`] (rendered once) → the room's ring → the fan-out, or the [`room::subscription`] of a socket that lags.

pub mod app;
pub mod cli;
pub mod domain;
pub mod features;
pub mod net;
pub mod render;
pub mod room;
pub mod security;
pub mod store;
pub mod web;
