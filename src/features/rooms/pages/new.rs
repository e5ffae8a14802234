//! The page that creates a room.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    domain::{User, user_ids},
    features::rooms::create::{RoomDraft, create},
    render::Language,
    web::{AppState, Error, FieldTexts, Form, Result, Shell, SignedIn, room_limits::may_create_rooms},
};

#[derive(Template, WebTemplate)]
#[template(path = "rooms/new.html")]
struct NewPage {
    shell: Shell,
    form: NewForm,
    fields: FieldTexts,
    alert: Option<String>,
}

#[derive(Default, Deserialize)]
pub struct NewForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    topic: String,
    /// UserIDs.
    #[serde(default)]
    members: String,
}

impl NewPage {
    async fn new(state: &AppState, language: Language, me: &User) -> Result<Self> {
        let shell = Shell::in_room(state, language, me, None).await?;
        let form = NewForm { kind: "open".into(), ..NewForm::default() };
        Ok(Self { shell, form, fields: FieldTexts::default(), alert: None })
    }
}

pub async fn show(State(state): State<AppState>, language: Language, me: SignedIn) -> Result<Response> {
    if !may_create_rooms(&state, &me.user) {
        return Err(Error::forbidden("admins-create-rooms"));
    }
    Ok(NewPage::new(&state, language, &me.user).await?.into_response())
}

pub async fn submit(
    State(state): State<AppState>,
    language: Language,
    me: SignedIn,
    Form(form): Form<NewForm>,
) -> Result<Response> {
    let draft = RoomDraft {
        name: form.name.clone(),
        kind: form.kind.clone(),
        topic: form.topic.clone(),
        members: user_ids(&form.members),
    };
    match create(&state, &me.user, &draft).await {
        Ok(room) => Ok(Redirect::to(&format!("/rooms/{}", room.id.as_str())).into_response()),
        Err(error) => {
            let page = NewPage::new(&state, language, &me.user).await?;
            let (fields, alert) = (error.field_texts(language), Some(error.alert(language)));
            Ok(error.on_page(NewPage { form, fields, alert, ..page }))
        }
    }
}
