//! What all fragments have in common.

use askama::Template;

use super::Language;

/// The language of frames, which go to readers of every language.
pub(super) const FRAME_LANGUAGE: Language = Language::English;

pub(super) fn render(template: &impl Template) -> String {
    // writing to a String cannot fail, and these templates call nothing that can
    template.render().unwrap_or_default()
}
