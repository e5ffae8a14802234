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

use super::{
    AppState, Bearer, Form, Nav, Result, SharedSites, SignedIn, Sites, origin,
    page::{accepts_html, local_path},
    sites,
};
use crate::{
    domain::User,
    security::{
        Grant,
        sessions::{self, SessionLifetime},
    },
};

/// A link that carries somebody else's token than the one signed in, or that a foreign page holds, asks first:
/// otherwise anybody could, with a link, have people write under an account that is not theirs.
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

/// The page that asks whether to go on as the token's holder, at the path `next`. `None` where nobody has to be
/// asked: the holder is signed in, or nobody is and the browser came by itself or from one of our pages.
pub fn question(
    state: &AppState,
    headers: &HeaderMap,
    present: Option<&SignedIn>,
    other: &User,
    token: &str,
    next: &str,
) -> Option<Response> {
    let asks = match present {
        Some(me) => me.user.key != other.key,
        None => is_lured(headers, &state.settings.sites),
    };
    let page = asks.then(|| SwitchPage {
        sites: state.sites(),
        nav: present.map(|me| Nav::from(&me.user)),
        present: present.map(|me| me.user.name.to_string()),
        other: other.name.to_string(),
        token: token.to_owned(),
        next: next.to_owned(),
    });
    page.map(IntoResponse::into_response)
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
    if is_better(present.map(|me| (me.grant, me.lifetime)), &token) {
        sessions::start(session, token, SessionLifetime::UntilTokenExpires).await?;
    } else {
        sessions::remember_grant(session, token).await?; // a logout here ends what came of it elsewhere
    }
    Ok(())
}

/// Whether a token holds for longer than the session that the same user has.
fn is_better(present: Option<(Grant, SessionLifetime)>, token: &Grant) -> bool {
    match present {
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

/// Signs the present user out, everywhere in this browser, and the token's in.
///
/// # Errors
/// 401 if the token does not hold.
pub async fn switch(State(state): State<AppState>, session: Session, Form(form): Form<SwitchForm>) -> Result<Response> {
    let bearer = Bearer::of(&state, &form.jwt).await?;
    state.logins.revoke_others(&sessions::grants(&session).await?, &bearer.grant).await?;
    sessions::start(&session, bearer.grant, SessionLifetime::UntilTokenExpires).await?;
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
    if let Some(page) = question(state, request.headers(), signed_in.as_ref(), &bearer.user, token, &here) {
        return Ok(page);
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

/// Whether a page of another site may have led here, all redirects counted. With a token of that page's author,
/// people would write, and save their profile and a password, under an account that is not theirs.
///
/// A browser tells by `Sec-Fetch-Site`, but not over plain http to another machine. There a page has to come from
/// one of ours, which `Referer` tells: a page can leave it out, so none is as good as a foreign one, and cannot
/// forge it. A script is not lured; it does not ask for a page.
fn is_lured(headers: &HeaderMap, sites: &Sites) -> bool {
    let suspect = match headers.get("sec-fetch-site") {
        Some(site) => site == "cross-site",
        None => accepts_html(headers),
    };
    suspect && !origin::is_link_ours(headers, sites)
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn lured(sites: &Sites, given: &[(&'static str, &str)]) -> bool {
        let headers = given.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        is_lured(&headers.collect(), sites)
    }

    const PAGE: (&str, &str) = ("accept", "text/html,*/*;q=0.8");
    const HOST: (&str, &str) = ("host", "10.0.0.1:7000");
    const CROSS: (&str, &str) = ("sec-fetch-site", "cross-site");

    #[test]
    fn a_browser_that_tells_is_lured_from_other_sites_only() {
        let sites = Sites::together(None);
        for (site, is_lured) in [("none", false), ("same-origin", false), ("same-site", false), ("cross-site", true)] {
            assert_eq!(lured(&sites, &[PAGE, HOST, ("sec-fetch-site", site)]), is_lured, "{site:?}");
        }
        assert!(lured(&sites, &[CROSS]), "whatever it accepts");
    }

    #[test]
    fn a_browser_that_does_not_tell_has_to_come_from_one_of_our_pages() {
        let url = |raw| Url::parse(raw).unwrap();
        let one = Sites::together(None);
        let public = Sites::together(Some(&url("https://chat.example")));
        let three = Sites::apart(&url("http://a.example:5000"), &url("http://b.example"), &url("https://c.example"));
        for (sites, referer, is_lured) in [
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
            assert_eq!(lured(sites, &page), is_lured, "{referer:?}");
            let told: Vec<_> = [PAGE, HOST, CROSS].into_iter().chain(referer).collect();
            assert_eq!(lured(sites, &told), is_lured, "our servers may be of different sites: {referer:?}");
            let script: Vec<_> = [("accept", "*/*"), HOST].into_iter().chain(referer).collect();
            assert!(!lured(sites, &script), "a script: {referer:?}");
        }
    }
}
