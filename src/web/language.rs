//! The language of a page: what the signed-in user has chosen, else the operator's `--language`, else the first one of
//! `Accept-Language` that natter has.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, header, request::Parts},
};

use super::{AppState, SignedIn};
use crate::{
    domain::{Settings, User},
    render::Language,
};

/// The language for a request with `headers` of `user`. `setting` is the operator's; `None` leaves it to the browser.
pub fn of(headers: &HeaderMap, setting: Option<Language>, user: Option<&User>) -> Language {
    let chosen = user.and_then(|user| chosen(user.settings));
    chosen.or(setting).unwrap_or_else(|| {
        let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Language::accepted(header.unwrap_or_default())
    })
}

/// The language that a user has chosen; `None` leaves it to the operator and the browser.
pub fn chosen(settings: Settings) -> Option<Language> {
    Language::ALL.into_iter().find(|language| language.tag() == settings.language.as_str())
}

impl FromRequestParts<AppState> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        // the same read of the store as that of the handler's SignedIn, which responds with the error if it fails
        let me = <SignedIn as OptionalFromRequestParts<_>>::from_request_parts(parts, state).await.ok().flatten();
        Ok(of(&parts.headers, state.settings.language, me.as_ref().map(|me| &me.user)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::LanguageChoice;

    #[test]
    fn every_language_can_be_chosen() {
        for language in Language::ALL {
            let choice = LanguageChoice::parse(language.tag()).expect("a choice");
            assert_eq!(chosen(Settings { language: choice, ..Settings::default() }), Some(language));
        }
        assert_eq!(chosen(Settings::default()), None);
    }
}
