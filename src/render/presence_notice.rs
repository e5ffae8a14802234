//! The HTML of notices that are not in the log: who entered or left the chat.

use askama::Template;
use serde_json::{Value, json};

use super::{
    Language,
    fragment::{FRAME_LANGUAGE, render},
};
use crate::{domain::UserKey, render::words::FluentValue};

/// Most names in one notice.
const NOTICE_NAMES: usize = 3;

/// What happened, with the texts for one user, for several, and for some and a number of others.
struct Kind {
    name: &'static str,
    texts: [&'static str; 3],
}

const ENTERED: Kind =
    Kind { name: "entered", texts: ["notice-entered-one", "notice-entered-several", "notice-entered-others"] };
const LEFT: Kind = Kind { name: "left", texts: ["notice-left-one", "notice-left-several", "notice-left-others"] };

/// In English. The page's script words it in the page's language, and leaves out the reader's own name.
#[derive(Template)]
#[template(path = "chat/_presence_notice.html")]
struct NoticeView {
    kind: &'static str,
    /// A JSON array of those named.
    names: String,
    /// How many more there are.
    others: usize,
    /// The tags of those named, separated by spaces.
    keys: String,
    text: String,
}

/// "Ada has entered the chat", for one user or for many. Empty for nobody.
pub fn entered(users: &[(UserKey, String)]) -> String {
    notice(users, &ENTERED)
}

/// "Ada has left the chat", for one user or for many. Empty for nobody.
pub fn left(users: &[(UserKey, String)]) -> String {
    notice(users, &LEFT)
}

fn notice(users: &[(UserKey, String)], kind: &Kind) -> String {
    let named = if users.len() <= NOTICE_NAMES { users } else { &users[..NOTICE_NAMES - 1] };
    let names: Vec<&str> = named.iter().map(|(_, name)| name.as_str()).collect();
    let others = users.len() - named.len();
    let text = |index: usize, names: &[&str], last: &str| {
        text(FRAME_LANGUAGE, kind.texts[index], &names.join(", "), last, others.into())
    };
    let text = match &*names {
        [] => return String::new(),
        [name] => text(0, &[name], ""),
        [first @ .., last] if others == 0 => text(1, first, last),
        some => text(2, some, ""),
    };
    render(&NoticeView {
        kind: kind.name,
        names: json!(names).to_string(),
        others,
        keys: named.iter().map(|(user, _)| user.tag()).collect::<Vec<_>>().join(" "),
        text,
    })
}

fn text(language: Language, key: &str, names: &str, last: &str, others: FluentValue<'_>) -> String {
    language.with(key, [("names", names.into()), ("last", last.into()), ("others", others)]).into_owned()
}

/// The texts for the page's script by kind, with `{names}`, `{last}` and `{others}` to fill in.
pub(super) fn presence_patterns(language: Language) -> Value {
    let patterns = |kind: Kind| kind.texts.map(|key| text(language, key, "{names}", "{last}", "{others}".into()));
    json!({ ENTERED.name: patterns(ENTERED), LEFT.name: patterns(LEFT) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn users(names: &[&str]) -> Vec<(UserKey, String)> {
        let user = |(number, name): (usize, &&str)| (UserKey(Uuid::from_u128(number as u128)), (*name).to_owned());
        names.iter().enumerate().map(user).collect()
    }

    #[test]
    fn a_notice_has_its_facts_beside_the_text() {
        let one = "<li class=\"user-connect-or-disconnect\" data-room=\"lobby\" data-kind=\"entered\" \
             data-names=\"[&#34;&#60;Ada&#62;&#34;]\" data-others=\"0\" data-keys=\"AAAAAAAAAAA\">\
             &#60;Ada&#62; has entered the chat</li>";
        assert_eq!(entered(&users(&["<Ada>"])), one);
        let four = "<li class=\"user-connect-or-disconnect\" data-room=\"lobby\" data-kind=\"left\" \
             data-names=\"[&#34;Ada&#34;,&#34;Bob&#34;]\" data-others=\"2\" data-keys=\"AAAAAAAAAAA AAAAAAAAAAE\">\
             Ada, Bob and 2 others have left the chat</li>";
        assert_eq!(left(&users(&["Ada", "Bob", "Cyd", "Dan"])), four);
    }

    #[test]
    fn the_text_depends_on_the_number_of_users() {
        let text = |names: &[&str]| {
            let html = left(&users(names));
            html.rsplit_once('>').map_or("", |(start, _)| start.rsplit_once('>').unwrap().1).replace("</li", "")
        };
        assert_eq!(text(&[]), "");
        assert_eq!(text(&["Ada"]), "Ada has left the chat");
        assert_eq!(text(&["Ada", "Bob"]), "Ada and Bob have left the chat");
        assert_eq!(text(&["Ada", "Bob", "Cyd"]), "Ada, Bob and Cyd have left the chat");
        assert_eq!(text(&["N"; 1000]), "N, N and 998 others have left the chat");
    }

    #[test]
    fn the_page_words_notices_in_its_language() {
        let patterns = presence_patterns(Language::German);
        assert_eq!(patterns["entered"][0], "{names} hat den Chat betreten");
        assert_eq!(patterns["left"][1], "{names} und {last} haben den Chat verlassen");
        assert_eq!(patterns["left"][2], "{names} und {others} weitere haben den Chat verlassen");
    }
}
