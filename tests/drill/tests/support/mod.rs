//! Runs a drill.

use std::{path::Path, process::Command};

/// Runs a drill with the natter beside it, which the tests of natter have built.
pub fn drill(name: &str, rounds: u32) {
    let drill = Path::new(env!("CARGO_BIN_EXE_natter-drill"));
    let natter = drill.with_file_name("natter");
    assert!(natter.exists(), "{} is missing: cargo build --package natter", natter.display());
    let mut command = Command::new(drill);
    let output = command.arg(name).args(["--rounds", &rounds.to_string()]).env("NATTER", natter).output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{out}{err}");
    print!("{out}");
}
