//! A language of the catalogue, and the texts in it.

use std::{borrow::Cow, fmt, sync::LazyLock};

use askama::filters::HtmlSafe;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use fluent_langneg::{NegotiationStrategy, convert_vec_str_to_langids_lossy, negotiate_languages};
use unic_langid::LanguageIdentifier;

use crate::domain::{Arg, Phrase, Timestamp};

/// A language that pages can be in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    German,
}

/// One value for each language, in the order of [`Language::ALL`].
#[derive(Debug, Clone, Default)]
pub struct ByLanguage<T>([T; Language::ALL.len()]);

impl<T> ByLanguage<T> {
    pub fn new(of: impl FnMut(Language) -> T) -> Self {
        Self(Language::ALL.map(of))
    }

    pub fn get(&self, language: Language) -> &T {
        &self.0[language as usize]
    }
}

static BUNDLES: LazyLock<ByLanguage<FluentBundle<FluentResource>>> =
    LazyLock::new(|| ByLanguage::new(Language::bundle));

static IDENTIFIERS: LazyLock<Vec<LanguageIdentifier>> =
    LazyLock::new(|| convert_vec_str_to_langids_lossy(Language::ALL.map(Language::tag)));

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// The BCP 47 tag, for `<html lang>` and the `--language` option.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    pub(super) fn source(self) -> &'static str {
        match self {
            Self::English => include_str!("en.ftl"),
            Self::German => include_str!("de.ftl"),
        }
    }

    /// The first language of an `Accept-Language` header that the catalogue has; English if there is none.
    pub fn accepted(header: &str) -> Self {
        let header = header.split(',').filter(|entry| !is_refused(entry)).collect::<Vec<_>>().join(",");
        let requested = convert_vec_str_to_langids_lossy(accept_language::parse(&header)); // in order of their weights
        let found = negotiate_languages(&requested, &IDENTIFIERS, None, NegotiationStrategy::Lookup);
        let tag = found.first().map(ToString::to_string);
        Self::ALL.into_iter().find(|language| Some(language.tag()) == tag.as_deref()).unwrap_or_default()
    }

    fn bundle(self) -> FluentBundle<FluentResource> {
        let identifier = convert_vec_str_to_langids_lossy([self.tag()]);
        let mut bundle = FluentBundle::new_concurrent(identifier);
        // no direction marks around arguments: names cannot contain direction characters, and scripts compare texts
        bundle.set_use_isolating(false);
        // what does not parse is left out; a test checks that the files parse
        let resource = FluentResource::try_new(self.source().to_owned()).unwrap_or_else(|(parsed, _)| parsed);
        let _ = bundle.add_resource(resource);
        bundle
    }

    /// The text of `key`. A key that the catalogue does not have is logged and shown as it is.
    pub fn text(self, key: &str) -> Cow<'static, str> {
        self.format(key, None)
    }

    /// The text of `key` with arguments.
    pub fn with<const N: usize>(self, key: &str, args: [(&'static str, FluentValue<'_>); N]) -> Cow<'static, str> {
        self.format(key, Some(&args.into_iter().collect()))
    }

    /// The text of `key`, which has markup, with escaped arguments.
    pub fn html<const N: usize>(self, key: &str, args: &[(&'static str, &str); N]) -> Html {
        let args = args.map(|(name, value)| (name, FluentValue::from(Html::escaped(value).0)));
        Html(self.with(key, args))
    }

    pub fn phrase(self, phrase: &Phrase) -> Cow<'static, str> {
        let args = phrase.args.iter().map(|(name, value)| {
            (
                *name,
                match value {
                    Arg::Number(number) => FluentValue::from(*number),
                    Arg::Text(text) => FluentValue::from(text.as_ref()),
                },
            )
        });
        self.format(phrase.key, Some(&args.collect()))
    }

    /// The UTC day of `at`.
    pub fn day(self, at: Timestamp) -> Cow<'static, str> {
        let day = at.day();
        let mut parts = day.splitn(3, '-').map(FluentValue::from);
        let mut next = || parts.next().unwrap_or(FluentValue::None);
        self.with("date", [("year", next()), ("month", next()), ("day", next())])
    }

    fn format(self, key: &str, args: Option<&FluentArgs<'_>>) -> Cow<'static, str> {
        let bundle: &'static _ = BUNDLES.get(self);
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            tracing::error!(key, language = self.tag(), "text missing in the catalogue");
            return key.to_owned().into();
        };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, args, &mut errors);
        if !errors.is_empty() {
            tracing::error!(key, language = self.tag(), ?errors, "text not formatted");
        }
        text
    }
}

/// Whether an entry of `Accept-Language` has the weight 0, which refuses its language. `accept_language` keeps it.
fn is_refused(entry: &str) -> bool {
    let mut weights = entry.split(';').skip(1).filter_map(|parameter| parameter.trim().strip_prefix("q="));
    weights.any(|weight| weight.parse() == Ok(0.0_f32))
}

/// Text that is HTML already. Templates put it into the page as it is.
#[derive(Debug, Clone, Default)]
pub struct Html(Cow<'static, str>);

impl Html {
    /// `text` with HTML's special characters escaped.
    pub fn escaped(text: &str) -> Self {
        let escaped = askama::filters::escape(text, askama::filters::Html);
        Self(escaped.map(|escaped| escaped.to_string()).unwrap_or_default().into())
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Name;

    #[test]
    fn a_header_chooses_the_first_language_that_the_catalogue_has() {
        for (header, language) in [
            ("", Language::English),
            ("de", Language::German),
            ("de-AT,de;q=0.9,en;q=0.8", Language::German),
            ("fr-FR,fr;q=0.9,de;q=0.8,en;q=0.7", Language::German),
            ("de;q=0.2, en-GB", Language::English),
            ("fr", Language::English),
            ("fr, de;q=0", Language::English),
            ("de; q=0.0, en", Language::English),
            ("*", Language::English),
            (";;,=\u{7f}", Language::English),
        ] {
            assert_eq!(Language::accepted(header), language, "{header:?}");
        }
    }

    #[test]
    fn plurals_are_chosen_by_the_language() {
        let count = |language: Language, n: u64| language.with("users-count", [("count", n.into())]);
        assert_eq!(count(Language::English, 1), "1 user");
        assert_eq!(count(Language::English, 0), "0 users");
        assert_eq!(count(Language::German, 1), "1 Benutzer");
        let wait = Phrase::new("too-many-attempts-minutes").arg("minutes", 1u64);
        assert_eq!(Language::German.phrase(&wait), "Zu viele Versuche. Versuche es in 1 Minute noch einmal.");
    }

    #[test]
    fn days_have_the_form_of_the_language() {
        let at = Timestamp(1_795_354_980_123);
        assert_eq!(Language::English.day(at), "2026-11-22");
        assert_eq!(Language::German.day(at), "22.11.2026");
    }

    #[test]
    fn arguments_of_texts_with_markup_are_escaped() {
        let text = Language::English.html("continue-as-text", &[("other", "<i>Ada</i>")]).to_string();
        assert!(text.contains("<b>&#60;i&#62;Ada&#60;/i&#62;</b>"), "{text}");
    }

    #[test]
    fn nobody_can_take_a_name_that_pages_use_themselves() {
        for language in Language::ALL {
            for key in ["you", "deleted-user"] {
                let name = language.text(key);
                assert!(Name::parse(&name).is_err(), "{}: {name}", language.tag());
            }
        }
    }
}
