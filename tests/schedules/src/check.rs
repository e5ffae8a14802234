//! Runs schedules, and reports the seed of one that fails.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
};

use shuttle::{Config, FailurePersistence, MaxSteps, Runner, future::block_on};

use crate::{
    Rule,
    profile::Profile,
    scenario,
    scheduler::{Seeded, seed},
};

/// Schedules in which a mutant is to be caught.
const MOST_FOR_A_MUTANT: u64 = 20_000;

thread_local! {
    /// How often what is worth noting happened in the schedules of this thread.
    static NOTES: RefCell<BTreeMap<&'static str, u64>> = RefCell::default();
}

/// Notes that something happened.
pub(crate) fn note(event: &'static str) {
    NOTES.with_borrow_mut(|notes| *notes.entry(event).or_default() += 1);
}

/// Runs `schedules` schedules, or as many as `NATTER_SCHEDULES` says, or the one that `NATTER_SEED` names.
///
/// # Panics
/// If one fails, or if something that must happen happens in none.
pub fn all_pass(profile: &'static Profile, schedules: u64) {
    let variable = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().expect("a number"));
    let only = variable("NATTER_SEED");
    let schedules = only.map_or_else(|| variable("NATTER_SCHEDULES").unwrap_or(schedules), |_| 1);
    if run(profile, None, only.unwrap_or_default(), schedules).is_err() {
        panic!("{}: to run it again: NATTER_SEED={}", profile.name, seed());
    }
    let notes = NOTES.take();
    report(&format!("{}: {schedules} schedules {notes:?}", profile.name));
    let missing = profile.must_happen.iter().find(|event| !notes.contains_key(*event));
    assert!(missing.is_none() || only.is_some(), "{}: no schedule has {}", profile.name, missing.unwrap_or(&""));
}

/// Checks that schedules fail without the rule.
///
/// # Panics
/// If none fails.
pub fn is_caught(rule: Rule, profile: &'static Profile) {
    let caught = run(profile, Some(rule), 0, MOST_FOR_A_MUTANT);
    assert!(caught.is_err(), "nothing fails without {rule:?}");
    report(&format!("without {rule:?}: schedule {} of {} fails", seed() + 1, profile.name));
}

fn run(profile: &'static Profile, skipped: Option<Rule>, first: u64, schedules: u64) -> std::thread::Result<usize> {
    Rule::skip(skipped);
    let mut config = Config::new();
    config.stack_size = 1 << 18;
    config.failure_persistence = FailurePersistence::None; // the seed is shorter
    config.max_steps = MaxSteps::FailAfter(200_000); // a hundred times what they need
    config.silence_warnings = true; // orderings weaker than `SeqCst` are taken for it
    let runner = Runner::new(Seeded::new(first, schedules), config);
    let outcome = catch_unwind(AssertUnwindSafe(|| runner.run(move || block_on(scenario::run(profile)))));
    Rule::skip(None);
    outcome
}

/// Prints a line, whether or not the test fails.
fn report(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}"); // not `eprintln`, of which a test's lines are kept back
}
