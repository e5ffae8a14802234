//! The page in place of a message that is deleted, or never was: it leads back to the room.

use askama::Template;
use askama_web::WebTemplate;

use crate::{
    domain::User,
    render::Language,
    store::Access,
    web::{AppState, Result, Shell, sidebar::room_name},
};

#[derive(Template, WebTemplate)]
#[template(path = "chat/no_message.html")]
pub(super) struct NoMessagePage {
    shell: Shell,
    room: String,
    name: String,
    /// Of the message, if there was one.
    seq: Option<u64>,
}

impl NoMessagePage {
    /// # Errors
    /// The store's.
    pub(super) async fn load(
        state: &AppState,
        language: Language,
        me: &User,
        access: &Access,
        seq: u64,
    ) -> Result<Self> {
        let summary = state.store.summary(access).await?;
        let shell = Shell::in_room(state, language, me, Some(access.room())).await?;
        let seq = (1..=summary.head.seq).contains(&seq).then_some(seq);
        Ok(Self { shell, seq, room: access.room().as_str().to_owned(), name: room_name(&summary, me, language) })
    }
}
