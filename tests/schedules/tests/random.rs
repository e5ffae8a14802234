//! Random schedules of each kind.

use natter_schedules::{check::all_pass, profile};

#[test]
fn connections() {
    all_pass(&profile::CONNECTIONS, 4000);
}

#[test]
fn short() {
    all_pass(&profile::SHORT, 4000);
}

#[test]
fn rooms() {
    all_pass(&profile::ROOMS, 4000);
}

#[test]
fn gaps() {
    all_pass(&profile::GAPS, 4000);
}

#[test]
fn rights() {
    all_pass(&profile::RIGHTS, 4000);
}

#[test]
fn names() {
    all_pass(&profile::NAMES, 4000);
}

#[test]
fn processes() {
    all_pass(&profile::PROCESSES, 4000);
}

#[test]
fn sidebars() {
    all_pass(&profile::SIDEBARS, 4000);
}
