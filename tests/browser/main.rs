//! natter in Chromium, with one or more people.
//!
//! Every test ends with a check of the browser console: an error, a warning or a CSP violation that the test does not
//! expect fails it. The tests need `chromium` and `chromedriver`, which `tests/run` installs.
#![allow(clippy::unwrap_used)] // all of this is tests; clippy.toml knows only functions marked as such

mod accounts;
mod admin;
mod avatars;
mod away;
mod changes;
mod chat;
mod completion;
mod composer;
mod days;
mod files;
mod focus;
mod installable;
mod keyboard;
mod lists;
mod long_lived;
mod marks;
mod mentions;
mod no_script;
mod notifications;
mod outbox;
mod paging;
mod panel;
mod picker;
mod quality;
mod quotes;
mod read_marks;
mod reconnect;
mod room_changes;
mod room_history;
mod rooms;
mod row_tools;
mod scroll;
mod search;
mod settings;
mod sidebar;
mod support;
mod tabs;
mod threads;
mod three_people;
mod three_servers;
mod touch;
mod typing;
mod weak_line;
