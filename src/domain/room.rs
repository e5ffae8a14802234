//! Rooms and their members.

use serde::{Deserialize, Serialize};

use super::{
    Invalid, RoomId, Timestamp, UserKey,
    visible::{is_deceptive, is_visible},
};

/// A room, in its latest state. Its messages are not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    pub id: RoomId,
    /// The number of the latest change of these fields; 0 if the room is as it was created.
    pub rev: u64,
    pub kind: RoomKind,
    pub name: String,
    pub topic: String,
    /// An archived room can be read and left, but not written to.
    pub archived: bool,
    /// Whether every account is a member.
    pub everyone: bool,
    /// A deleted room exists for nobody. What is left of it is removed some time later.
    pub deleted: bool,
    pub created_at: Timestamp,
}

/// Who may see a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoomKind {
    /// Every account may read it, and joins it with its first message.
    Open,
    /// Members only, who are invited.
    Closed,
    /// Between the users it was created for, for ever.
    Direct,
}

/// A user's membership of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub user: UserKey,
    /// The number of the change that made it what it is; 0 if it was created with the room.
    pub rev: u64,
    pub role: MemberRole,
    pub joined_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MemberRole {
    Member,
    Owner,
}

macro_rules! stored_names {
    ($name:ident { $($variant:ident = $stored:literal),+ $(,)? }) => {
        impl $name {
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $stored,)+
                }
            }

            /// `None` if no variant has this name.
            pub fn parse(name: &str) -> Option<Self> {
                match name {
                    $($stored => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}
pub(super) use stored_names;
stored_names!(RoomKind { Open = "open", Closed = "closed", Direct = "direct" });
stored_names!(MemberRole { Member = "member", Owner = "owner" });

/// What a user may do in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    Read,
    /// Also write, and therefore read.
    Write,
}

impl Room {
    /// The lobby of a new database.
    pub fn lobby() -> Self {
        Self {
            id: RoomId::lobby(),
            rev: 0,
            kind: RoomKind::Open,
            name: "Lobby".to_owned(),
            topic: String::new(),
            archived: false,
            everyone: true,
            deleted: false,
            created_at: Timestamp(0),
        }
    }

    /// What an account with this membership may do here. `None`: the room does not exist for it.
    pub fn right(&self, membership: Option<&Membership>) -> Option<Right> {
        let may_see = !self.deleted && (membership.is_some() || self.everyone || self.kind == RoomKind::Open);
        let right = if self.archived { Right::Read } else { Right::Write };
        may_see.then_some(right)
    }

    /// Whether a user with this role in the room manages it: its owners do, and natter's admins where everybody may read.
    /// Nobody manages a direct room: its members are equal.
    pub fn is_managed_by(&self, role: Option<MemberRole>, is_admin: bool) -> bool {
        let is_owner = role == Some(MemberRole::Owner) && self.kind != RoomKind::Direct;
        is_owner || (is_admin && self.kind == RoomKind::Open)
    }
}

/// A room's name: 1–[`RoomName::MAX`] visible characters on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomName(String);

impl RoomName {
    /// Longest name, in characters.
    pub const MAX: usize = 80;

    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let name = raw.trim();
        if !(1..=Self::MAX).contains(&name.chars().count()) {
            return Err(Invalid::new("name-length").arg("max", Self::MAX));
        }
        if name.chars().any(is_deceptive) {
            return Err(Invalid::new("name-control-characters"));
        }
        if !is_visible(name) {
            return Err(Invalid::new("name-invisible"));
        }
        Ok(Self(name.to_owned()))
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

/// A room's topic: one line, or empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Topic(String);

impl Topic {
    /// Longest topic, in characters.
    pub const MAX: usize = 250;

    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let topic = raw.trim();
        if topic.chars().count() > Self::MAX {
            return Err(Invalid::new("topic-too-long").arg("max", Self::MAX));
        }
        if topic.chars().any(is_deceptive) {
            return Err(Invalid::new("name-control-characters"));
        }
        Ok(Self(topic.to_owned()))
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

/// A change of a room or of its members, as the room's log keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Notice {
    Added {
        user: UserKey,
    },
    /// `heir` became owner, because no other owner was left; so with [`Notice::Left`].
    Removed {
        user: UserKey,
        heir: Option<UserKey>,
    },
    /// The author left.
    Left {
        heir: Option<UserKey>,
    },
    Role {
        user: UserKey,
        role: MemberRole,
    },
    Renamed {
        name: String,
    },
    Topic {
        topic: String,
    },
    Opened,
    Closed,
    Archived,
    Unarchived,
    /// Every account is a member from now on.
    Everyone,
    /// New accounts are no longer members, and members can leave.
    NotEveryone,
    /// The room is deleted with all that is in it. This is its last change.
    Deleted,
}

impl Notice {
    /// The user, other than the author, whom it is about; of [`Notice::Left`], the heir.
    pub fn subject(&self) -> Option<UserKey> {
        match self {
            Self::Added { user } | Self::Removed { user, .. } | Self::Role { user, .. } => Some(*user),
            Self::Left { heir } => *heir,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_visible_line() {
        assert_eq!(RoomName::parse("  Attic ").unwrap().into_string(), "Attic");
        assert!(RoomName::parse(&"é".repeat(RoomName::MAX)).is_ok());
        let too_long = "é".repeat(RoomName::MAX + 1);
        for (raw, key) in [
            ("", "name-length"),
            (too_long.as_str(), "name-length"),
            ("two\nlines", "name-control-characters"),
            ("turned\u{202E}round", "name-control-characters"),
            ("\u{200B}", "name-invisible"),
        ] {
            assert_eq!(RoomName::parse(raw).unwrap_err().0.key, key, "{raw:?}");
        }
    }

    #[test]
    fn a_topic_is_one_line_or_empty() {
        assert_eq!(Topic::parse(" ").unwrap(), Topic::default());
        assert!(Topic::parse(&"é".repeat(Topic::MAX)).is_ok());
        let too_long = Invalid::new("topic-too-long").arg("max", Topic::MAX);
        assert_eq!(Topic::parse(&"é".repeat(Topic::MAX + 1)), Err(too_long));
        for refused in ["two\nlines", "turned\u{202E}round"] {
            assert_eq!(Topic::parse(refused), Err(Invalid::new("name-control-characters")));
        }
    }
}
