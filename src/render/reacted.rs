//! What a change of reactions says beside the message's fragment, which has only their numbers: who gave or took back which
//! emoji. From it a page knows what its own viewer gave.

use crate::domain::{ReactionChange, RoomId};

/// The fragment of a reaction that was given or taken back by the change `rev`.
pub fn reacted(room: &RoomId, seq: u64, rev: u64, change: &ReactionChange) -> String {
    let ReactionChange { user, emoji, is_given } = change;
    let (room, by, emoji, value) = (room.as_str(), user.tag(), emoji.as_str(), u8::from(*is_given));
    format!(
        r#"<data data-room="{room}" data-of="{seq}" data-rev="{rev}" data-by="{by}" data-emoji="{emoji}" value="{value}"></data>"#
    )
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Emoji, UserKey};

    #[test]
    fn a_reaction_says_who_gave_which_emoji_to_what() {
        let emoji = Emoji::parse("👍").unwrap();
        let change = ReactionChange { user: UserKey(Uuid::from_u64_pair(0, 1)), emoji, is_given: true };
        assert_eq!(
            reacted(&RoomId::lobby(), 5, 9, &change),
            r#"<data data-room="lobby" data-of="5" data-rev="9" data-by="AAAAAAAAAAE" data-emoji="👍" value="1"></data>"#
        );
    }
}
