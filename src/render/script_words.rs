//! The texts of the chat page's scripts.

use std::sync::LazyLock;

use serde_json::json;

use super::{
    Language,
    message::replies,
    newer_link, notice, older_link, presence_notice,
    words::{ByLanguage, Html},
};
use crate::domain::{Phrase, Text, rules::Refusal};

/// The texts in `language`, as JSON that is escaped for an attribute.
pub fn script_words(language: Language) -> &'static Html {
    // escaped once for all pages
    static WORDS: LazyLock<ByLanguage<Html>> =
        LazyLock::new(|| ByLanguage::new(|language| Html::escaped(&words(language))));
    WORDS.get(language)
}

/// By the names that the scripts know. What they fill in is in braces: `{length}`. `older` is a link, and has a
/// `seq` to replace.
fn words(language: Language) -> String {
    let too_long = Phrase::new("message-too-long").arg("max", Text::MAX).arg("length", "{length}");
    let too_many_files = Refusal::TooManyFiles.phrase();
    let typing = |key| language.with(key, [("name", "{name}".into()), ("other", "{other}".into())]);
    let words = json!({
        "askDelete": language.text("message-delete-text"),
        "askReadAll": language.text("rooms-read-all-ask"),
        "close": language.text("close"),
        "copied": language.text("copied"),
        "deletedUser": language.text("deleted-user"),
        "draft": language.text("sidebar-draft"),
        "confirm": language.text("mentions-confirm"),
        "edited": language.text("message-edited"),
        "editing": language.text("message-editing"),
        "filesWait": language.text("files-waiting"),
        "gone": language.text("chat-gone"),
        "later": newer_link("{room}", 0, language),
        "left": language.with("chat-left", [("count", "{count}".into())]),
        "logInAgain": language.text("chat-log-in-again"),
        "lost": language.text("chat-connection-lost"),
        "logNotices": notice::notice_patterns(language),
        "none": language.text("rooms-none"),
        "notDone": language.text("not-done"),
        "notices": presence_notice::presence_patterns(language),
        "newer": language.text("chat-new"),
        "newLine": language.text("chat-new-line"),
        "older": older_link("{room}", 0, language),
        "offline": language.text("chat-offline"),
        "pinned": language.text("message-pinned"),
        "present": language.text("message-present"),
        "quoteDeleted": language.text("quote-deleted"),
        "quoteEarlier": language.text("quote-earlier"),
        "readOnly": language.text("room-read-only"),
        "replies": [replies(language, 1), language.with("message-replies", [("count", "{count}".into())])],
        "replying": language.with("message-replying", [("name", "{name}".into()), ("text", "{text}".into())]),
        "rosterCount": language.with("roster-count", [("count", "{count}".into())]),
        "rosterMore": language.with("roster-more", [("count", "{count}".into())]),
        "saved": language.text("message-saved"),
        "sending": language.text("chat-sending"),
        "signedOut": language.text("chat-signed-out"),
        "tooLong": language.phrase(&too_long),
        "tooManyFiles": language.phrase(&too_many_files),
        "tooManyTabs": language.text("chat-too-many-tabs"),
        "typing": [typing("chat-typing-one"), typing("chat-typing-two"), typing("chat-typing-several")],
        "writeTo": language.with("chat-message-to", [("room", "{room}".into())]),
        "you": language.text("you"),
    });
    words.to_string()
}
