//! Coming in with a token in the address.
//!
//! The chat's page takes one as the product's way in. The users server's pages take one only where the auth
//! server is on another address, whose cookie a browser may not send here: its login hands people over so.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    RequestExt,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Uri, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use serde::Deserialize;
use tower_sessions::Session;
use utoipa_axum::router::OpenApiRouter;

use super::{AppState, Bearer, Form, Nav, Result, SharedSites, SignedIn, page::local_path, sites};
use crate::{
    domain::User,
    security::{
        Grant,
        sessions::{self, Lasting},
    },
};

/// A link that carries somebody else's token than the one signed in asks before it switches: otherwise
/// anybody could, with a link, have people write under an account that is not theirs.
#[derive(Template, WebTemplate)]
#[template(path = "switch.html")]
struct SwitchPage {
    sites: SharedSites,
    nav: Option<Nav>,
    present: Option<String>,
    other: String,
    token: String,
    /// Where one goes on, and where one stays.
    next: String,
}

/// Asks whether to go on as `other`, at the path `next`.
pub fn ask(state: &AppState, present: Option<&User>, other: &User, token: &str, next: &str) -> Response {
    let page = SwitchPage {
        sites: state.sites(),
        nav: present.map(Nav::from),
        present: present.map(|user| user.name.to_string()),
        other: other.name.to_string(),
        token: token.to_owned(),
        next: next.to_owned(),
    };
    page.into_response()
}

/// The token is in this page's address, whatever the page shows: nothing may take it along.
pub fn hide_token(mut response: Response) -> Response {
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Starts a session for the token's holder, unless the one they have lasts as long.
///
/// # Errors
/// Where the store fails.
pub async fn admit(session: &Session, present: Option<&SignedIn>, token: Grant) -> Result<()> {
    if is_better(present.map(|me| (me.grant, me.lasting)), &token) {
        sessions::start(session, token, Lasting::WhileTokenIsValid).await?;
    }
    Ok(())
}

/// Whether a token holds for longer than the session that the same user has.
fn is_better(present: Option<(Grant, Lasting)>, token: &Grant) -> bool {
    match present {
        None => true,
        Some((_, Lasting::Yes)) => false,
        Some((grant, Lasting::WhileTokenIsValid)) => token.expires() > grant.expires(),
    }
}

#[derive(Deserialize)]
pub struct SwitchForm {
    jwt: String,
    next: Option<String>,
}

/// Signs the present user out, everywhere in this browser, and the token's in.
///
/// # Errors
/// 401 if the token does not hold.
pub async fn switch(
    State(state): State<AppState>,
    signed_in: Option<SignedIn>,
    session: Session,
    Form(form): Form<SwitchForm>,
) -> Result<Response> {
    let bearer = Bearer::of(&state, &form.jwt).await?;
    if let Some(signed_in) = signed_in.filter(|me| me.user.key != bearer.user.key) {
        state.logins.revoke(&signed_in.grant).await?;
    }
    sessions::start(&session, bearer.grant, Lasting::WhileTokenIsValid).await?;
    Ok(Redirect::to(local_path(form.next.as_deref()).unwrap_or("/")).into_response())
}

/// Switching accounts, which the server that asks does.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().route("/switch", post(switch))
}

/// A middleware around the users server's pages: lets in who comes with a token, and takes the token out of
/// the address. Answers 401 to a token that does not hold.
pub async fn by_token(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let page = request.method().is_safe() && !request.uri().path().starts_with("/api/");
    match token_in(request.uri()).filter(|_| page) {
        Some(token) => hide_token(arrive(&state, &mut request, &token).await.into_response()),
        None => next.run(request).await,
    }
}

async fn arrive(state: &AppState, request: &mut Request, token: &str) -> Result<Response> {
    let signed_in = request.extract_parts_with_state::<Option<SignedIn>, _>(state).await?;
    let bearer = Bearer::of(state, token).await?;
    let here = sites::without_token(request.uri().path_and_query().map_or("/", |here| here.as_str()));
    let asks = match &signed_in {
        Some(me) => me.user.key != bearer.user.key,
        None => is_lured(request.headers()),
    };
    if asks {
        return Ok(ask(state, signed_in.as_ref().map(|me| &me.user), &bearer.user, token, &here));
    }
    if let Some(session) = request.extensions().get::<Session>() {
        admit(session, signed_in.as_ref(), bearer.grant).await?;
    }
    Ok(Redirect::to(&here).into_response())
}

fn token_in(uri: &Uri) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(uri.query()?.as_bytes());
    pairs.find(|(name, _)| name == "jwt").map(|(_, token)| token.into_owned())
}

/// Whether another site's link led here, all redirects counted. With a token of the link's author, people
/// would save their profile, and a password, into a stranger's account.
fn is_lured(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_on_other_sites_lure() {
        for (site, lured) in
            [(None, false), (Some("none"), false), (Some("same-site"), false), (Some("cross-site"), true)]
        {
            let mut headers = HeaderMap::new();
            headers.extend(site.map(|site| (header::HeaderName::from_static("sec-fetch-site"), site.parse().unwrap())));
            assert_eq!(is_lured(&headers), lured, "{site:?}");
        }
    }
}
