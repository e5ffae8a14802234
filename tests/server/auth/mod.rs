//! Logins, tokens and sessions.

mod hashes;
mod logging_in;
mod logging_out;
mod password_guessing;
mod tokens;
