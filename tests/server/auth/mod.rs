//! Tokens and sessions.

mod guessing;
mod hashes;
mod logging_in;
mod logging_out;
mod tokens;
