//! The page with the files of a room.

use std::{borrow::Cow, sync::Arc};

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    domain::{File, Message, Shown},
    render::{self, Language},
    store::Access,
    web::{AppState, InRoom, Query, Result, Shell, SignedIn, sidebar::room_name},
};

/// Messages with files on a page.
const PAGE: u32 = 50;

/// Which files are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ShownFiles {
    Pictures,
    Others,
}

impl ShownFiles {
    pub fn query(self) -> &'static str {
        match self {
            Self::Pictures => "&kind=pictures",
            Self::Others => "&kind=others",
        }
    }

    fn has(self, file: &File) -> bool {
        (file.kind.shown() == Shown::Picture) == (self == Self::Pictures)
    }
}

/// A file with its message.
pub struct Listed {
    pub message: Arc<Message>,
    pub file: File,
}

/// The files of up to `limit` messages before a `seq`, and the `seq` before which there can be others.
pub async fn files_before(
    state: &AppState,
    access: &Access,
    before: Option<u64>,
    kind: Option<ShownFiles>,
    limit: u32,
) -> Result<(Vec<Listed>, Option<u64>)> {
    let messages = state.store.messages_with_files(access, before, limit).await?;
    let next = messages.last().filter(|_| messages.len() as u64 == u64::from(limit)).map(Message::seq);
    let of_message = |mut message: Message| {
        let files = std::mem::take(&mut message.files);
        let message = Arc::new(message);
        files.into_iter().map(move |file| Listed { message: Arc::clone(&message), file })
    };
    let shown = |listed: &Listed| kind.is_none_or(|kind| kind.has(&listed.file));
    Ok((messages.into_iter().flat_map(of_message).filter(shown).collect(), next))
}

#[derive(Template, WebTemplate)]
#[template(path = "chat/files.html")]
struct FilesPage {
    shell: Shell,
    heading: String,
    /// The address of the room, and its name.
    address: String,
    name: String,
    kind: Option<ShownFiles>,
    entries: Vec<Entry>,
    /// The query of older ones.
    next: Option<String>,
}

struct Entry {
    /// The file as a message shows it.
    shown: String,
    /// The address of the message.
    message: String,
    /// `None`: the account is deleted.
    author: Option<String>,
    day: Cow<'static, str>,
}

#[derive(Deserialize)]
pub struct FilesQuery {
    before: Option<u64>,
    kind: Option<ShownFiles>,
}

pub async fn show(
    State(state): State<AppState>,
    language: Language,
    InRoom { caller: me, access }: InRoom<SignedIn>,
    Query(FilesQuery { before, kind }): Query<FilesQuery>,
) -> Result<Response> {
    let (listed, next) = files_before(&state, &access, before, kind, PAGE).await?;
    let shell = Shell::in_room(&state, language, &me.user, Some(access.room())).await?;
    let name = room_name(&state.store.summary(&access).await?, &me.user, language);
    let room = access.room();
    let entry = |Listed { message, file }: &Listed| Entry {
        shown: render::files(room, std::slice::from_ref(file)),
        message: format!("/rooms/{}/{}", room.as_str(), message.seq()),
        author: message.author.as_ref().map(|author| author.name.clone()),
        day: language.day(message.sent_at),
    };
    let page = FilesPage {
        heading: shell.with("files-of", &[("room", &name)]).into_owned(),
        address: format!("/rooms/{}", room.as_str()),
        name,
        kind,
        entries: listed.iter().map(entry).collect(),
        next: next.map(|seq| format!("?before={seq}{}", kind.map_or("", ShownFiles::query))),
        shell,
    };
    Ok(page.into_response())
}
