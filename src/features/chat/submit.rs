//! Sends what was typed into a page's form, without JavaScript.

use axum::{
    extract::{OriginalUri, Request, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    logged_out::LoggedOutPage,
    message_forms::Refused,
    message_page,
    on_message::OnMessage,
    page::{Part, RoomPage, View},
    thread::ThreadPage,
};
use crate::{
    domain::Reading,
    render::Language,
    web::{
        AppState, Error, InRoom, Result, SignedIn,
        composer::Composer,
        message_form::{self, MessageForm},
        typed::{self, Sent},
    },
};

/// Sends a message or obeys a command, and marks the page that it was written on as read. Leads to where the effect is:
/// to the room, the thread, the reply itself, or where a command leads. What is refused comes back on the page that it was
/// written on, with the reason; what was sent after the session had ended, on a page of its own.
pub(super) async fn submit(
    State(state): State<AppState>,
    language: Language,
    OriginalUri(uri): OriginalUri,
    in_room: Result<InRoom<SignedIn>, Response>,
    request: Request,
) -> Result<Response> {
    let InRoom { caller: me, access } = match in_room {
        Ok(in_room) => in_room,
        // to the login
        Err(response) if response.status().is_redirection() => {
            let (form, _) = message_form::read(&state, None, request).await?;
            let page = LoggedOutPage::new(&state, language, uri.path().to_owned(), form);
            return Ok((StatusCode::UNAUTHORIZED, page).into_response());
        }
        Err(response) => return Ok(response),
    };
    let room = format!("/rooms/{}", access.room().as_str());
    let author = async { Ok(me.user.clone()) };
    let (form, refused) = message_form::read(&state, Some(me.user.key), request).await?;
    let sent = match refused {
        Some(error) => Err(error),
        None => typed::send(&state, &access, form.draft(), author).await,
    };
    let sent = match sent {
        Ok(sent) => sent,
        Err(error) => {
            let seq = form.reply_to.unwrap_or_default(); // read only if it is a reply
            let on = OnMessage { state, language, me: me.user, access, seq, is_from_htmx: false };
            return refuse(on, form, error).await;
        }
    };
    if let (Sent::Posted(_), Some(seq)) = (&sent, form.read) {
        state.store.read(&access, Reading::Read { seq, version: form.version }).await?;
    }
    let to = match (sent, form.thread, form.reply_to) {
        (Sent::Done { go: Some(go) }, ..) => go,
        (Sent::Posted(_), Some(root), _) => format!("{room}/threads/{root}"),
        (Sent::Posted(posted), None, Some(_)) => format!("{room}/{}", posted.message.seq()),
        // where more is unread, the room opens there, and not at what was sent
        (Sent::Posted(posted), None, None) if state.store.summary(&access).await?.unread > 0 => {
            format!("{room}?before={}", posted.message.seq() + 1)
        }
        (Sent::Done { go: None } | Sent::Posted(_), ..) => room,
    };
    Ok(Redirect::to(&to).into_response())
}

async fn refuse(on: OnMessage, form: MessageForm, error: Error) -> Result<Response> {
    match error.status {
        StatusCode::UNAUTHORIZED => return Err(error),
        StatusCode::NOT_FOUND if error.message.key != "no-such-message" => return Err(error),
        _ => {}
    }
    let composer = Composer::refused(form, &error, on.language);
    if let Some(root) = composer.thread
        && let Some(mut page) = ThreadPage::read(&on, root, None).await?
    {
        // another parent, if that one is deleted
        page.composer = Composer { reply_to: page.composer.reply_to, ..composer };
        return Ok(error.on_page(page));
    }
    let parent = if composer.reply_to.is_some() { on.message().await? } else { None };
    if parent.is_some_and(|parent| parent.text().is_some()) {
        let refused = Refused { reply: Some(composer), ..Refused::default() };
        return message_page::refuse(&on, error, refused).await;
    }
    // what was typed can still be sent, though not as a reply
    let mut page = RoomPage::read(&on.state, on.language, &on.me, &on.access, View::Part(Part::default())).await?;
    page.composer = Composer { reply_to: None, thread: None, ..composer };
    Ok(error.on_page(page))
}
