//! Conditional requests.

use axum::http::{HeaderMap, header};

/// Whether a client has the version with this entity tag, by `If-None-Match`. A proxy that compresses marks a tag as weak.
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let names_it = |one: &str| matches!(one.trim().trim_start_matches("W/"), one if one == "*" || one == tag);
    known.is_some_and(|known| known.split(',').any(names_it))
}
