//! The admin's page: the table of users.

use std::borrow::Cow;

use askama::Template;
use askama_web::WebTemplate;
use axum::{extract::State, response::Response};
use serde::Deserialize;

use super::{acts::FullLink, api_types::order};
use crate::{
    domain::{User, UserId, UserKey},
    render::{Avatar, Language},
    room::Presence,
    security::accounts::{AccountEdit, NewAccount},
    store::{UserLine, UserSearch},
    web::{Admin, AppState, Error, FieldTexts, Query, Result, Shell},
};

/// Users on a page of the table.
const ROWS: u32 = 25;

/// What the table shows, as the query of its address says. Every change sends it along and leads back to the same view.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct View {
    #[serde(default)]
    pub q: String,
    #[serde(default)]
    pub sort: String,
    #[serde(default)]
    pub desc: bool,
    #[serde(default)]
    pub page: u32,
    /// The row being edited, by its userID.
    pub edit: Option<String>,
    /// The row whose deletion waits for a confirmation.
    pub delete: Option<String>,
    /// The row that shows what else can be done with its user.
    pub more: Option<String>,
    /// What was done just now, and with which user.
    pub done: Option<String>,
    pub user: Option<String>,
    /// Whether the form for a new user is open.
    #[serde(default)]
    pub new: bool,
}

impl View {
    /// The address of this view without an open form.
    pub fn plain(&self) -> String {
        self.address(&self.sort, self.desc, self.page, &[])
    }

    /// The address of this view that says what was done with a user.
    pub fn done(&self, what: &str, user: &User) -> String {
        self.address(&self.sort, self.desc, self.page, &[("done", what), ("user", user.user_id.as_str())])
    }

    fn address(&self, sort: &str, desc: bool, page: u32, more: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if !self.q.is_empty() {
            query.append_pair("q", &self.q);
        }
        if !sort.is_empty() {
            query.append_pair("sort", sort);
        }
        if desc {
            query.append_pair("desc", "true");
        }
        if page > 0 {
            query.append_pair("page", &page.to_string());
        }
        query.extend_pairs(more);
        let query = query.finish();
        if query.is_empty() { "/admin/users".into() } else { format!("/admin/users?{query}") }
    }
}

/// A row being edited, as typed.
pub(super) struct Editing {
    pub user_id: String,
    pub edit: AccountEdit,
}

/// A user in the table.
struct Row {
    user: User,
    last_seen: Option<crate::domain::Timestamp>,
    presence: Presence,
    messages: u64,
}

impl Row {
    fn avatar(&self) -> Avatar {
        (&self.user).into()
    }

    fn all(state: &AppState, lines: Vec<UserLine>) -> Vec<Self> {
        let keys: Vec<UserKey> = lines.iter().map(|line| line.user.key).collect();
        let row = |(UserLine { user, last_seen, messages }, presence)| {
            // an account that does not show it is not online either
            let presence = if user.shows_last_seen { presence } else { Presence::Offline };
            Self { user, last_seen, presence, messages }
        };
        lines.into_iter().zip(state.presence_of(&keys)).map(row).collect()
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "admin/users.html")]
pub(super) struct UsersPage {
    shell: Shell,
    me: String,
    view: View,
    rows: Vec<Row>,
    total: u64,
    pages: u32,
    editing: Option<Editing>,
    new: Option<NewAccount>,
    fields: FieldTexts,
    alert: Option<String>,
    /// With whom something was done just now.
    done_with: Option<String>,
    /// A login link that was just made, and the userID of whom it is for.
    link: Option<(String, FullLink)>,
}

impl UsersPage {
    /// The page as `view` describes it.
    pub(super) async fn load(state: &AppState, language: Language, admin: &Admin, mut view: View) -> Result<Self> {
        // an order that does not exist is made up in the address
        let (sort, by) = order(&view.sort).unwrap_or_default();
        let mut search = UserSearch {
            fields: crate::store::Searched::All,
            text: view.q.trim().to_owned(),
            sort,
            descending: view.desc,
            offset: view.page.saturating_mul(ROWS),
            limit: ROWS,
        };
        let me = &admin.0.user;
        let (mut rows, total) = state.store.user_table(me, &search, by).await?;
        let pages = u32::try_from(total.div_ceil(u64::from(ROWS))).unwrap_or(u32::MAX).max(1);
        if view.page >= pages {
            // the page's last user was deleted, or the address is made up: show the last page
            view.page = pages - 1;
            search.offset = view.page.saturating_mul(ROWS);
            (rows, _) = state.store.user_table(me, &search, by).await?;
        }
        let rows = Row::all(state, rows);
        let edited = view.edit.as_ref().and_then(|id| rows.iter().find(|row| row.user.user_id.as_str() == id));
        let editing = edited.map(|Row { user: row, .. }| Editing {
            user_id: row.user_id.to_string(),
            edit: AccountEdit {
                name: Some(row.name.to_string()),
                email: Some(row.email.to_string()),
                phone: Some(row.phone.to_string()),
                role: Some(row.role.as_str().to_owned()),
                ..AccountEdit::default()
            },
        });
        // an address that is made up names no user
        let done_with = view.user.as_deref().filter(|_| view.done.is_some()).and_then(|id| UserId::parse(id).ok());
        let done_with = match done_with {
            Some(id) => state.store.user(&id).await?.map(|user| user.user_id.to_string()),
            None => None,
        };
        Ok(Self {
            done_with,
            shell: Shell::new(state, language, Some(me)),
            me: me.user_id.to_string(),
            new: view.new.then(NewAccount::default),
            pages,
            view,
            rows,
            total,
            editing,
            fields: FieldTexts::default(),
            alert: None,
            link: None,
        })
    }

