//! Who somebody is and whether they may: tokens, passwords, sessions, limits, and the login service that
//! ties them together. No HTTP in here.

pub mod account_schema;
pub mod accounts;
pub mod grant;
mod jwt_hmac;
pub mod limits;
pub mod login;
pub mod passwords;
pub mod sessions;
pub mod tokens;

pub use grant::Grant;
