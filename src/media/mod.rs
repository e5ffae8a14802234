//! Pictures: what is removed from their files, and smaller ones made of them. Bytes in, bytes out.
//!
//! - [`clean`]: the files without metadata. Nothing is decoded, so what is shown stays the same bit by bit.
//! - [`decoded`]: decoding within limits, and the smaller pictures.
//! - [`picture`](mod@picture): what a message and an account need of a picture.
//! - [`pictures`]: the same off the async threads.
//! - [`priority`]: threads of low priority.

mod clean;
mod decoded;
mod picture;
mod pictures;
mod priority;
mod unreadable;

#[cfg(test)]
mod tests;

pub use self::{
    picture::{AVATAR_SIDE, MAX_PICTURE_BYTES, Picture, THUMBNAIL_SIDE, avatar, picture},
    pictures::{Pictures, Reservation, Unavailable},
    priority::lower_priority,
    unreadable::Unreadable,
};
