//! The cursors of lists across rooms, in addresses.

use crate::{
    domain::{Fields, MessageId, Phrase, RoomId, Timestamp},
    store::ListCursor,
    web::{Error, Result},
};

/// The cursor as text; opaque to clients.
pub(super) fn encode(cursor: &ListCursor) -> String {
    format!("{}.{}.{}", cursor.at.0, cursor.id.seq, cursor.id.room.as_str())
}

/// # Errors
/// 422 at `before` if it is none.
pub(super) fn parse(raw: &str) -> Result<ListCursor> {
    let parts = || {
        let (at, rest) = raw.split_once('.')?;
        let (seq, room) = rest.split_once('.')?;
        let id = MessageId { room: RoomId::named(room), seq: seq.parse().ok()? };
        Some(ListCursor { at: Timestamp(at.parse().ok()?), id })
    };
    let refused = || Error::invalid(Fields::one("before", Phrase::english("Use the address in `next`.")));
    parts().ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = ListCursor { at: Timestamp(-5), id: MessageId { room: RoomId::named("a.b"), seq: 7 } };
        assert_eq!(parse(&encode(&cursor)).unwrap(), cursor);
        for invalid in ["", "1", "1.2", "x.2.lobby", "1.x.lobby", "1.-2.lobby"] {
            assert!(parse(invalid).is_err(), "{invalid}");
        }
    }
}
