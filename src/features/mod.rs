//! What natter does, in slices that do not know each other. What two of them need stands below.

pub mod admin;
pub mod auth;
pub mod chat;
pub mod files;
pub mod people;
pub mod rooms;
pub mod search;
pub mod users;
