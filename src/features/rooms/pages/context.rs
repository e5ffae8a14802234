//! What the pages of one room have in common.

use crate::{
    domain::{RoomKind, User},
    render::Language,
    store::{Access, RoomSummary},
    web::{AppState, Result, Shell, sidebar::room_name},
};

/// A room as its pages show it.
pub(super) struct RoomContext {
    pub summary: RoomSummary,
    /// Of a direct room: the names of the others.
    pub name: String,
    /// Whether the user may change the room and its members.
    pub manages: bool,
}

impl RoomContext {
    /// The room, and the shell of a page of it.
    pub(super) async fn load(
        state: &AppState,
        language: Language,
        me: &User,
        access: &Access,
    ) -> Result<(Shell, Self)> {
        let summary = state.store.summary(access).await?;
        let shell = Shell::in_room(state, language, me, Some(access.room())).await?;
        let name = room_name(&summary, me, language);
        let role = summary.own.map(|own| own.role);
        let manages = summary.room.kind != RoomKind::Direct && summary.room.is_managed_by(role, me.is_admin());
        Ok((shell, Self { summary, name, manages }))
    }

    /// The address of the room, or of a page below it.
    pub(super) fn address(&self, page: &str) -> String {
        format!("/rooms/{}{page}", self.summary.room.id.as_str())
    }

    pub(super) fn is_direct(&self) -> bool {
        self.summary.room.kind == RoomKind::Direct
    }

    /// Whether the user may leave: not a direct room, and not one that everybody is in.
    pub(super) fn may_leave(&self) -> bool {
        self.summary.own.is_some() && !self.is_direct() && !self.summary.room.everyone
    }
}
