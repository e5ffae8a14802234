//! What every page shows.

use std::sync::{Arc, OnceLock};

use axum::http::{HeaderMap, header};

use crate::domain::User;

/// The signed-in user, as the page's head shows them.
#[derive(Debug, Clone)]
pub struct Nav {
    pub name: String,
    pub admin: bool,
}

impl From<&User> for Nav {
    fn from(user: &User) -> Self {
        Self { name: user.name.to_string(), admin: user.is_admin() }
    }
}

/// Carries the signed-in user of a request out to the error page, which is rendered outside the session layer. An
/// extension of each request; [`super::SignedIn`] fills it in.
#[derive(Debug, Clone, Default)]
pub struct NavSlot(Arc<OnceLock<Nav>>);

impl NavSlot {
    pub fn fill(&self, user: &User) {
        let _ = self.0.set(Nav::from(user)); // extracted twice: the same user
    }

    pub fn get(&self) -> Option<Nav> {
        self.0.get().cloned()
    }
}

/// `next`, if it is a path on this site and not a way to lure people to another one.
pub fn local_path(next: Option<&str>) -> Option<&str> {
    next.filter(|path| {
        path.starts_with('/') && !path[1..].starts_with(['/', '\\']) && !path.contains(|c: char| c.is_control())
    })
}

/// Whether the client asks for a page to show, as browsers do when they go somewhere.
pub(super) fn accepts_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_followed() {
        assert_eq!(local_path(Some("/admin/users?q=a")), Some("/admin/users?q=a"));
        for foreign in ["", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:1", "/a\r\nb"] {
            assert_eq!(local_path(Some(foreign)), None, "{foreign:?}");
        }
    }
}
