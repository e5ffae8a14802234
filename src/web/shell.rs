//! What every page has around its own content.

use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};

use super::{AppState, Result, SharedSites, Sidebar};
use crate::{
    domain::{RoomId, Settings, Theme, User},
    render::{
        Language,
        words::{FluentValue, Html},
    },
    store::RoomSummary,
};

/// Longest name in the text of an empty message box, in characters.
const WRITE_TO_CHARS: usize = 24;

/// The part of a page that `layout.html` renders: the links, the signed-in user and the language. Every page's
/// template has one as `shell` and takes its texts from it.
#[derive(Debug, Clone)]
pub struct Shell {
    pub sites: SharedSites,
    pub nav: Option<Nav>,
    /// The user's rooms, on the pages of the chat server. A page with a sidebar has the scripts and the socket.
    pub sidebar: Option<Sidebar>,
    pub language: Language,
}

impl Shell {
    pub fn new(state: &AppState, language: Language, user: Option<&User>) -> Self {
        Self { sites: state.sites(), nav: user.map(Nav::from), sidebar: None, language }
    }

    /// The shell of a page with the sidebar. `current`: the room that the page shows.
    ///
    /// # Errors
    /// The store's.
    pub async fn in_room(state: &AppState, language: Language, user: &User, current: Option<&RoomId>) -> Result<Self> {
        let sidebar = Sidebar::read(state, language, user, current).await?;
        Ok(Self { sidebar: Some(sidebar), ..Self::new(state, language, Some(user)) })
    }

    /// The same with all rooms of the user, which the page has read, and without a room that it shows.
    pub fn with_rooms(state: &AppState, language: Language, user: &User, rooms: Vec<RoomSummary>) -> Self {
        let sidebar = Sidebar::new(state, language, user, None, rooms);
        Self { sidebar: Some(sidebar), ..Self::new(state, language, Some(user)) }
    }

    /// What the signed-in user has set; the defaults if nobody is.
    pub fn settings(&self) -> Settings {
        self.nav.as_ref().map_or_else(Settings::default, |nav| nav.settings)
    }

    /// The themes that the page may have, for `<meta name="color-scheme">`.
    pub fn color_scheme(&self) -> &'static str {
        match self.settings().theme {
            Theme::Auto => "light dark",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The colours of what a browser or a phone has around the page, for `<meta name="theme-color">`: each with the
    /// media query for which it is, which is empty for all.
    pub fn theme_colors(&self) -> Vec<(&'static str, &'static str)> {
        match self.settings().theme {
            Theme::Auto => vec![
                (ground(Theme::Light), "(prefers-color-scheme: light)"),
                (ground(Theme::Dark), "(prefers-color-scheme: dark)"),
            ],
            theme => vec![(ground(theme), "")],
        }
    }

    /// Whether the page's browser may be offered to install natter: the manifest is the chat server's.
    pub fn is_installable(&self) -> bool {
        self.sidebar.is_some() || !self.sites.are_apart()
    }

    pub fn text(&self, key: &str) -> Cow<'static, str> {
        self.language.text(key)
    }

    /// The page's title with the product's name.
    pub fn title(&self, key: &str) -> Cow<'static, str> {
        self.title_of(&self.text(key))
    }

    /// The page's title from its heading.
    pub fn title_of(&self, heading: &str) -> Cow<'static, str> {
        self.with("title", &[("page", heading)])
    }

    /// What the empty box says for messages to a room or to people. A long name is cut: the box has one line.
    pub fn write_to(&self, name: &str) -> Cow<'static, str> {
        let mut rest = name.chars();
        let beginning: String = rest.by_ref().take(WRITE_TO_CHARS).collect();
        let name = if rest.next().is_some() { format!("{}…", beginning.trim_end()) } else { beginning };
        self.with("chat-message-to", &[("room", &name)])
    }

    /// A text with one number, `$count`.
    pub fn count(&self, key: &str, count: &u64) -> Cow<'static, str> {
        self.language.with(key, [("count", (*count).into())])
    }

    pub fn with<const N: usize>(&self, key: &str, args: &[(&'static str, &str); N]) -> Cow<'static, str> {
        self.language.with(key, args.map(|(name, value)| (name, FluentValue::from(value))))
    }

    /// A text with a link to `path` on the server `site`.
    pub fn link(&self, key: &str, site: &str, path: &str) -> Html {
        self.html(key, &[("url", &format!("{site}{path}"))])
    }

    pub fn html<const N: usize>(&self, key: &str, args: &[(&'static str, &str); N]) -> Html {
        self.language.html(key, args)
    }
}

/// `--ground` of `static/style/tokens.css` in a theme, as RGB: what is around a page does not know OKLCH everywhere.
pub fn ground(theme: Theme) -> &'static str {
    match theme {
        Theme::Auto | Theme::Light => "#fbfdfc",
        Theme::Dark => "#101513",
    }
}

/// The signed-in user, for the head of a page.
#[derive(Debug, Clone)]
pub struct Nav {
    pub name: String,
    pub admin: bool,
    pub settings: Settings,
}

impl From<&User> for Nav {
    fn from(user: &User) -> Self {
        Self { name: user.name.to_string(), admin: user.is_admin(), settings: user.settings }
    }
}

/// Carries the signed-in user to the error page, which is rendered outside the session layer. An extension of each
/// request; [`super::SignedIn`] fills it.
#[derive(Debug, Clone, Default)]
pub struct NavSlot(Arc<OnceLock<Nav>>);

impl NavSlot {
    pub fn fill(&self, user: &User) {
        let _ = self.0.set(Nav::from(user)); // a second extraction finds the same user
    }

    pub fn get(&self) -> Option<Nav> {
        self.0.get().cloned()
    }
}
