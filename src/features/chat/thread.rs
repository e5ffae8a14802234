//! The page of a thread: its root, and the replies.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::{
    fragments::{self, Marks, PAGE},
    on_message::{OnMessage, no_such_message},
};
use crate::{
    domain::Message,
    store::RoomSummary,
    web::{Query, Result, Shell, composer::Composer, sidebar::room_name},
};

#[derive(Template, WebTemplate)]
#[template(path = "chat/thread.html")]
pub(super) struct ThreadPage {
    shell: Shell,
    summary: RoomSummary,
    is_admin: bool,
    /// Of the room.
    name: String,
    /// The `seq` of the root.
    root: u64,
    /// The address of the root in its room.
    back: String,
    messages: String,
    is_root_deleted: bool,
    /// The room's latest `rev` on this page. The socket continues after it.
    head: u64,
    /// Whether this is the end of the thread.
    is_latest: bool,
    pub(super) composer: Composer,
}

/// The link between the root and the replies to earlier ones.
#[derive(Template)]
#[template(path = "chat/_older_replies.html")]
struct OlderReplies<'a> {
    shell: &'a Shell,
    address: String,
}

impl ThreadPage {
    fn id(&self) -> &str {
        self.summary.room.id.as_str()
    }

    /// Whether the user may delete the messages of others.
    fn manages(&self) -> bool {
        self.summary.room.is_managed_by(self.summary.own.map(|own| own.role), self.is_admin)
    }

    fn address(&self) -> String {
        format!("/rooms/{}/threads/{}", self.id(), self.root)
    }

    /// The latest replies, or those before the `seq` `before`. `None` if there is no such thread.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn read(on: &OnMessage, root: u64, before: Option<u64>) -> Result<Option<Self>> {
        let OnMessage { state, language, me, access, .. } = on;
        let room = on.room_address();
        let page = state.store.thread(access, root, before, PAGE).await?;
        // later than the page's head: the socket sends the root again if it changed meanwhile
        let message = state.store.message(access, root).await?;
        let is_thread = |message: &Message| message.text().is_some() || !page.messages.is_empty();
        let Some(message) = message.filter(is_thread) else { return Ok(None) };
        // who answers a deleted root answers the last reply
        let parent = page.messages.last().filter(|_| message.is_deleted()).unwrap_or(&message);
        let back = if message.is_deleted() { format!("{room}?at={root}") } else { format!("{room}/{root}") };
        let composer = Composer { thread: Some(root), ..Composer::reply(parent.seq()) };
        let older = page.messages.first().filter(|_| page.has_older).map(Message::seq);
        let shell = Shell::in_room(state, *language, me, Some(access.room())).await?;
        let is_root_deleted = message.is_deleted();
        let marks = Marks { days: true, ..Marks::default() };
        let messages = match older {
            None => {
                let all: Vec<Message> = std::iter::once(message).chain(page.messages).collect();
                fragments::messages(state, access, &all, marks, *language).await?
            }
            Some(seq) => {
                let first = fragments::messages(state, access, &[message], marks, *language).await?;
                let replies = fragments::messages(state, access, &page.messages, marks, *language).await?;
                let address = format!("{room}/threads/{root}?before={seq}");
                format!("{first}{}{replies}", OlderReplies { shell: &shell, address }.render().unwrap_or_default())
            }
        };
        let summary = state.store.summary(access).await?;
        let name = room_name(&summary, me, *language);
        let (head, is_latest) = (page.head, !page.has_newer);
        let is_admin = me.is_admin();
        Ok(Some(Self {
            shell,
            summary,
            is_admin,
            name,
            root,
            back,
            messages,
            is_root_deleted,
            head,
            is_latest,
            composer,
        }))
    }
}

#[derive(Deserialize)]
pub struct ThreadQuery {
    before: Option<u64>,
}

/// `?before=SEQ`: earlier replies. The thread of a reply is at its root.
pub async fn show(on: OnMessage, Query(query): Query<ThreadQuery>) -> Result<Response> {
    let reply = on.state.store.message(&on.access, on.seq).await?;
    if let Some(root) = reply.and_then(|reply| reply.root) {
        return Ok(Redirect::to(&format!("{}/threads/{root}", on.room_address())).into_response());
    }
    match ThreadPage::read(&on, on.seq, query.before).await? {
        Some(page) => Ok(page.into_response()),
        None => on.missing(no_such_message()).await,
    }
}
