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
}

/// A command that the server answered.
#[derive(Debug)]
pub struct Done {
    /// The message that the command names.
    pub target: u64,
    pub command: Command,
    /// The message in the answer; `None` of a delete, and if the answer was that the target is deleted.
    pub answer: Option<Posted>,
    pub rev: u64,
}
