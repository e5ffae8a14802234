//! Every kept input, given to its target. `tests/fuzz/run` finds more of them.
#![allow(clippy::unwrap_used)] // a test's way to fail

use std::{fs, path::Path};

use natter_fuzz::{TARGETS, target};

/// Gives the target the inputs of its corpus.
fn replay(name: &str) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort_unstable();
    assert!(!files.is_empty(), "{} is empty", corpus.display());
    for file in files {
        println!("{}", file.display()); // the last one is the one that fails
        target(name).unwrap()(&fs::read(&file).unwrap());
    }
}

#[test]
fn every_corpus_has_a_target() {
    let corpora = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")).unwrap();
    let mut found: Vec<_> = corpora.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    found.sort_unstable();
    let mut known = TARGETS.map(|(name, _)| name.to_owned());
    known.sort_unstable();
    assert_eq!(found, known);
}

#[test]
fn frames() {
    replay("frame");
}

#[test]
fn cursors() {
    replay("cursor");
}

#[test]
fn tokens() {
    replay("token");
}

#[test]
fn user_ids() {
    replay("user-id");
}

#[test]
fn texts() {
    replay("markdown");
}

#[test]
fn queries() {
    replay("query");
}

#[test]
fn forms() {
    replay("multipart");
}

#[test]
fn pictures() {
    replay("picture");
}
