//! The page of a person.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;

use crate::{
    domain::{Timestamp, User},
    render::{Avatar, Language},
    room::Presence,
    web::{AppState, Path, Result, Shell, SignedIn},
};

#[derive(Template, WebTemplate)]
#[template(path = "people/person.html")]
pub struct PersonPage {
    shell: Shell,
    user: User,
    avatar: Avatar,
    presence: Presence,
    /// When an offline user was last online; `None` if unknown, or if the user does not show it.
    last_seen: Option<Timestamp>,
    is_me: bool,
}

impl PersonPage {
    /// The day on which an offline user was last online; empty if it is not known.
    fn last_day(&self) -> String {
        self.last_seen.map(|seen| self.shell.language.day(seen).into()).unwrap_or_default()
    }
}

pub async fn show(
    State(state): State<AppState>,
    language: Language,
    me: SignedIn,
    Path(user_id): Path<String>,
) -> Result<PersonPage> {
    let user = state.find_user(&user_id).await?;
    let presence = state.presence_of(&[user.key])[0];
    let last_seen = match presence {
        Presence::Offline => state.store.last_seen(&[user.key]).await?.into_iter().next().flatten(),
        Presence::Online | Presence::Idle => None,
    };
    Ok(PersonPage {
        shell: Shell::in_room(&state, language, &me.user, None).await?,
        avatar: (&user).into(),
        is_me: user.key == me.user.key,
        user,
        presence,
        last_seen,
    })
}
