//! The sessions of the account page: where the user is signed in.

use std::borrow::Cow;

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    domain::Timestamp,
    security::{
        open_sessions::OpenSession,
        sessions::{VISIT_INTERVAL, Visit},
    },
    web::{AppState, Form, Result, Shell, SignedIn},
};

/// A session in the list.
#[derive(Debug)]
pub(super) struct SessionLine {
    /// What the form names it by.
    pub id: String,
    /// The device, in words.
    pub device: String,
    pub address: String,
    /// How long ago it was used, in words.
    pub seen: String,
    /// Whether the page itself belongs to it.
    pub is_own: bool,
    /// Whether it began with the same login as the page's own session: it ends with it.
    pub is_current: bool,
}

impl SessionLine {
    /// The lines of the user's sessions; that of the page itself first.
    pub(super) async fn all(state: &AppState, shell: &Shell, me: &SignedIn) -> Result<Vec<Self>> {
        let open = state.logins.open_sessions(&me.user).await?;
        let mut lines: Vec<_> = open.iter().map(|session| Self::new(shell, session, me)).collect();
        lines.sort_by_key(|line| (!line.is_own, !line.is_current));
        Ok(lines)
    }

    fn new(shell: &Shell, session: &OpenSession, me: &SignedIn) -> Self {
        let visit = session.visit.as_ref();
        Self {
            id: session.token.0.to_string(),
            device: visit.map_or_else(|| shell.text("session-unknown"), |visit| device(shell, visit)).into_owned(),
            address: visit.map_or_else(String::new, |visit| visit.address.to_canonical().to_string()),
            seen: visit.map_or_else(String::new, |visit| seen(shell, visit).into_owned()),
            is_own: me.session.is_some_and(|id| session.has(&id)),
            is_current: session.token == me.grant.token(),
        }
    }
}

fn device(shell: &Shell, visit: &Visit) -> Cow<'static, str> {
    match (&visit.device.browser, &visit.device.system) {
        (Some(browser), Some(system)) => shell.with("session-device", &[("browser", browser), ("system", system)]),
        (Some(name), None) | (None, Some(name)) => name.clone().into(),
        (None, None) => shell.text("session-unknown"),
    }
}

fn seen(shell: &Shell, visit: &Visit) -> Cow<'static, str> {
    let seconds = Timestamp::now().as_secs() - visit.at;
    let minutes = seconds.max(0) as u64 / 60;
    match minutes {
        // the record is that old at most while the session is used
        _ if seconds <= VISIT_INTERVAL => shell.text("seen-now"),
        0..60 => shell.count("seen-minutes", &minutes),
        60..1440 => shell.count("seen-hours", &(minutes / 60)),
        _ => shell.count("seen-days", &(minutes / 1440)),
    }
}

#[derive(Deserialize)]
pub struct EndForm {
    /// The id of a session; without one, all but the page's own.
    #[serde(default)]
    session: Option<String>,
}

/// Ends a session of the user, or all others. One that has ended already is no error.
pub async fn end(State(state): State<AppState>, me: SignedIn, Form(form): Form<EndForm>) -> Result<Response> {
    let open = state.logins.open_sessions(&me.user).await?;
    let is_meant = |session: &OpenSession| form.session.as_ref().is_none_or(|id| *id == session.token.0.to_string());
    for session in open.iter().filter(|session| session.token != me.grant.token() && is_meant(session)) {
        state.logins.end_session(session, me.grant.token()).await?;
    }
    let saved = if form.session.is_some() { "session" } else { "sessions" };
    Ok(Redirect::to(&format!("/account?saved={saved}")).into_response())
}
