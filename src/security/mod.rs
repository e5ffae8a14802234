//! Authentication: tokens, passwords, sessions and rate limits, and the login service that combines them. Nothing here
//! knows of HTTP.
//!
//! - [`grant`]: the proof of a login that a token and a session carry.
//! - [`login`]: checks passwords, issues tokens, revokes grants. [`login_links`]: logging in without a password, once.
//! - [`tokens`]: JSON Web Tokens; `jwt_hmac` signs them with ring.
//! - [`sessions`]: browser sessions in the store's table; [`open_sessions`] lists and ends those of a user.
//! - [`passwords`]: bcrypt, limited in how many hashes run at a time.
//! - `hash`: the hashes of sessions' ids and of login links' secrets.
//! - [`limits`]: rate limits of logins, sign-ups, password confirmations and messages.
//! - [`accounts`]: parses and validates the input for a new or changed account.

pub mod account_schema;
pub mod accounts;
pub mod grant;
mod hash;
mod jwt_hmac;
pub mod limits;
pub mod login;
pub mod login_links;
pub mod open_sessions;
pub mod passwords;
pub mod sessions;
pub mod tokens;

pub use grant::Grant;
