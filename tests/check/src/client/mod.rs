//! Clients of natter: the API, and tabs.

mod api;
mod outbox;
mod socket;
mod tab;
mod tab_state;

pub use api::{Api, now};
pub use tab::{Command, Tab};
pub use tab_state::{Own, TabState};
