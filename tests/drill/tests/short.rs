//! A few rounds of the drills. `just drills` has many.
#![allow(clippy::unwrap_used)] // a test's way to fail

use std::{path::Path, process::Command};

/// Runs a drill with the natter beside it, which the tests of natter have built.
fn drill(name: &str, rounds: u32) {
    let drill = Path::new(env!("CARGO_BIN_EXE_natter-drill"));
    let natter = drill.with_file_name("natter");
    assert!(natter.exists(), "{} is missing: cargo build --package natter", natter.display());
    let mut command = Command::new(drill);
    let output = command.arg(name).args(["--rounds", &rounds.to_string()]).env("NATTER", natter).output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{out}{err}");
    print!("{out}");
}

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

/// One after the other: an election needs the machine for itself.
#[test]
fn clusters_lose_nothing() {
    drill("partition-cluster", 1);
    drill("freeze-cluster", 1);
    drill("power-cluster", 2);
}
