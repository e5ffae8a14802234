//! Clients, and the natter that they use.

mod answer;
mod browser;
mod fragment;
mod known_reactions;
mod metrics;
mod natter;
mod page;
mod person;
mod process;
mod raw_connection;
mod script;
mod socket;

pub use self::{
    answer::Answer,
    browser::Browser,
    fragment::Fragment,
    known_reactions::KnownReactions,
    metrics::Metrics,
    natter::{Natter, new_user},
    page::Page,
    person::Person,
    process::{Process, run, run_with_input},
    raw_connection::{RawConnection, frame},
    script::Script,
    socket::{Socket, refused_handshake},
};

/// The password of every test user.
pub fn password_of(user_id: &str) -> String {
    format!("{user_id}'s long secret")
}

/// The name of every test user: `Ada` for `ada`.
pub fn name_of(user_id: &str) -> String {
    user_id[..1].to_uppercase() + &user_id[1..]
}

/// The token secret of tests that sign tokens themselves.
pub const SECRET: &str = "a secret that is for the tests only";
