//! The users API.

mod changing;
mod deleting;
mod passwords;
mod reading;
mod signing_up;
