//! Runs the checker.

use std::time::Duration;

use stateright::{Checker, HasDiscoveries, Model};

use crate::{Rule, Scenario, System};

/// Checks all states of a scenario, and prints how many there are. Panics with a counterexample.
pub fn exhaustively(name: &str, scenario: Scenario) {
    let start = std::time::Instant::now();
    let checker = System::new(scenario, None).checker().threads(2).spawn_bfs().join();
    let (states, depth) = (checker.unique_state_count(), checker.max_depth());
    println!("{name}: {states} states, {depth} steps deep, {:.1} s", start.elapsed().as_secs_f32());
    checker.assert_properties();
}

/// The first property that a system without `rule` violates, with the number of steps to it.
pub fn counterexample(scenario: Scenario, rule: Rule) -> Option<(&'static str, String)> {
    let checker = System::new(scenario, Some(rule)).checker().threads(2);
    let checker = checker.finish_when(HasDiscoveries::AnyFailures).timeout(Duration::from_secs(60)).spawn_bfs().join();
    let mut violated = checker.discoveries().into_iter();
    let violated = violated.find(|(name, _)| checker.model().property(name).expectation.discovery_is_failure());
    violated.map(|(name, path)| {
        let actions: Vec<_> = path.into_actions().iter().map(|action| format!("{action:?}")).collect();
        (name, actions.join(" "))
    })
}
