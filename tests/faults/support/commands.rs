//! The commands that clients give by the API.

/// A message of the client's own.
#[derive(Debug, Clone)]
pub struct Posted {
    pub seq: u64,
    pub text_rev: u64,
    pub text: String,
}

/// What a client asks for.
#[derive(Debug)]
pub enum Command {
    Edit { text: String, text_rev: u64 },
    Delete,
    React,
    Unreact,
    Reply { text: String },
    Pin,
    Unpin,
}

/// A command that the server answered.
#[derive(Debug)]
pub struct Done {
    /// The message that the command names.
    pub target: u64,
    pub command: Command,
    /// The message in the answer; `None` of a delete, and if the command was refused: the target is deleted, or the
    /// room has as many pins as it may have.
    pub answer: Option<Posted>,
    /// Whether an earlier attempt, which was not answered, may have been carried out or still be.
    pub is_repeat: bool,
    pub rev: u64,
}
