//! What the pages of one room have in common.

use axum::response::Redirect;

use crate::{
    domain::{RoomKind, User},
    render::Language,
    store::{Access, RoomSummary},
    web::{AppState, Error, Result, Shell, sidebar::room_name},
};

/// A change that was refused, and what the user may do in the room now.
pub(super) struct Refused {
    pub error: Error,
    pub access: Access,
}

/// What a form's handler does after a change of the room: it redirects to `page` below the room; to the list of rooms if
/// the change ended the user's own access; or it shows the reason of a refusal.
///
/// # Errors
/// The change's, if the room does not exist for the user any more; the store's.
pub(super) async fn after_change(
    state: &AppState,
    me: &User,
    access: &Access,
    changed: Result<()>,
    page: &str,
) -> Result<Result<Redirect, Refused>> {
    let now = state.find_access(me, access.room()).await?;
    Ok(match (changed, now) {
        (Ok(()), Some(_)) => Ok(Redirect::to(&format!("/rooms/{}{page}", access.room().as_str()))),
        (Ok(()), None) => Ok(Redirect::to("/rooms")),
        (Err(error), Some(access)) => Err(Refused { error, access }),
        (Err(error), None) => return Err(error),
    })
}

/// A room as its pages show it.
pub(super) struct RoomContext {
    pub summary: RoomSummary,
    /// The name as the user sees it: of a direct room, those of the others.
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
        let manages = summary.room.is_managed_by(role, me.is_admin());
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
