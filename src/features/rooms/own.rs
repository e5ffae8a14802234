//! The settings of a room that a member keeps for themselves.

use crate::{
    domain::{Fields, Level, Phrase},
    web::{Error, Result},
};

/// # Errors
/// 422 at `level` if there is no such level.
pub(super) fn parse_level(raw: &str) -> Result<Level> {
    Level::parse(raw).ok_or_else(|| Error::invalid(Fields::one("level", Phrase::new("level-unknown"))))
}
