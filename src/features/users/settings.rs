//! Changing the own settings from raw input: of the account page and of the API.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::{Fields, Invalid, LanguageChoice, Settings, SettingsChanges, Theme, TimeFormat, User},
    store::UserChanges,
    web::{AppState, Error, Result},
};

/// The colours of pages: `auto` is as the device.
#[derive(ToSchema)]
#[schema(as = Theme, rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the strings that are parsed")]
pub enum ThemeName {
    Auto,
    Light,
    Dark,
}

/// The language of pages: `auto` is as the operator has set or the browser asks.
#[derive(ToSchema)]
#[schema(as = LanguageChoice, rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the strings that are parsed")]
pub enum LanguageName {
    Auto,
    En,
    De,
}

/// The hours of a day on pages: `auto` is as usual in the language.
#[derive(ToSchema)]
#[schema(as = TimeFormat, rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the strings that are parsed")]
pub enum TimeFormatName {
    Auto,
    #[schema(rename = "12")]
    Hours12,
    #[schema(rename = "24")]
    Hours24,
}

/// Changes of your settings; fields left out stay as they are.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SettingsEdit {
    #[schema(value_type = Option<ThemeName>)]
    pub theme: Option<String>,
    #[schema(value_type = Option<LanguageName>)]
    pub language: Option<String>,
    #[schema(value_type = Option<TimeFormatName>)]
    pub time_format: Option<String>,
    /// Whether Enter sends a message. Otherwise it breaks the line, and Ctrl-Enter sends.
    pub enter_sends: Option<bool>,
}

/// Your settings.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingsResponse {
    #[schema(value_type = ThemeName)]
    theme: &'static str,
    #[schema(value_type = LanguageName)]
    language: &'static str,
    #[schema(value_type = TimeFormatName)]
    time_format: &'static str,
    /// Whether Enter sends a message. Otherwise it breaks the line, and Ctrl-Enter sends.
    enter_sends: bool,
}

impl From<Settings> for SettingsResponse {
    fn from(Settings { theme, language, time_format, enter_sends }: Settings) -> Self {
        let (theme, language, time_format) = (theme.as_str(), language.as_str(), time_format.as_str());
        Self { theme, language, time_format, enter_sends }
    }
}

impl SettingsEdit {
    fn parse(&self) -> Result<SettingsChanges, Fields> {
        let mut fields = Fields::default();
        let theme = self.theme.as_deref();
        let theme = theme.map(|theme| Theme::parse(theme).ok_or_else(|| Invalid::new("theme-unknown")));
        let language = self.language.as_deref();
        let language = language.map(|tag| LanguageChoice::parse(tag).ok_or_else(|| Invalid::new("language-unknown")));
        let format = self.time_format.as_deref();
        let format = format.map(|format| TimeFormat::parse(format).ok_or_else(|| Invalid::new("time-format-unknown")));
        let changes = SettingsChanges {
            theme: theme.and_then(|theme| fields.keep("theme", theme)),
            language: language.and_then(|language| fields.keep("language", language)),
            time_format: format.and_then(|format| fields.keep("timeFormat", format)),
            enter_sends: self.enter_sends,
        };
        if fields.is_empty() { Ok(changes) } else { Err(fields) }
    }

    /// Changes the settings of `user`, and returns all of them.
    ///
    /// # Errors
    /// 422 with every field that has an unknown value; the store's.
    pub async fn save(&self, state: &AppState, user: &User) -> Result<Settings> {
        let settings = self.parse().map_err(Error::invalid)?;
        let changes = UserChanges { settings, ..UserChanges::default() };
        Ok(state.store.update_user(user.key, changes).await?.settings)
    }
}

/// The form of the account page, as chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SettingsForm {
    theme: String,
    language: String,
    time_format: String,
    /// An empty checkbox is not sent.
    enter_sends: Option<String>,
}

impl From<Settings> for SettingsForm {
    fn from(Settings { theme, language, time_format, enter_sends }: Settings) -> Self {
        Self {
            theme: theme.as_str().to_owned(),
            language: language.as_str().to_owned(),
            time_format: time_format.as_str().to_owned(),
            enter_sends: enter_sends.then(|| "true".to_owned()),
        }
    }
}

impl SettingsForm {
    /// All settings as changes.
    pub fn edit(&self) -> SettingsEdit {
        SettingsEdit {
            theme: Some(self.theme.clone()),
            language: Some(self.language.clone()),
            time_format: Some(self.time_format.clone()),
            enter_sends: Some(self.enter_sends()),
        }
    }

    pub fn enter_sends(&self) -> bool {
        self.enter_sends.as_deref() == Some("true")
    }

    /// Whether `value` is chosen for the field `name`.
    pub fn has(&self, name: &str, value: &str) -> bool {
        let chosen = match name {
            "theme" => &self.theme,
            "language" => &self.language,
            _ => &self.time_format,
        };
        chosen == value
    }
}
