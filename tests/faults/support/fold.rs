//! The state of MongoDB's log against the fold of its changes, after the description in `migrations-notes/mongodb.md`.
//! It is written anew here: a mistake of natter's own rules would be in both otherwise.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Debug,
};

use futures_util::TryStreamExt;
use mongodb::{
    Client,
    bson::{Document, doc},
};

use super::folded_message::Folded;

/// The lobby's log, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Fold {
    pub messages: usize,
    /// The changes after posts; those up to `floor` are trimmed.
    pub changes: usize,
    pub floor: i64,
    pub head: i64,
    pub errors: Vec<String>,
}

/// Reads the lobby's log from the database at `url`, as a majority has it.
pub async fn read_log(url: &str) -> Vec<Document> {
    let separator = if url.contains('?') { '&' } else { '?' };
    let client = Client::with_uri_str(format!("{url}{separator}readConcernLevel=majority")).await.unwrap();
    let log = client.default_database().unwrap().collection::<Document>("log");
    let documents = log.find(doc! { "_id.room": "lobby" }).sort(doc! { "_id": 1 }).await.unwrap();
    documents.try_collect().await.unwrap()
}

/// Folds the documents of a room, in order of `rev`, and compares the stored state with the result.
pub fn fold(log: &[Document]) -> Fold {
    let mut fold = Fold::default();
    let mut messages: BTreeMap<i64, Folded<'_>> = BTreeMap::new();
    let (mut texts, mut texts_of) = (0, HashMap::<String, i64>::new());
    for document in log {
        let rev = document.get_document("_id").unwrap().get_i64("rev").unwrap();
        if rev == 0 {
            fold.floor = document.get_i64("floor").unwrap_or_default();
            continue;
        }
        if rev != fold.head + 1 && rev > fold.floor + 1 {
            fold.errors.push(format!("{rev} follows {}, the floor is {}", fold.head, fold.floor));
        }
        fold.head = rev;
        let is_above = rev > fold.floor;
        if let Ok(seq) = document.get_i64("seq") {
            fold.expect(rev, "seq", seq, messages.len() as i64 + 1);
            let of_author = texts_of.entry(document.get("author").unwrap().to_string()).or_default();
            if !document.contains_key("notice") {
                (texts, *of_author) = (texts + 1, *of_author + 1);
            }
            fold.expect(rev, "texts", document.get_i64("texts").ok(), Some(texts));
            fold.expect(rev, "authorTexts", document.get_i64("authorTexts").ok(), Some(*of_author));
            let parent = document.get_i64("replyTo").ok();
            let root =
                parent.map(|parent| messages.get(&parent).map_or(0, |m| m.document.get_i64("root").unwrap_or(parent)));
            fold.expect(rev, "root", document.get_i64("root").ok(), root);
            if let Some(root) = root.and_then(|root| messages.get_mut(&root)) {
                root.replies += i64::from(!document.contains_key("deleted"));
                root.changed = is_above.then_some(rev).or(root.changed);
            }
            messages.insert(seq, Folded::new(document, rev, is_above));
            continue;
        }
        fold.changes += 1;
        fold.expect(rev, "headSeq", document.get_i64("headSeq").ok(), Some(messages.len() as i64));
        fold.expect(rev, "headTexts", document.get_i64("headTexts").ok(), Some(texts));
        let Some(message) = document.get_i64("of").ok().and_then(|seq| messages.get_mut(&seq)) else {
            fold.errors.push(format!("{rev} changes no message: {document}"));
            continue;
        };
        // the text of an edit stays until the next edit or deletion of the message
        let state = message.document;
        let is_newest = state.get_i64("textRev").is_ok_and(|at| at == rev) && !state.contains_key("deleted");
        let text = if is_newest { state.get_str("message").ok() } else { None };
        fold.expect(rev, "message", document.get_str("message").ok(), text);
        if is_above {
            if let Err(why) = message.apply(rev, document) {
                fold.errors.push(format!("{rev} {why}: {document}"));
            }
            let root = state.get_i64("root").ok().filter(|_| document.get_str("op").is_ok_and(|op| op == "delete"));
            if let Some(root) = root.and_then(|root| messages.get_mut(&root)) {
                root.changed = Some(rev);
            }
        }
    }
    fold.messages = messages.len();
    messages.values().for_each(|message| message.compare(&mut fold));
    fold
}

impl Fold {
    pub fn expect<T: PartialEq + Debug>(&mut self, rev: i64, what: &str, found: T, expected: T) {
        if found != expected {
            self.errors.push(format!("{what} of {rev} is {found:?}, expected {expected:?}"));
        }
    }
}
