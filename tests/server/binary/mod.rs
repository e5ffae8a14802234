//! The natter binary.

mod accounts;
mod crash;
mod rooms;
mod running;
mod settings;
mod stopping;
