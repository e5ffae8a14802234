//! A question before a text mentions all members of a large room. The API does not ask: a script sends what its author
//! meant to send.

use super::{AppState, Error, Result};
use crate::{
    domain::{
        Fields, Phrase, Text,
        mention::{Everyone, MENTIONED_UNASKED},
    },
    store::Access,
};

/// Checks that `text` does not mention all members of a large room.
///
/// # Errors
/// 409 at the field `confirmed`, with how many people it mentions.
pub async fn ask_first(state: &AppState, access: &Access, text: &Text) -> Result<()> {
    match text.names().everyone {
        Some(everyone) => Box::pin(ask(state, access, everyone)).await, // boxed, because it is rare
        None => Ok(()),
    }
}

async fn ask(state: &AppState, access: &Access, everyone: Everyone) -> Result<()> {
    let members = state.store.member_count(access).await?;
    if members <= MENTIONED_UNASKED {
        return Ok(());
    }
    let others = members - u64::from(access.is_member());
    let reason = Phrase::new("mentions-many").arg("name", everyone.as_str()).arg("count", others);
    Err(Error { fields: Fields::one("confirmed", reason.clone()), ..Error::conflict(reason) })
}
