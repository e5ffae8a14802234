//! Creating open and closed rooms.

use serde::Deserialize;
use utoipa::ToSchema;

use super::schema::{NameInput, NewKind, TopicInput};
use crate::{
    domain::{Fields, Invalid, Room, RoomKind, RoomName, Topic, User},
    store::NewRoom,
    web::{
        AppState, Error, Result,
        named_users::{find_all, refuse_disabled, with_me},
        room_limits::{check_members, check_new_room, check_rooms_of, may_create_rooms},
    },
};

/// A new room, as typed.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RoomDraft {
    #[serde(default)]
    #[schema(value_type = NameInput, required = true)]
    pub name: String,
    #[serde(default)]
    #[schema(value_type = NewKind, required = true)]
    pub kind: String,
    #[serde(default)]
    #[schema(value_type = TopicInput)]
    pub topic: String,
    /// The first members other than you, by userID; at most 200. Others can be added later.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub members: Vec<String>,
}

/// Creates a room. Its owner is `me`.
///
/// # Errors
/// 422 with every invalid field, 403 if only admins create rooms, 409 if an open room has the name or a limit is reached,
/// 429 if the user creates rooms too fast.
pub(super) async fn create(state: &AppState, me: &User, draft: &RoomDraft) -> Result<Room> {
    if !may_create_rooms(state, me) {
        return Err(Error::forbidden("admins-create-rooms"));
    }
    let mut fields = Fields::default();
    let name = fields.keep("name", RoomName::parse(&draft.name));
    let topic = fields.keep("topic", Topic::parse(&draft.topic));
    let kind = fields.keep("kind", parse_kind(&draft.kind));
    let found = find_all(state, &draft.members).await;
    let members = match found.and_then(|found| refuse_disabled(&found).map(|()| found)) {
        Ok(members) => members,
        Err(error) => {
            error.fields.iter().for_each(|(field, reason)| fields.add(field, reason.clone()));
            if error.fields.is_empty() {
                return Err(error);
            }
            Vec::new()
        }
    };
    let (Some(name), Some(topic), Some(kind), true) = (name, topic, kind, fields.is_empty()) else {
        return Err(Error::invalid(fields));
    };
    let all = with_me(me, &members);
    check_members(state, all.len() as u64)?;
    check_rooms_of(state, me.key, &all).await?;
    check_new_room(state, me.key).await?;
    let members = members.iter().map(|member| member.key).collect();
    let (name, topic) = (name.into_string(), topic.into_string());
    Ok(state.store.create_room(NewRoom { kind, name, topic, owner: me.key, members }).await?)
}

/// The kind of a room that is not direct.
pub(super) fn parse_kind(raw: &str) -> Result<RoomKind, Invalid> {
    let kind = RoomKind::parse(raw).filter(|kind| *kind != RoomKind::Direct);
    kind.ok_or_else(|| Invalid::new("room-kind-unknown"))
}
