//! Clients that read as a person would say it, and the natter they talk to.

mod answer;
mod browser;
mod fragment;
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
    fragment::Line,
    metrics::Metrics,
    natter::{Natter, new_user},
    page::Page,
    person::Person,
    process::{Process, run, run_with_input},
    raw_connection::{Raw, frame},
    script::Script,
    socket::{Socket, refused_handshake},
};

/// The password that `user_id` signs up with.
pub fn password_of(user_id: &str) -> String {
    format!("{user_id}'s long secret")
}

/// "ada" is called Ada.
pub fn name_of(user_id: &str) -> String {
    user_id[..1].to_uppercase() + &user_id[1..]
}

/// Signs the tokens where a test makes its own.
pub const SECRET: &str = "a secret that is for the tests only";
