//! The users API.

mod administration;
mod changing;
mod deleting;
mod passwords;
mod reading;
mod sessions;
mod signing_up;
