//! Logging in with a token in the address.
//!
//! The chat page accepts one: it is the product's way in. The pages of the users server accept one only if the auth
//! server has another address, because the browser may not send that server's cookie here; its login page redirects
//! with a token.

use std::borrow::Cow;

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

use super::{
    AppState, Bearer, Form, Result, Shell, SignedIn, Sites, language, origin,
    page::{accepts_html, local_path},
    session::continue_as,
    sites,
};
use crate::{
    domain::User,
    security::{
        Grant,
        sessions::{self, SessionLifetime},
    },
};

/// Asks before a link changes the account: with a link that carries the author's token, anybody could have people
/// post under an account that is not theirs.
#[derive(Template, WebTemplate)]
#[template(path = "switch.html")]
struct SwitchPage {
    shell: Shell,
    current: Option<String>,
    other: String,
    token: String,
    /// The path to open after the switch, or without it.
    next: String,
}

impl SwitchPage {
    fn heading(&self) -> Cow<'static, str> {
        match self.current {
            Some(_) => self.shell.text("switch-account"),
            None => self.shell.with("continue-as", &[("other", &self.other)]),
        }
    }
}

/// The page that asks whether to continue as `other`, the token's user, at the path `next`. `None` if there is nothing
/// to ask: `other` is signed in, or nobody is and the request does not come from another site.
pub fn confirmation(
    state: &AppState,
    headers: &HeaderMap,
    current: Option<&SignedIn>,
    other: &User,
    token: &str,
    next: &str,
) -> Option<Response> {
    let needed = match current {
        Some(me) => me.user.key != other.key,
        None => is_cross_site(headers, &state.settings.sites),
    };
    let current = current.map(|me| &me.user);
    let page = needed.then(|| SwitchPage {
        shell: Shell::new(state, language::of(headers, state.settings.language, current), current),
        current: current.map(|user| user.name.to_string()),
        other: other.name.to_string(),
        token: token.to_owned(),
        next: next.to_owned(),
    });
    page.map(IntoResponse::into_response)
}

/// Forbids the browser to send this page's address, which has the token in it, as `Referer`.
pub fn hide_token(mut response: Response) -> Response {
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Starts a session for the token's user, unless the current session is theirs and lasts at least as long.
///
/// # Errors
/// If the store fails.
pub async fn start_session(session: &Session, current: Option<&SignedIn>, token: Grant) -> Result<()> {
    if outlasts(&token, current.map(|me| (me.grant, me.lifetime))) {
        sessions::start(session, token, SessionLifetime::UntilTokenExpires).await?;
    } else {
        sessions::remember_grant(session, token).await?; // a logout here then also ends the sessions made from this token
    }
    Ok(())
}

/// Whether a token is valid for longer than the current session of the same user.
fn outlasts(token: &Grant, current: Option<(Grant, SessionLifetime)>) -> bool {
    match current {
        None => true,
        Some((_, SessionLifetime::Renewable)) => false,
        Some((grant, SessionLifetime::UntilTokenExpires)) => token.expires() > grant.expires(),
    }
}

#[derive(Deserialize)]
pub struct SwitchForm {
    jwt: String,
    next: Option<String>,
}

/// Signs the current user of this browser out on all servers, and the token's user in.
///
/// # Errors
/// 401 if the token is not valid.
pub async fn switch(State(state): State<AppState>, session: Session, Form(form): Form<SwitchForm>) -> Result<Response> {
    let grant = Bearer::of(&state, &form.jwt, None).await?.grant;
    let to = local_path(form.next.as_deref()).unwrap_or("/");
    continue_as(&state, &session, grant, SessionLifetime::UntilTokenExpires, to).await
}

/// The route of [`switch`], on each server that shows the confirmation.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().route("/switch", post(switch))
}

/// A middleware around the pages of the users server: logs in with a token in the address and redirects to the address
/// without it. Responds 401 to a token that is not valid.
pub async fn by_token(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let page = request.method().is_safe() && !request.uri().path().starts_with("/api/");
    match token_in(request.uri()).filter(|_| page) {
        Some(token) => hide_token(log_in(&state, &mut request, &token).await.into_response()),
        None => next.run(request).await,
    }
}