    /// The response to a refused change: the same page with the open form, as typed, and the reasons.
    pub(super) fn refused(self, error: Error, editing: Option<Editing>, new: Option<NewAccount>) -> Response {
        let language = self.shell.language;
        let (fields, alert) = (error.field_texts(language), Some(error.alert(language)));
        error.on_page(Self { fields, alert, editing, new, ..self })
    }

    /// The same page with a login link that was just made for `user`.
    pub(super) fn with_link(self, user: &User, link: FullLink) -> Self {
        Self { link: Some((user.user_id.to_string(), link)), ..self }
    }

    /// The sentence on what was done just now.
    fn done(&self) -> Option<Cow<'static, str>> {
        let (shell, user) = (&self.shell, self.done_with.as_deref()?);
        match self.view.done.as_deref()? {
            "disabled" => Some(shell.with("users-disabled", &[("id", user)])),
            "enabled" => Some(shell.with("users-enabled", &[("id", user)])),
            "logged-out" => Some(shell.with("users-logged-out", &[("id", user)])),
            _ => None,
        }
    }

    /// Until when the link is valid, in words.
    fn link_until(&self, link: &FullLink) -> Cow<'static, str> {
        let (day, clock) = (self.shell.language.day(link.expires), link.expires.clock());
        self.shell.with("users-link-until", &[("day", &day), ("time", &clock)])
    }

    fn last_seen(&self, row: &Row) -> Cow<'static, str> {
        match (row.presence, row.last_seen) {
            (Presence::Online, _) => self.shell.text("presence-online"),
            (Presence::Idle, _) => self.shell.text("presence-idle"),
            (Presence::Offline, Some(seen)) => self.shell.language.day(seen),
            (Presence::Offline, None) => "–".into(),
        }
    }

    fn heading(&self, sort: &str) -> String {
        let desc = self.sorted(sort) && !self.view.desc;
        self.view.address(sort, desc, 0, &[])
    }

    fn sorted(&self, sort: &str) -> bool {
        self.view.sort == sort || (self.view.sort.is_empty() && sort == "userID")
    }

    fn aria_sort(&self, sort: &str) -> &'static str {
        match (self.sorted(sort), self.view.desc) {
            (false, _) => "none",
            (true, false) => "ascending",
            (true, true) => "descending",
        }
    }

    fn page_text(&self) -> Cow<'static, str> {
        let (page, pages) = (self.view.page + 1, self.pages);
        self.shell.language.with("users-page", [("page", page.into()), ("pages", pages.into())])
    }

    fn page_address(&self, page: u32) -> String {
        self.view.address(&self.view.sort, self.view.desc, page, &[])
    }

    fn open(&self, what: &str, user_id: &str) -> String {
        self.view.address(&self.view.sort, self.view.desc, self.view.page, &[(what, user_id)])
    }

    /// The address that a form is sent to: the row's, with the view.
    fn action(&self, path: &str) -> String {
        format!("/admin/users{path}{}", self.view.plain().strip_prefix("/admin/users").unwrap_or_default())
    }

    fn edit_of(&self, row: &Row) -> Option<&AccountEdit> {
        let editing = self.editing.as_ref()?;
        (editing.user_id == row.user.user_id.as_str()).then_some(&editing.edit)
    }

    fn is_deleting(&self, row: &Row) -> bool {
        self.view.delete.as_deref() == Some(row.user.user_id.as_str())
    }

    fn is_more(&self, row: &Row) -> bool {
        self.view.more.as_deref() == Some(row.user.user_id.as_str())
    }
}

pub async fn show(
    State(state): State<AppState>,
    language: Language,
    admin: Admin,
    Query(view): Query<View>,
) -> Result<UsersPage> {
    UsersPage::load(&state, language, &admin, view).await
}
