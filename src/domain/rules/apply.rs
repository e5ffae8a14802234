//! One command on one state.

use super::{
    members, messages,
    refusal::Refusal,
    state::{Change, State},
};
use crate::domain::{Action, Command, Right};

/// Applies `command`. `None` if it changes nothing, because the state is already as it asks: it takes no number then.
///
/// # Errors
/// The [`Refusal`].
pub fn apply(state: &State<'_>, command: &Command) -> Result<Option<Change>, Refusal> {
    let right = match state.actor.is_trusted {
        true => Right::Write,
        false => state.room.right(state.actor.membership).ok_or(Refusal::NoSuchRoom)?,
    };
    match &command.action {
        Action::Room(action) => members::apply(state, action, command.at),
        _ if right == Right::Read => Err(Refusal::Archived),
        Action::Post(post) => messages::post(state, post, command.at).map(Some),
        Action::Edit { text_rev, text, .. } => messages::edit(state, *text_rev, text, command.at),
        Action::Delete { .. } => messages::delete(state),
        Action::RemoveFile { file, .. } => messages::remove_file(state, *file, command.at),
        Action::React { emoji, .. } => messages::react(state, emoji),
        Action::Unreact { emoji, .. } => messages::unreact(state, emoji),
        Action::Pin { .. } => messages::pin(state, Some(command.at)),
        Action::Unpin { .. } => messages::pin(state, None),
        Action::Forget { .. } => messages::forget(state),
    }
}
