//! `/manifest.webmanifest`: by it, a browser installs natter like an application of the device.

use axum::{
    http::{HeaderName, header},
    response::IntoResponse,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    domain::Theme,
    render::Language,
    web::{Query, Result, assets, shell::ground},
};

#[derive(Deserialize)]
pub(super) struct ManifestQuery {
    /// The language of the page that names the manifest: a browser asks for it without the session.
    lang: Option<String>,
}

pub(super) async fn show(language: Language, Query(query): Query<ManifestQuery>) -> Result<impl IntoResponse> {
    let language = Language::ALL.into_iter().find(|one| Some(one.tag()) == query.lang.as_deref()).unwrap_or(language);
    // the same for all users; a new natter may have other icons
    let headers: [(HeaderName, &str); 3] = [
        (header::CONTENT_TYPE, "application/manifest+json"),
        (header::CACHE_CONTROL, "private, max-age=3600"),
        (header::VARY, "Accept-Language"),
    ];
    Ok((headers, manifest(language).to_string()))
}

fn manifest(language: Language) -> Value {
    let icon = |name: &str, size: &str, purpose: &str| {
        let kind = if name.ends_with("svg") { "image/svg+xml" } else { "image/png" };
        json!({ "src": assets::url(name), "sizes": size, "type": kind, "purpose": purpose })
    };
    let shortcut = |key: &str, url: &str| json!({ "name": language.text(key), "url": url });
    json!({
        "id": "/",
        "name": "natter",
        "short_name": "natter",
        "description": language.text("app-description"),
        "lang": language.tag(),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "theme_color": ground(Theme::Light),
        "background_color": ground(Theme::Light),
        "categories": ["productivity", "social"],
        "icons": [
            icon("favicon.svg", "any", "any"),
            icon("app/icon-192.png", "192x192", "any"),
            icon("app/icon-512.png", "512x512", "any"),
            icon("app/maskable.svg", "any", "maskable"),
            icon("app/maskable-192.png", "192x192", "maskable"),
            icon("app/maskable-512.png", "512x512", "maskable"),
        ],
        "shortcuts": [
            shortcut("mentions", "/mentions"),
            shortcut("app-new-message", "/people"),
            shortcut("rooms-all", "/rooms"),
        ],
    })
}
