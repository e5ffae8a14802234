//! The users API.

mod administration;
mod avatars;
mod changing;
mod deleting;
mod passwords;
mod reading;
mod sessions;
mod signing_up;
