//! The scenarios: small systems, each of which is about a few rules.

pub mod changes;
pub mod posts;
pub mod reads;
pub mod rights;
pub mod trimming;

use crate::{
    database::Replication,
    domain::Command,
    scenario::{Faults, Request, Scenario, Send, When},
};

/// A write has its majority at once: scenarios without step-downs.
const AT_ONCE: Replication = Replication { at_once: true, lags: false };
/// A write gets its majority in a step of its own, or loses its place in a step-down.
const STEPWISE: Replication = Replication { at_once: false, lags: false };
/// Majority reads return any earlier state.
const LAGGING: Replication = Replication { at_once: true, lags: true };
const NONE: Faults = Faults { elections: 0, timeouts: 0, crashes: 0, lost_places: 0 };

/// Every scenario with its name.
pub fn all() -> Vec<(&'static str, Scenario)> {
    vec![
        ("posts::three_natters", posts::three_natters()),
        ("posts::step_down", posts::step_down()),
        ("posts::batch", posts::batch()),
        ("posts::two_rooms", posts::two_rooms()),
        ("changes::step_down", changes::step_down()),
        ("changes::step_downs", changes::step_downs()),
        ("changes::batch", changes::batch()),
        ("changes::three_natters", changes::three_natters()),
        ("changes::unknown_pin", changes::unknown_pin()),
        ("changes::unknown_edit", changes::unknown_edit()),
        ("changes::deleted_reply", changes::deleted_reply()),
        ("changes::replaced_texts", changes::replaced_texts()),
        ("trimming::late_change", trimming::late_change()),
        ("trimming::late_post", trimming::late_post()),
        ("trimming::unknown_pin", trimming::unknown_pin()),
        ("trimming::step_down", trimming::step_down()),
        ("rights::removal", rights::removal()),
        ("rights::removal_and_return", rights::removal_and_return()),
        ("rights::account", rights::account()),
        ("rights::account_and_faults", rights::account_and_faults()),
        ("reads::crash", reads::crash()),
        ("reads::lost_place", reads::lost_place()),
        ("reads::lagging_rights", reads::lagging_rights()),
        ("reads::lagging_changes", reads::lagging_changes()),
    ]
}

/// A post that all natters know.
fn post() -> Request {
    by(0, Command::Post { client: 9 })
}

/// A request of a user in room 0.
fn by(actor: u8, command: Command) -> Request {
    Request { room: 0, actor, command }
}

fn send(requests: &[u8], natter: usize, when: When) -> Send {
    Send { requests: requests.to_vec(), natter, when }
}
