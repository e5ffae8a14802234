//! The forms of a message, below its row on its own page: all that one can do with it without JavaScript.

use askama::Template;

use super::{
    edit_form::EditForm,
    reactors::{Reactors, reactors},
};
use crate::{
    domain::{Message, Right, User},
    store::{Access, RoomSummary},
    web::{AppState, Result, Shell, composer::Composer},
};

/// The emoji that have a button of their own.
pub(super) const USUAL: [&str; 6] = ["👍", "❤️", "😄", "🎉", "👀", "✅"];

/// What was typed into a form that was refused, and why.
#[derive(Default)]
pub(super) struct Refused {
    /// The form, and the reason: `react`, `pin`, `save` or `delete`. A refused reply has it in its [`Composer`].
    pub form: Option<(&'static str, String)>,
    /// The typed emoji.
    pub emoji: String,
    pub reply: Option<Composer>,
}

#[derive(Template)]
#[template(path = "chat/_forms.html")]
struct MessageForms<'a> {
    shell: &'a Shell,
    message: &'a Message,
    edit: Option<EditForm>,
    may_delete: bool,
    /// Whether the room can be written to, and the message is a text.
    may_write: bool,
    /// Whether the reader may react to it and pin it.
    may_mark: bool,
    is_member: bool,
    is_saved: bool,
    reactors: Vec<Reactors>,
    refused: Refused,
    reply: Composer,
}

impl MessageForms<'_> {
    fn address(&self, page: &str) -> String {
        format!("/rooms/{}/{}{page}", self.message.id.room.as_str(), self.message.seq())
    }

    fn room_address(&self, page: &str) -> String {
        format!("/rooms/{}{page}", self.message.id.room.as_str())
    }

    /// The address of the thread that the message belongs to.
    fn thread(&self) -> String {
        self.room_address(&format!("/threads/{}", self.message.root.unwrap_or(self.message.seq())))
    }

    fn is_text(&self) -> bool {
        self.message.text().is_some()
    }

    /// The usual emoji that the message does not have.
    fn usual(&self) -> impl Iterator<Item = &'static str> {
        USUAL.into_iter().filter(|usual| !self.reactors.iter().any(|given| given.emoji == *usual))
    }

    /// Why this form was refused; empty if it was not.
    fn reason(&self, form: &str) -> &str {
        self.refused.form.as_ref().filter(|(refused, _)| *refused == form).map_or("", |(_, reason)| reason)
    }
}

/// The list item with the forms of what `me` may do.
///
/// # Errors
/// The store's.
pub(super) async fn forms(
    state: &AppState,
    shell: &Shell,
    (me, access): (&User, &Access),
    summary: &RoomSummary,
    message: &Message,
    mut refused: Refused,
) -> Result<String> {
    let is_text = message.text().is_some();
    let may_write = is_text && access.right() == Right::Write;
    let is_own = message.author_key == me.key;
    let manages = summary.room.is_managed_by(summary.own.map(|own| own.role), me.is_admin());
    let is_saved = is_text && !state.store.saved_among(access, &[message.seq()]).await?.is_empty();
    let forms = MessageForms {
        shell,
        edit: (may_write && is_own).then(|| EditForm::of(message)),
        may_delete: may_write && (is_own || manages),
        may_write,
        may_mark: may_write && summary.own.is_some(),
        is_member: summary.own.is_some(),
        is_saved,
        reactors: reactors(state, message, me.key).await?,
        reply: refused.reply.take().unwrap_or_else(|| Composer::reply(message.seq())),
        message,
        refused,
    };
    Ok(forms.render().unwrap_or_default())
}
