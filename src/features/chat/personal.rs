//! The lists across rooms that are one's own: what mentions one, and what one has saved.

use super::cursor;
use crate::{
    domain::{Message, Timestamp, User},
    store::ListCursor,
    web::{AppState, Result},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Mentions,
    Saved,
}

impl List {
    /// The first `limit` messages after the cursor `before`, the latest first, and the cursor of the next ones if there
    /// are more.
    ///
    /// # Errors
    /// 422 at `before` if it is no cursor; the store's.
    pub(super) async fn read(
        self,
        state: &AppState,
        user: &User,
        before: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<Message>, Option<String>)> {
        let after = before.map(cursor::parse).transpose()?;
        let found = self.after(state, user, after.as_ref(), limit).await?;
        let last = found.last().map(|(at, message)| ListCursor { at: *at, id: message.id.clone() });
        // there can be more even if this is short, because it is bounded in bytes too
        let next = match last {
            Some(last) if !self.after(state, user, Some(&last), 1).await?.is_empty() => Some(cursor::encode(&last)),
            _ => None,
        };
        Ok((found.into_iter().map(|(_, message)| message).collect(), next))
    }

    /// The first messages after a cursor, each with the time by which it is in the list.
    async fn after(
        self,
        state: &AppState,
        user: &User,
        after: Option<&ListCursor>,
        limit: u32,
    ) -> Result<Vec<(Timestamp, Message)>> {
        Ok(match self {
            Self::Mentions => {
                let found = state.store.mentions_of(user, after, limit).await?;
                found.into_iter().map(|message| (message.sent_at, message)).collect()
            }
            Self::Saved => {
                let found = state.store.saved_by(user, after, limit).await?;
                found.into_iter().map(|saved| (saved.saved_at, saved.message)).collect()
            }
        })
    }
}
