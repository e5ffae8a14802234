//! The members of a room: who they are, adding, removing, roles.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::context::{Refused, RoomContext, after_change};
use crate::{
    domain::{MemberRole, User, user_ids},
    features::rooms::{
        members::{parse_role, set_role},
        presence::{MemberCursor, PresentMember, members_page},
    },
    render::{Avatar, Language},
    room::Presence,
    store::Access,
    web::{AppState, FieldTexts, Form, InRoom, Path, Query, Result, Shell, SignedIn, members, named_users::find_all},
};

/// Members on a page.
const PAGE: u32 = 100;

#[derive(Template, WebTemplate)]
#[template(path = "rooms/members.html")]
struct MembersPage {
    shell: Shell,
    room: RoomContext,
    me: String,
    count: u64,
    rows: Vec<PresentMember>,
    next: Option<String>,
    /// The userIDs to add, as typed.
    typed: String,
    fields: FieldTexts,
    alert: Option<String>,
}

impl MembersPage {
    async fn load(
        state: &AppState,
        language: Language,
        me: &User,
        access: &Access,
        after: Option<MemberCursor>,
    ) -> Result<Self> {
        let (shell, room) = RoomContext::load(state, language, me, access).await?;
        let count = state.store.member_count(access).await?;
        let (rows, next) = members_page(state, access, count, after, PAGE).await?;
        Ok(Self {
            next: next.map(|after| room.address(&format!("/members?after={after}"))),
            count,
            me: me.user_id.to_string(),
            shell,
            room,
            rows,
            typed: String::new(),
            fields: FieldTexts::default(),
            alert: None,
        })
    }

    fn avatar(&self, row: &PresentMember) -> Avatar {
        (&row.member.person).into()
    }

    fn is_owner(&self, row: &PresentMember) -> bool {
        row.member.role == MemberRole::Owner
    }

    /// The day on which an offline member was last online; empty if it is not known.
    fn last_day(&self, row: &PresentMember) -> String {
        let seen = row.member.last_seen.filter(|_| row.presence == Presence::Offline);
        seen.map(|seen| self.shell.language.day(seen).into()).unwrap_or_default()
    }

    /// The address that a form about this member is sent to.
    fn action(&self, row: &PresentMember, what: &str) -> String {
        self.room.address(&format!("/members/{}/{what}", row.member.person.user_id))
    }
}

#[derive(Deserialize)]
pub struct MembersQuery {
    after: Option<String>,
}

pub async fn show(
    State(state): State<AppState>,
    language: Language,
    InRoom { caller: me, access }: InRoom<SignedIn>,
    Query(query): Query<MembersQuery>,
) -> Result<Response> {
    let after = MemberCursor::parse(&state, query.after.as_deref()).await?;
    Ok(MembersPage::load(&state, language, &me.user, &access, after).await?.into_response())
}

#[derive(Deserialize)]
pub struct AddForm {
    /// UserIDs.
    #[serde(default)]
    members: String,
}

pub async fn add(
    State(state): State<AppState>,
    language: Language,
    room: InRoom<SignedIn>,
    Form(form): Form<AddForm>,
) -> Result<Response> {
    let added = add_all(&state, &room.access, &form.members).await;
    respond(&state, language, &room, added, form.members).await
}

async fn add_all(state: &AppState, access: &Access, members: &str) -> Result<()> {
    let users = find_all(state, &user_ids(members)).await?;
    members::add(state, access, &users).await.map(drop)
}

pub async fn remove(
    State(state): State<AppState>,
    language: Language,
    room: InRoom<SignedIn>,
    Path((_, user_id)): Path<(String, String)>,
) -> Result<Response> {
    let user = state.find_user(&user_id).await?;
    let removed = members::remove(&state, &room.access, &user).await;
    respond(&state, language, &room, removed, String::new()).await
}

#[derive(Deserialize)]
pub struct RoleForm {
    #[serde(default)]
    role: String,
}

pub async fn role(
    State(state): State<AppState>,
    language: Language,
    room: InRoom<SignedIn>,
    Path((_, user_id)): Path<(String, String)>,
    Form(form): Form<RoleForm>,
) -> Result<Response> {
    let (user, role) = (state.find_user(&user_id).await?, parse_role(&form.role)?);
    let changed = set_role(&state, &room.access, &user, role).await;
    respond(&state, language, &room, changed, String::new()).await
}

/// The members after a change; the reason and what was typed, if it is refused.
async fn respond(
    state: &AppState,
    language: Language,
    InRoom { caller: me, access }: &InRoom<SignedIn>,
    changed: Result<()>,
    typed: String,
) -> Result<Response> {
    let Refused { error, access } = match after_change(state, &me.user, access, changed, "/members").await? {
        Ok(redirect) => return Ok(redirect.into_response()),
        Err(refused) => refused,
    };
    let page = MembersPage::load(state, language, &me.user, &access, None).await?;
    let (fields, alert) = (error.field_texts(language), Some(error.alert(language)));
    Ok(error.on_page(MembersPage { typed, fields, alert, ..page }))
}
