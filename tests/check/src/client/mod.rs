//! Clients of natter: the API, and tabs.

mod api;
mod outbox;
mod socket;
mod tab;
mod tab_state;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use api::{Api, now};
pub use tab::{Command, Tab};
pub use tab_state::{Own, TabState};

/// The value, also if a thread panicked while it had it.
pub(crate) fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
