//! The pages of rooms and their members. All of them are plain forms.

mod context;
pub mod delete;
pub mod direct;
pub mod list;
pub mod members;
pub mod new;
pub mod own;
pub mod settings;