async fn log_in(state: &AppState, request: &mut Request, token: &str) -> Result<Response> {
    let signed_in = request.extract_parts_with_state::<Option<SignedIn>, _>(state).await?;
    let bearer = Bearer::of(state, token, request.extensions().get()).await?;
    let address = sites::without_token(request.uri().path_and_query().map_or("/", |address| address.as_str()));
    if let Some(page) = confirmation(state, request.headers(), signed_in.as_ref(), &bearer.user, token, &address) {
        return Ok(page);
    }
    if let Some(session) = request.extensions().get::<Session>() {
        start_session(session, signed_in.as_ref(), bearer.grant).await?;
    }
    Ok(Redirect::to(&address).into_response())
}

fn token_in(uri: &Uri) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(uri.query()?.as_bytes());
    pairs.find(|(name, _)| name == "jwt").map(|(_, token)| token.into_owned())
}

/// Whether a page of another site may have led here, redirects included. With a token of that page's author, people
/// would post, and save their profile and a password, under an account that is not theirs.
///
/// Browsers send `Sec-Fetch-Site`, but not over plain http to another machine. There, and from another host of the same
/// site, `Referer` has to name one of our pages: another page can leave it out, so a missing one counts as cross-site, but
/// cannot forge it. A script does not ask for HTML and is not asked.
fn is_cross_site(headers: &HeaderMap, sites: &Sites) -> bool {
    let suspect = match headers.get("sec-fetch-site") {
        Some(site) => site == "cross-site" || site == "same-site",
        None => accepts_html(headers),
    };
    suspect && !origin::is_link_ours(headers, sites)
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn cross_site(sites: &Sites, given: &[(&'static str, &str)]) -> bool {
        let headers = given.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        is_cross_site(&headers.collect(), sites)
    }

    const PAGE: (&str, &str) = ("accept", "text/html,*/*;q=0.8");
    const HOST: (&str, &str) = ("host", "10.0.0.1:7000");
    const CROSS: (&str, &str) = ("sec-fetch-site", "cross-site");

    #[test]
    fn a_browser_that_tells_expected_from_other_sites_only() {
        let sites = Sites::together(None);
        for (site, expected) in [("none", false), ("same-origin", false), ("same-site", true), ("cross-site", true)] {
            assert_eq!(cross_site(&sites, &[PAGE, HOST, ("sec-fetch-site", site)]), expected, "{site:?}");
        }
        assert!(cross_site(&sites, &[CROSS]), "without an Accept header too");
    }

    #[test]
    fn without_sec_fetch_site_the_referer_has_to_be_one_of_our_pages() {
        let url = |raw| Url::parse(raw).unwrap();
        let one = Sites::together(None);
        let public = Sites::together(Some(&url("https://chat.example")));
        let three = Sites::apart(&url("http://a.example:5000"), &url("http://b.example"), &url("https://c.example"));
        for (sites, referer, expected) in [
            (&one, None, true),
            (&one, Some("http://10.0.0.1:7000/login"), false),
            (&one, Some("http://10.0.0.1:7001/"), true),
            (&one, Some("http://10.0.0.1:7000.evil.example/"), true),
            (&one, Some("null"), true),
            (&one, Some(""), true),
            (&public, Some("https://chat.example/signup"), false),
            (&public, Some("http://chat.example/"), true),
            (&three, Some("http://a.example:5000/"), false),
            (&three, Some("http://b.example/"), false),
            (&three, Some("https://c.example/"), false),
            (&three, Some("http://c.example/"), true),
            (&three, Some("http://a.example/"), true),
            (&three, Some("http://a.example:5000@evil.example/"), true),
            (&three, None, true),
        ] {
            let referer = referer.map(|referer| ("referer", referer));
            let page: Vec<_> = [PAGE, HOST].into_iter().chain(referer).collect();
            assert_eq!(cross_site(sites, &page), expected, "{referer:?}");
            let marked: Vec<_> = [PAGE, HOST, CROSS].into_iter().chain(referer).collect();
            assert_eq!(cross_site(sites, &marked), expected, "our servers may be of different sites: {referer:?}");
            let script: Vec<_> = [("accept", "*/*"), HOST].into_iter().chain(referer).collect();
            assert!(!cross_site(sites, &script), "a script: {referer:?}");
        }
    }
}
