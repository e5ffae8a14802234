//! The lists across rooms that are one's own: what mentions one, and what one has saved.

use super::cursor;
use crate::{
    domain::{Message, User},
    store::ListCursor,
    web::{AppState, Result, pagination::take_page},
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
        let after = after.as_ref();
        let found = match self {
            Self::Mentions => {
                let found = state.store.mentions_of(user, after, limit + 1).await?;
                found.into_iter().map(|message| (message.sent_at, message)).collect::<Vec<_>>()
            }
            Self::Saved => {
                let found = state.store.saved_by(user, after, limit + 1).await?;
                found.into_iter().map(|saved| (saved.saved_at, saved.message)).collect()
            }
        };
        let (found, last) = take_page(found, limit);
        let next = last.map(|(at, message)| cursor::encode(&ListCursor { at, id: message.id }));
        Ok((found.into_iter().map(|(_, message)| message).collect(), next))
    }
}
