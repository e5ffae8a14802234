use std::fmt;

/// The bytes are no picture that natter can read: of another kind, damaged, cut off, or too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the picture cannot be read")
    }
}

impl std::error::Error for Unreadable {}
