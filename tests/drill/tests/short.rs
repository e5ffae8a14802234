//! A few rounds of the drills with the embedded database. `just drills` has many.
#![allow(clippy::unwrap_used)] // a test's way to fail

mod support;

use support::drill;

#[test]
fn kills_lose_nothing() {
    drill("kill", 6);
}

#[test]
fn power_cuts_lose_nothing() {
    drill("power", 10);
}

#[test]
fn what_a_lying_disk_loses_is_found() {
    drill("lying-disk", 6);
}

#[test]
fn a_full_disk_loses_nothing() {
    drill("full-disk", 4);
}

#[test]
fn failed_writes_lose_nothing() {
    drill("failed-writes", 4);
}

#[test]
fn failed_syncs_lose_nothing() {
    drill("failed-syncs", 4);
}

#[test]
fn bad_lines_lose_nothing() {
    drill("lines", 6);
}

#[test]
fn wrong_clocks_lose_nothing() {
    drill("clock", 6);
}
