//! Changes of the settings in the document of an account.

use mongodb::bson::{Bson, Document};

use crate::domain::{Settings, SettingsChanges};

/// Adds the changed settings to the fields that an update sets, and those that become the default to the fields that
/// it removes. Each is a field of its own, so that two processes can change two settings at the same time.
pub fn update_settings(changes: SettingsChanges, set: &mut Document, unset: &mut Document) {
    let default = Settings::default();
    let SettingsChanges { theme, language, time_format, enter_sends } = changes;
    let changed = [
        ("settings.theme", theme.map(|theme| unless(theme == default.theme, theme.as_str()))),
        ("settings.language", language.map(|language| unless(language == default.language, language.as_str()))),
        ("settings.timeFormat", time_format.map(|format| unless(format == default.time_format, format.as_str()))),
        ("settings.enterSends", enter_sends.map(|sends| unless(sends == default.enter_sends, sends))),
    ];
    for (field, change) in changed {
        match change {
            Some(Some(value)) => drop(set.insert(field, value)),
            Some(None) => drop(unset.insert(field, "")),
            None => {}
        }
    }
}

fn unless(is_default: bool, value: impl Into<Bson>) -> Option<Bson> {
    (!is_default).then(|| value.into())
}
