//! The natter binary.

mod accounts;
mod crash;
mod running;
mod settings;
mod stopping;
