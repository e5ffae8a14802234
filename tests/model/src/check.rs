//! Runs the checker.

use std::{collections::BTreeSet, time::Instant};

use stateright::{Checker, HasDiscoveries, Model};

use crate::{Rule, Scenario, System};

/// Checks all states of a scenario, and prints how many there are. Panics with a counterexample.
///
/// It uses one thread: the tests of several scenarios run at the same time.
pub fn exhaustively(name: &str, scenario: Scenario) {
    let start = Instant::now();
    let checker = System::new(scenario, None).checker().spawn_bfs().join();
    let (states, depth) = (checker.unique_state_count(), checker.max_depth());
    println!("{name}: {states} states, {depth} steps deep, {:.1} s", start.elapsed().as_secs_f32());
    checker.assert_properties();
}

/// Looks for a shortest execution of a system without `rule` that violates `property`, and prints it.
/// Panics if there is none.
pub fn finds_counterexample(scenario: Scenario, rule: Rule, property: &'static str) {
    let start = Instant::now();
    let stop = HasDiscoveries::AnyOf(BTreeSet::from([property]));
    let checker = System::new(scenario, Some(rule)).checker().finish_when(stop).spawn_bfs().join();
    let path = checker.assert_any_discovery(property).into_actions();
    println!("without {rule:?}: {} steps to \"{property}\", {:.1} s", path.len(), start.elapsed().as_secs_f32());
    path.iter().for_each(|action| println!("    {action:?}"));
}
