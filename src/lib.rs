pub mod domain;
pub mod room;
pub mod security;
pub mod store;
