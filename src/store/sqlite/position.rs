//! Positions: a room's number and a number of its log in one integer, so that one index orders the logs of all rooms.

/// The bits of a `seq` or `rev`. 23 bits are left for the rooms' numbers.
const BITS: u32 = 40;
const MASK: i64 = (1 << BITS) - 1;

/// The position of `n`, a `seq` or `rev`, in a room's log. No log reaches the largest `n`; everything above it is at the
/// same position, the room's last.
pub fn position(room: i64, n: u64) -> i64 {
    room << BITS | i64::try_from(n).map_or(MASK, |n| n.min(MASK))
}

/// The last position of a room.
pub fn last_position(room: i64) -> i64 {
    position(room, u64::MAX)
}

pub fn room_of(position: i64) -> i64 {
    position >> BITS
}

/// The `seq` or `rev` of a position.
pub fn number_of(position: i64) -> u64 {
    (position & MASK) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_in_order_of_room_and_number() {
        let positions = [position(1, 0), position(1, 7), last_position(1), position(2, 0), last_position(2)];
        assert!(positions.is_sorted_by(|a, b| a < b), "{positions:?}");
        assert_eq!((room_of(positions[1]), number_of(positions[1])), (1, 7));
        assert_eq!(position(1, 1 << 40), last_position(1));
    }
}
