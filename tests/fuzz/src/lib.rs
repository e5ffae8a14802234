//! What natter does with input that is made to harm, whatever it is.
//!
//! A target takes any bytes, gives them to natter's own code and panics if a property does not hold. `tests/corpora.rs`
//! gives it the kept inputs; `tests/fuzz/run` looks for more.
//!
//! | target | what it reads |
//! |---|---|
//! | [`frame`] | a text frame of a socket |
//! | [`cursor`] | a cursor of a list across rooms |
//! | [`token`] | a token, and changes of a valid one |
//! | [`user_id`] | a userID |
//! | [`markdown`] | a message's text, until it is a fragment |
//! | [`query`] | what is typed into the search |
//! | [`multipart`] | the form of a message with files |
//! | [`picture`] | the file of a picture |

mod chat;
mod form;
mod html;
mod markdown;
mod multipart;
mod picture;
mod query;
mod sample;
mod server;
mod token;
mod user_id;

// the names that the included sources of natter use
use natter::{domain, render, store, web};

pub use self::{
    chat::{cursor, frame},
    markdown::markdown,
    multipart::multipart,
    picture::picture,
    query::query,
    token::token,
    user_id::user_id,
};

/// Gives bytes to natter.
///
/// # Panics
/// If a property does not hold.
pub type Target = fn(&[u8]);

/// All targets, by the names of their corpora.
pub const TARGETS: [(&str, Target); 8] = [
    ("frame", frame),
    ("cursor", cursor),
    ("token", token),
    ("user-id", user_id),
    ("markdown", markdown),
    ("query", query),
    ("multipart", multipart),
    ("picture", picture),
];

/// The target with this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|(known, _)| *known == name).map(|(_, target)| target)
}
