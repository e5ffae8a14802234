//! The four rules, and the text of their violations.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use crate::arrows::Arrow;

/// What breaks a rule, one text each; `layers` from the bottom up.
pub fn violations(arrows: &[Arrow], layers: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for arrow in arrows {
        let violation = wrong_layer(arrow, layers).or_else(|| other_feature(arrow)).or_else(|| unchecked(arrow));
        found.extend(violation.filter(|violation| !found.contains(violation)));
    }
    found.extend(cycles(arrows));
    found
}

/// The top-level module of a file; `lib.rs` has none.
fn layer(file: &str) -> Option<&str> {
    let layer = file.strip_prefix("src/")?.split('/').next()?.trim_end_matches(".rs");
    (layer != "lib").then_some(layer)
}

fn wrong_layer(arrow: &Arrow, layers: &[&str]) -> Option<String> {
    let Arrow { from, line, to, path, .. } = arrow;
    let (from_layer, to_layer) = (layer(from)?, layer(to)?);
    let place = |layer: &str| layers.iter().position(|other| *other == layer);
    let reason = match (place(from_layer), place(to_layer)) {
        (Some(from), Some(to)) if from < to => "an arrow up",
        (Some(_), Some(_)) => return None,
        (_, None) => "which is in no layer",
        (None, _) => "from a module that is in no layer",
    };
    Some(format!("{from}:{line}: {from_layer} -> {to_layer}, {reason} ({to}, {path})"))
}

/// The feature that a file belongs to.
fn feature(file: &str) -> Option<&str> {
    let feature = file.strip_prefix("src/features/")?.split('/').next()?.trim_end_matches(".rs");
    (feature != "mod").then_some(feature)
}

fn other_feature(Arrow { from, line, to, path, .. }: &Arrow) -> Option<String> {
    let (one, other) = (feature(from)?, feature(to)?);
    (one != other).then(|| format!("{from}:{line}: feature {one} -> feature {other} ({to}, {path})"))
}

/// The traits of the store that read and write rooms without the rights of a user.
const UNCHECKED: [&str; 3] = ["Database", "LogReader", "Transfer"];
/// The layers that serve requests of users.
const OF_USERS: [&str; 2] = ["features", "web"];

fn unchecked(Arrow { from, line, to, path, .. }: &Arrow) -> Option<String> {
    let is_user = OF_USERS.contains(&layer(from)?) && layer(to)? == "store";
    let name = path.split("::").find(|name| is_user && UNCHECKED.contains(name))?;
    Some(format!("{from}:{line}: {name} reads and writes rooms without the rights of a user ({to}, {path})"))
}

type Graph<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a Arrow>>;

/// A shortest cycle through each file that is in one, each cycle once.
fn cycles(arrows: &[Arrow]) -> Vec<String> {
    let mut graph = Graph::new();
    for arrow in arrows.iter().filter(|arrow| !arrow.is_module) {
        graph.entry(&arrow.from).or_default().entry(&arrow.to).or_insert(arrow);
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for file in graph.keys() {
        let Some(cycle) = shortest_cycle(&graph, file) else { continue };
        let members: BTreeSet<&str> = cycle.iter().map(|arrow| arrow.from.as_str()).collect();
        if seen.insert(members) {
            let lines =
                cycle.iter().map(|Arrow { from, line, to, path, .. }| format!("\n  {from}:{line} -> {to} ({path})"));
            found.push(format!("a cycle of files:{}", lines.collect::<String>()));
        }
    }
    found
}

/// The fewest arrows from `start` back to it, by a breadth-first search.
fn shortest_cycle<'a>(graph: &Graph<'a>, start: &str) -> Option<Vec<&'a Arrow>> {
    let (mut queue, mut reached_by) = (VecDeque::from([start]), HashMap::<&str, &Arrow>::new());
    while let Some(file) = queue.pop_front() {
        for (to, arrow) in graph.get(file).into_iter().flatten() {
            if reached_by.contains_key(to) {
                continue;
            }
            reached_by.insert(to, arrow);
            if *to == start {
                let mut cycle = vec![*arrow];
                while cycle[0].from != start {
                    cycle.insert(0, reached_by[cycle[0].from.as_str()]);
                }
                return Some(cycle);
            }
            queue.push_back(to);
        }
    }
    None
}
