//! A message that was sent after the session had ended.

use askama::Template;
use askama_web::WebTemplate;

use crate::{
    render::Language,
    web::{AppState, Shell, composer::Composer, message_form::MessageForm},
};

/// Keeps what was typed: it can be sent from here after a login in another tab.
#[derive(Template, WebTemplate)]
#[template(path = "chat/logged_out.html")]
pub(super) struct LoggedOutPage {
    shell: Shell,
    /// The address that the message was sent to.
    action: String,
    composer: Composer,
}

impl LoggedOutPage {
    pub(super) fn new(state: &AppState, language: Language, action: String, form: MessageForm) -> Self {
        Self { shell: Shell::new(state, language, None), action, composer: Composer::kept(form) }
    }
}
