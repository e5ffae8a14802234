//! The HTML of the roster: who is online.

use askama::Template;

use super::{
    Language,
    fragment::{FRAME_LANGUAGE, render},
    words::ByLanguage,
};

/// Most names in the roster; the rest is a number. This bounds what a change of presence costs every socket.
const ROSTER_NAMES: usize = 100;

/// Who is online: for pages in each language, and for the sockets when it changes.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    /// The inside of the page's `#roster`.
    pub inside: ByLanguage<String>,
    /// The frame's fragment, which replaces it. It is in English; the page's script words it in the page's language.
    pub fragment: String,
}

#[derive(Template)]
#[template(path = "chat/_roster.html")]
struct RosterView<'a> {
    count: usize,
    names: &'a [String],
    /// How many have no name here.
    hidden: usize,
    language: Language,
}

impl RosterView<'_> {
    fn text(&self, key: &str, count: &usize) -> String {
        self.language.with(key, [("count", (*count).into())]).into_owned()
    }
}

/// Renders the roster of `names`.
pub fn roster(names: &[String]) -> Roster {
    let shown = &names[..names.len().min(ROSTER_NAMES)];
    let inside = |language: Language| {
        render(&RosterView { count: names.len(), names: shown, hidden: names.len() - shown.len(), language })
    };
    let fragment = inside(FRAME_LANGUAGE);
    Roster {
        inside: ByLanguage::new(inside),
        fragment: format!("<hx-partial hx-target=\"#roster\" hx-swap=\"innerHTML\">{fragment}</hx-partial>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roster_names_who_is_online() {
        let two = roster(&["Ada".into(), "<Bob>".into()]);
        let inside = |count| format!(r#"<h2 data-count="2">{count}</h2><ul><li>Ada</li><li>&#60;Bob&#62;</li></ul>"#);
        assert_eq!(*two.inside.get(Language::English), inside("2 online"));
        assert_eq!(*two.inside.get(Language::German), inside("2 online"));
        let expected =
            format!(r##"<hx-partial hx-target="#roster" hx-swap="innerHTML">{}</hx-partial>"##, inside("2 online"));
        assert_eq!(two.fragment, expected);
    }

    #[test]
    fn a_long_roster_ends_with_a_number() {
        let many: Vec<String> = (0..ROSTER_NAMES + 7).map(|n| n.to_string()).collect();
        let long = roster(&many);
        assert!(long.inside.get(Language::German).ends_with(r#"<li data-count="7">und 7 weitere</li></ul>"#));
        assert!(long.fragment.contains(r#"<li data-count="7">and 7 more</li>"#));
    }
}
