//! The pages without JavaScript.

mod account;
mod admin;
mod admin_changes;
mod administration;
mod budgets;
mod chat_page;
mod head;
mod language;
mod login;
mod manifest;
mod protection;
mod sessions;
mod settings;
mod signup;
mod switching;
