//! The middleware that gives an [`Error`] the form that the client reads: a page, a fragment or JSON.

use askama::Template;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};

use super::{
    Error, NavSlot, SharedSites, Shell, language,
    page::{accepts_html, is_from_htmx},
};
use crate::render::Language;

/// What error pages need of the settings.
#[derive(Debug, Clone)]
pub struct ErrorPages {
    pub sites: SharedSites,
    /// The operator's language, for users who have not chosen another; `None` leaves it to the browser.
    pub language: Option<Language>,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    shell: Shell,
    status: StatusCode,
    /// The key of what is said of the error.
    key: &'static str,
    message: &'a str,
}

impl ErrorPage<'_> {
    fn heading(&self) -> &'static str {
        match self.key {
            "token-mismatch" => return "error-token",
            "admins-only" => return "error-admins",
            _ => {}
        }
        match self.status.as_u16() {
            400 => "error-400",
            401 => "error-401",
            403 => "error-403",
            404 => "error-404",
            405 => "error-405",
            409 => "error-409",
            413 => "error-413",
            415 => "error-415",
            422 => "error-422",
            429 => "error-429",
            500 => "error-500",
            503 => "error-503",
            _ => "error-other",
        }
    }
}

#[derive(Template)]
#[template(path = "_alert.html")]
struct AlertFragment<'a> {
    message: &'a str,
}

/// Renders an [`Error`] for the client. Goes around all routes.
pub async fn render(State(pages): State<ErrorPages>, mut request: Request, next: Next) -> Response {
    let api = request.uri().path().starts_with("/api/");
    let format = ErrorFormat::accepted(request.headers(), api);
    let unchosen = language::of(request.headers(), pages.language, None);
    let signed_in = NavSlot::default();
    request.extensions_mut().insert(signed_in.clone());
    let mut response = next.run(request).await;
    let error = match response.extensions_mut().remove::<Error>() {
        Some(error) => error,
        // the session layer and the time limit fail with a status alone
        None if response.status().is_server_error() && !response.headers().contains_key(header::CONTENT_TYPE) => {
            Error::database_down()
        }
        None => return response,
    };
    let nav = signed_in.get();
    let language = nav.as_ref().and_then(|nav| language::chosen(nav.settings)).unwrap_or(unchosen);
    *response.status_mut() = error.status;
    if let Some(secs) = error.retry_after_secs() {
        response.headers_mut().insert(header::RETRY_AFTER, secs.into());
    }
    let body = match format {
        ErrorFormat::Json => axum::Json(error.json(Language::English)).into_response(),
        ErrorFormat::Fragment => html(&AlertFragment { message: &error.summary(language) }),
        ErrorFormat::Page => {
            let shell = Shell { sites: pages.sites, nav, sidebar: None, language };
            html(&ErrorPage { shell, status: error.status, key: error.message.key, message: &error.summary(language) })
        }
    };
    let (parts, body) = body.into_parts();
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().extend(parts.headers);
    *response.body_mut() = body;
    response
}

enum ErrorFormat {
    Json,
    Fragment,
    Page,
}

impl ErrorFormat {
    fn accepted(headers: &HeaderMap, api: bool) -> Self {
        match () {
            () if api => Self::Json,
            () if is_from_htmx(headers) => Self::Fragment,
            () if accepts_html(headers) => Self::Page,
            () => Self::Json,
        }
    }
}

fn html(template: &impl Template) -> Response {
    Html(template.render().unwrap_or_default()).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, middleware::from_fn_with_state, routing::get};
    use tower::ServiceExt;

    use super::*;
    use crate::web::Sites;

    #[tokio::test]
    async fn a_bare_server_error_becomes_a_503_with_retry_after() {
        let pages = ErrorPages { sites: std::sync::Arc::new(Sites::default()), language: None };
        let routes = Router::new()
            .route("/api/unsaved", get(async || StatusCode::INTERNAL_SERVER_ERROR))
            .route("/readyz", get(async || (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")))
            .layer(from_fn_with_state(pages, render));
        let ask =
            async |path: &str| routes.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let unsaved = ask("/api/unsaved").await;
        assert_eq!(
            (unsaved.status(), &unsaved.headers()["retry-after"]),
            (StatusCode::SERVICE_UNAVAILABLE, &"5".parse().unwrap())
        );
        let text = axum::body::to_bytes(unsaved.into_body(), 1000).await.unwrap();
        assert!(text.starts_with(b"{\"message\":\"The database does not answer"), "{text:?}");
        let own = axum::body::to_bytes(ask("/readyz").await.into_body(), 1000).await.unwrap();
        assert_eq!(own, "stopping\n");
    }
}
