//! The sender of a request that pages and scripts make alike.

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{header, request::Parts},
    response::{IntoResponse, Response},
};

use super::{AppState, Bearer, SignedIn, in_room::Caller};
use crate::domain::User;

/// A script with a valid token, or else a browser with a valid session. Without either, a page leads to the login, and the
/// API answers 401.
#[derive(Debug, Clone)]
pub struct AnyCaller(pub User);

impl Caller for AnyCaller {
    fn user(&self) -> &User {
        &self.0
    }
}

impl FromRequestParts<AppState> for AnyCaller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            let bearer = <Bearer as FromRequestParts<_>>::from_request_parts(parts, state).await;
            return bearer.map(|bearer| Self(bearer.user)).map_err(IntoResponse::into_response);
        }
        let signed_in = <SignedIn as OptionalFromRequestParts<_>>::from_request_parts(parts, state).await;
        match signed_in.map_err(IntoResponse::into_response)? {
            Some(signed_in) => Ok(Self(signed_in.user)),
            None if parts.uri.path().starts_with("/api/") => {
                let bearer = <Bearer as FromRequestParts<_>>::from_request_parts(parts, state).await;
                bearer.map(|bearer| Self(bearer.user)).map_err(IntoResponse::into_response)
            }
            None => {
                let signed_in = <SignedIn as FromRequestParts<_>>::from_request_parts(parts, state).await?;
                Ok(Self(signed_in.user))
            }
        }
    }
}
