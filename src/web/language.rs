//! The language of a page: the operator's `--language`, or the first one of `Accept-Language` that natter has.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

use super::AppState;
use crate::render::Language;

/// The language for a request with `headers`. `setting` is the operator's; `None` leaves it to the browser.
pub fn of(headers: &HeaderMap, setting: Option<Language>) -> Language {
    setting.unwrap_or_else(|| {
        let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Language::accepted(header.unwrap_or_default())
    })
}

impl FromRequestParts<AppState> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        Ok(of(&parts.headers, state.settings.language))
    }
}
