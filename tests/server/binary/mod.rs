//! The natter binary.

mod accounts;
mod crash;
mod deleted_texts;
mod logs;
mod open_files;
mod rooms;
mod running;
mod settings;
mod stopping;
