//! natter as people see it: the real binary, real Chromium, two people and more.
//!
//! Every test ends by looking at the consoles: an error or a CSP violation that the test did not announce
//! fails it. `chromium` and `chromedriver` have to be there (`tests/run` sees to it).

#![allow(clippy::unwrap_used)] // a test's way to fail

mod accounts;
mod admin;
mod apart;
mod cut;
mod no_script;
mod scroll;
mod support;
mod talk;
