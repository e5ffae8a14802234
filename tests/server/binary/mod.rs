//! The natter binary.

mod accounts;
mod crash;
mod deleted_texts;
mod logs;
mod rooms;
mod running;
mod settings;
mod stopping;
