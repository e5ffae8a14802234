//! Who reads a page.

use super::Language;
use crate::domain::UserKey;

#[derive(Debug, Clone, Copy)]
pub struct Viewer {
    pub key: UserKey,
    pub language: Language,
}
