//! The end of a room's log.

/// The latest numbers of a room's log.
#[derive(Debug, Clone, Copy, Default)]
pub struct Head {
    pub seq: i64,
    pub rev: i64,
}
