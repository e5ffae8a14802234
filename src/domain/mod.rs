//! What natter talks about: users, messages, ids. Newtypes that can only be made from valid input, so
//! that nothing above has to check again. No I/O, no HTTP, no database.

pub mod fields;
pub mod folding;
pub mod ids;
pub mod message;
pub mod network;
pub mod time;
pub mod user;
mod visible;

pub use fields::{Fields, Invalid};
pub use folding::fold;
pub use ids::{ClientId, RoomId, TokenId, UserId, UserKey};
pub use message::{Author, Message, Post, Text};
pub use network::Network;
pub use time::Timestamp;
pub use user::{Email, Name, Password, Phone, Role, User};
