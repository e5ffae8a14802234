//! natter on a real listener, used by browsers without JavaScript, scripts and sockets.
#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]

mod support;

mod auth;
mod binary;
mod chat;
mod connections;
mod files;
mod hostile;
mod messages;
mod openapi;
mod operations;
mod pages;
mod people;
mod rights;
mod rooms;
mod search;
mod security;
mod users;
