//! Tokens and sessions.

mod logging_in;
mod logging_out;
mod tokens;
