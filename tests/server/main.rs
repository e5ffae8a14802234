//! natter over a real listener, with clients that say what a person would say.
#![allow(clippy::unwrap_used, reason = "what a test cannot do without, it may insist on")]

mod support;

mod auth;
mod binary;
mod chat;
mod connections;
mod openapi;
mod operations;
mod pages;
mod users;
