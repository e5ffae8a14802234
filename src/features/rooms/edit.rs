//! Changing a room: its name, topic and kind, whether it is archived, and whether everybody is a member.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    create::parse_kind,
    schema::{NameInput, NewKind, TopicInput},
};
use crate::{
    domain::{Fields, RoomAction, RoomKind, RoomName, Topic},
    store::Access,
    web::{AppState, Error, Result, change::command},
};

/// Changes of a room, as typed; fields left out stay as they are. Each is its own change of the room's log, in the
/// order of these fields, after `archived: false` and before `archived: true`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RoomEdit {
    #[schema(value_type = Option<NameInput>)]
    pub name: Option<String>,
    #[schema(value_type = Option<TopicInput>)]
    pub topic: Option<String>,
    #[schema(value_type = Option<NewKind>)]
    pub kind: Option<String>,
    /// An archived room can be read and left, but not written to.
    pub archived: Option<bool>,
    /// Whether every account is a member, present and future ones: for admins, in open rooms.
    pub everyone: Option<bool>,
}

impl RoomEdit {
    /// The commands, in their order.
    fn commands(&self) -> Result<Vec<RoomAction>> {
        let mut fields = Fields::default();
        let name = self.name.as_deref().and_then(|name| fields.keep("name", RoomName::parse(name)));
        let topic = self.topic.as_deref().and_then(|topic| fields.keep("topic", Topic::parse(topic)));
        let kind = self.kind.as_deref().and_then(|kind| fields.keep("kind", parse_kind(kind)));
        if !fields.is_empty() {
            return Err(Error::invalid(fields));
        }
        let kind = kind.map(|kind| if kind == RoomKind::Open { RoomAction::Open } else { RoomAction::Close });
        let commands = [
            (self.archived == Some(false)).then_some(RoomAction::Unarchive),
            name.map(RoomAction::Rename),
            topic.map(RoomAction::SetTopic),
            // a room that becomes closed must not have everybody in it, and one that gets everybody must be open
            (self.everyone == Some(false)).then_some(RoomAction::SetEveryone(false)),
            kind,
            (self.everyone == Some(true)).then_some(RoomAction::SetEveryone(true)),
            (self.archived == Some(true)).then_some(RoomAction::Archive),
        ];
        Ok(commands.into_iter().flatten().collect())
    }
}

/// Changes the room. What is as asked already stays.
///
/// # Errors
/// 422 with every invalid field; 403, 404 or 409 if the rules refuse a change, 409 if an open room has the name. The
/// changes before a refused one are made.
pub(super) async fn edit(state: &AppState, access: &Access, edit: &RoomEdit) -> Result<()> {
    for action in edit.commands()? {
        command(state, access, action).await?;
    }
    Ok(())
}
