//! What users set for the pages that they see.

use serde::{Deserialize, Serialize};

use super::room::stored_names;

/// The settings of an account. The stores have only what is not the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Settings {
    #[serde(skip_serializing_if = "is_default")]
    pub theme: Theme,
    #[serde(skip_serializing_if = "is_default")]
    pub language: LanguageChoice,
    #[serde(skip_serializing_if = "is_default")]
    pub time_format: TimeFormat,
    /// Whether Enter sends a message. Otherwise it breaks the line, and Enter with Ctrl or Cmd sends.
    #[serde(skip_serializing_if = "is_true")]
    pub enter_sends: bool,
}

/// The settings to change. One that is `None` stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SettingsChanges {
    pub theme: Option<Theme>,
    pub language: Option<LanguageChoice>,
    pub time_format: Option<TimeFormat>,
    pub enter_sends: Option<bool>,
}

/// The colours of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "&'static str", from = "String")]
pub enum Theme {
    /// Those of the device.
    #[default]
    Auto,
    Light,
    Dark,
}
stored_names!(Theme { Auto = "auto", Light = "light", Dark = "dark" });

/// The language of pages. The names are BCP 47 tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "&'static str", from = "String")]
pub enum LanguageChoice {
    /// The operator's, or the one that the browser asks for.
    #[default]
    Auto,
    English,
    German,
}
stored_names!(LanguageChoice { Auto = "auto", English = "en", German = "de" });

/// How a page's script writes the time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "&'static str", from = "String")]
pub enum TimeFormat {
    /// As usual in the language of the page.
    #[default]
    Auto,
    /// 1:30 PM
    Hours12,
    /// 13:30
    Hours24,
}
stored_names!(TimeFormat { Auto = "auto", Hours12 = "12", Hours24 = "24" });

/// Conversions for the stores. A name that this natter does not know, because a later one stored it, is read as the
/// default: it must not lock an account out.
macro_rules! stored_by_name {
    ($($name:ident),+) => {
        $(impl From<$name> for &'static str {
            fn from(setting: $name) -> Self {
                setting.as_str()
            }
        }

        impl From<String> for $name {
            fn from(stored: String) -> Self {
                Self::parse(&stored).unwrap_or_default()
            }
        })+
    };
}
stored_by_name!(Theme, LanguageChoice, TimeFormat);

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            language: LanguageChoice::default(),
            time_format: TimeFormat::default(),
            enter_sends: true,
        }
    }
}

impl Settings {
    /// Whether nothing was set.
    pub fn is_default(&self) -> bool {
        is_default(self)
    }

    /// The settings after `changes`.
    pub fn with(self, changes: SettingsChanges) -> Self {
        Self {
            theme: changes.theme.unwrap_or(self.theme),
            language: changes.language.unwrap_or(self.language),
            time_format: changes.time_format.unwrap_or(self.time_format),
            enter_sends: changes.enter_sends.unwrap_or(self.enter_sends),
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn is_true(value: &bool) -> bool {
    *value
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn only_what_is_not_the_default_is_stored() {
        let settings = Settings::default();
        assert!(settings.is_default());
        assert_eq!(to_value(settings).unwrap(), json!({}));
        let changes = SettingsChanges { theme: Some(Theme::Dark), enter_sends: Some(false), ..Default::default() };
        let dark = settings.with(changes);
        assert!(!dark.is_default());
        assert_eq!(to_value(dark).unwrap(), json!({ "theme": "dark", "enterSends": false }));
        let back = SettingsChanges { theme: Some(Theme::Auto), enter_sends: Some(true), ..Default::default() };
        assert_eq!(dark.with(back), settings);
    }

    #[test]
    fn every_setting_is_read_as_it_was_stored() {
        let names = [["auto", "light", "dark"], ["auto", "en", "de"], ["auto", "12", "24"]];
        for n in 0..3 {
            let stored = json!({ "theme": names[0][n], "language": names[1][n], "timeFormat": names[2][n] });
            let settings: Settings = from_value(stored).unwrap();
            let read = [settings.theme.as_str(), settings.language.as_str(), settings.time_format.as_str()];
            assert_eq!(read, names.map(|names| names[n]));
            assert_eq!(from_value::<Settings>(to_value(settings).unwrap()).unwrap(), settings);
        }
    }

    #[test]
    fn what_a_later_natter_has_stored_is_read_as_the_default() {
        let stored = json!({ "theme": "sepia", "language": "fr", "sound": "bell", "timeFormat": "24" });
        let settings: Settings = from_value(stored).unwrap();
        assert_eq!(settings, Settings { time_format: TimeFormat::Hours24, ..Settings::default() });
    }

    #[test]
    fn a_change_keeps_the_other_settings() {
        let settings = Settings { theme: Theme::Light, language: LanguageChoice::German, ..Settings::default() };
        let changes = SettingsChanges { time_format: Some(TimeFormat::Hours12), ..SettingsChanges::default() };
        assert_eq!(settings.with(changes), Settings { time_format: TimeFormat::Hours12, ..settings });
        assert_eq!(settings.with(SettingsChanges::default()), settings);
    }
}
