//! The settings of a room: its own, and those that the member keeps for themselves.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::context::{Refused, RoomContext, after_change};
use crate::{
    domain::{RoomId, User},
    features::rooms::edit::{RoomEdit, edit},
    render::Language,
    store::Access,
    web::{AppState, FieldTexts, Form, InRoom, Query, Result, Shell, SignedIn},
};

#[derive(Template, WebTemplate)]
#[template(path = "rooms/settings.html")]
struct SettingsPage {
    shell: Shell,
    room: RoomContext,
    form: SettingsForm,
    is_admin: bool,
    fields: FieldTexts,
    alert: Option<String>,
    saved: bool,
}

#[derive(Deserialize)]
pub struct SettingsForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    topic: String,
    #[serde(default)]
    kind: String,
    /// What the form was filled with. A field that was left as it was changes nothing, though another owner may have
    /// changed it meanwhile.
    #[serde(rename = "nameBefore", default)]
    name_before: String,
    #[serde(rename = "topicBefore", default)]
    topic_before: String,
    #[serde(rename = "kindBefore", default)]
    kind_before: String,
}

impl SettingsForm {
    /// Whether the room, as `present` shows it, has some of what was changed in this form.
    fn is_partly_saved(&self, present: &Self) -> bool {
        let is_saved = |typed: &String, before: &String, present: &String| typed != before && typed == present;
        is_saved(&self.name, &self.name_before, &present.name)
            || is_saved(&self.topic, &self.topic_before, &present.topic)
            || is_saved(&self.kind, &self.kind_before, &present.kind)
    }

    /// What was typed, in the form of the room as it is now.
    fn over(self, present: Self) -> Self {
        let Self { name, topic, kind, .. } = self;
        Self { name, topic, kind, ..present }
    }
}

impl SettingsPage {
    async fn load(state: &AppState, language: Language, me: &User, access: &Access) -> Result<Self> {
        let (shell, room) = RoomContext::load(state, language, me, access).await?;
        let now = &room.summary.room;
        let kind = now.kind.as_str().to_owned();
        let form = SettingsForm {
            name: now.name.clone(),
            topic: now.topic.clone(),
            kind: kind.clone(),
            name_before: now.name.clone(),
            topic_before: now.topic.clone(),
            kind_before: kind,
        };
        let is_admin = me.is_admin();
        Ok(Self { shell, room, form, is_admin, fields: FieldTexts::default(), alert: None, saved: false })
    }

    fn is_lobby(&self) -> bool {
        self.room.summary.room.id == RoomId::lobby()
    }

    fn level(&self) -> &'static str {
        self.room.summary.own.map_or("", |own| own.level.as_str())
    }
}

#[derive(Deserialize)]
pub struct SettingsQuery {
    #[serde(default)]
    saved: bool,
}

pub async fn show(
    State(state): State<AppState>,
    language: Language,
    InRoom { caller: me, access }: InRoom<SignedIn>,
    Query(query): Query<SettingsQuery>,
) -> Result<Response> {
    let page = SettingsPage::load(&state, language, &me.user, &access).await?;
    Ok(SettingsPage { saved: query.saved, ..page }.into_response())
}

pub async fn submit(
    State(state): State<AppState>,
    language: Language,
    room: InRoom<SignedIn>,
    Form(form): Form<SettingsForm>,
) -> Result<Response> {
    let changed = |now: &String, before: &String| (now != before).then(|| now.clone());
    let changes = RoomEdit {
        name: changed(&form.name, &form.name_before),
        topic: changed(&form.topic, &form.topic_before),
        // the form has no kind where it cannot be changed
        kind: changed(&form.kind, &form.kind_before).filter(|kind| !kind.is_empty()),
        ..RoomEdit::default()
    };
    change(&state, language, &room, changes, Some(form)).await
}

pub async fn archive(State(state): State<AppState>, language: Language, room: InRoom<SignedIn>) -> Result<Response> {
    change(&state, language, &room, RoomEdit { archived: Some(true), ..RoomEdit::default() }, None).await
}

pub async fn unarchive(State(state): State<AppState>, language: Language, room: InRoom<SignedIn>) -> Result<Response> {
    change(&state, language, &room, RoomEdit { archived: Some(false), ..RoomEdit::default() }, None).await
}

#[derive(Deserialize)]
pub struct EveryoneForm {
    everyone: bool,
}

pub async fn everyone(
    State(state): State<AppState>,
    language: Language,
    room: InRoom<SignedIn>,
    Form(form): Form<EveryoneForm>,
) -> Result<Response> {
    change(&state, language, &room, RoomEdit { everyone: Some(form.everyone), ..RoomEdit::default() }, None).await
}

/// Changes the room, and shows its settings again: with the reason and what was typed, if a change is refused.
async fn change(
    state: &AppState,
    language: Language,
    InRoom { caller: me, access }: &InRoom<SignedIn>,
    changes: RoomEdit,
    typed: Option<SettingsForm>,
) -> Result<Response> {
    let changed = edit(state, access, &changes).await;
    let Refused { error, access } = match after_change(state, &me.user, access, changed, "/settings?saved=true").await?
    {
        Ok(redirect) => return Ok(redirect.into_response()),
        Err(refused) => refused,
    };
    let page = SettingsPage::load(state, language, &me.user, &access).await?;
    let (fields, mut alert) = (error.field_texts(language), error.alert(language));
    let form = match typed {
        None => page.form,
        Some(typed) => {
            if typed.is_partly_saved(&page.form) {
                alert = format!("{alert} {}", language.text("room-rest-saved"));
            }
            typed.over(page.form)
        }
    };
    Ok(error.on_page(SettingsPage { form, fields, alert: Some(alert), ..page }))
}
