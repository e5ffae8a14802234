//! A direct conversation that may not exist yet: its first post creates it.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    domain::User,
    render::Language,
    web::{
        AppState, Error, Path, Result, Shell, SignedIn, composer::Composer, direct, message_form,
        named_users::find_all, typed,
    },
};

#[derive(Template, WebTemplate)]
#[template(path = "rooms/direct.html")]
struct DirectPage {
    shell: Shell,
    /// The userIDs of the address.
    users: String,
    /// The names of the others; one's own in a conversation with oneself.
    name: String,
    composer: Composer,
    /// The userID of one of them whose account is disabled: the conversation cannot begin.
    disabled: Option<String>,
}

impl DirectPage {
    async fn new(state: &AppState, language: Language, me: &User, users: String, found: &[User]) -> Result<Self> {
        let others = found.iter().filter(|user| user.key != me.key);
        let names: Vec<&str> = others.map(|user| user.name.as_str()).collect();
        Ok(Self {
            shell: Shell::in_room(state, language, me, None).await?,
            users,
            name: if names.is_empty() { me.name.to_string() } else { names.join(", ") },
            composer: Composer::default(),
            disabled: found.iter().find(|user| user.disabled).map(|user| user.user_id.to_string()),
        })
    }
}

/// The users of an address: their userIDs, joined by `+`.
///
/// # Errors
/// 404 if one of them does not exist, or if they are too many for one conversation.
async fn users_of(state: &AppState, me: &User, users: &str) -> Result<Vec<User>> {
    let user_ids: Vec<String> = users.split('+').map(str::to_owned).collect();
    if user_ids.len() > direct::MAX_MEMBERS {
        return Err(Error::not_found("no-such-page"));
    }
    let found = find_all(state, &user_ids).await.map_err(|error| match error.status {
        StatusCode::UNPROCESSABLE_ENTITY => Error::not_found("no-such-user"),
        _ => error,
    })?;
    direct::members(me, &found).map_err(|_| Error::not_found("no-such-page"))?;
    Ok(found)
}

/// Leads to the conversation's room if it exists. This creates nothing.
pub async fn show(
    State(state): State<AppState>,
    language: Language,
    me: SignedIn,
    Path(users): Path<String>,
) -> Result<Response> {
    let found = users_of(&state, &me.user, &users).await?;
    if let Some(room) = state.store.direct_room(&direct::members(&me.user, &found)?).await? {
        return Ok(Redirect::to(&format!("/rooms/{}", room.id.as_str())).into_response());
    }
    Ok(DirectPage::new(&state, language, &me.user, users, &found).await?.into_response())
}

/// Creates the room if it does not exist, and posts. A message that is refused creates nothing.
pub async fn submit(
    State(state): State<AppState>,
    language: Language,
    me: SignedIn,
    Path(users): Path<String>,
    request: Request,
) -> Result<Response> {
    let (form, refused) = message_form::read(&state, Some(me.user.key), request).await?;
    let found = users_of(&state, &me.user, &users).await?;
    let sent = match refused {
        Some(error) => Err(error),
        None => typed::send_direct(&state, &me.user, &found, form.draft()).await,
    };
    match sent {
        Ok(to) => Ok(Redirect::to(&to).into_response()),
        Err(error) if error.status == StatusCode::UNAUTHORIZED => Err(error),
        Err(error) => {
            let page = DirectPage::new(&state, language, &me.user, users, &found).await?;
            let composer = Composer::refused(form, &error, language);
            Ok(error.on_page(DirectPage { composer, ..page }))
        }
    }
}
