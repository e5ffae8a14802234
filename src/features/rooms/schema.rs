//! The fields of rooms as OpenAPI describes them. [`crate::domain`] has the rules; these texts and limits repeat them.

use utoipa::ToSchema;

/// 1–80 characters on one line, at least one of them visible; unique among the open rooms, ignoring case.
#[derive(ToSchema)]
#[schema(as = RoomNameInput, value_type = String, min_length = 1, max_length = 80, pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
pub(super) struct NameInput(#[expect(dead_code, reason = "only described")] String);

/// At most 250 characters on one line; may be empty.
#[derive(ToSchema)]
#[schema(value_type = String, max_length = 250, pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
pub(super) struct TopicInput(#[expect(dead_code, reason = "only described")] String);

/// `open`: every account may read the room, and joins it with its first message. `closed`: members only.
#[derive(ToSchema)]
#[schema(as = RoomKindInput, rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the strings that the handlers parse")]
pub(super) enum NewKind {
    Open,
    Closed,
}

/// The kind of a room.
#[derive(ToSchema)]
#[schema(as = RoomKind, rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the strings of the responses")]
pub(super) enum KindName {
    Open,
    Closed,
    Direct,
}

/// A member's role in a room.
#[derive(ToSchema)]
#[schema(as = MemberRole, rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the strings that the handlers parse")]
pub(super) enum RoleName {
    Member,
    Owner,
}

/// What a room notifies you of: every message, mentions or nothing. A `hidden` room is not in your list; a direct one is
/// while it has unread messages.
#[derive(ToSchema)]
#[schema(as = Level, rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the strings that the handlers parse")]
pub(super) enum LevelName {
    Everything,
    Mentions,
    Nothing,
    Hidden,
}

/// Whether a user has a page of the chat open; `idle` after 10 minutes without input.
#[derive(ToSchema)]
#[schema(as = Presence, rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the strings of the responses")]
pub(super) enum PresenceName {
    Online,
    Idle,
    Offline,
}
