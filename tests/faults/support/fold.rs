//! The state of MongoDB's log against the fold of its changes, after the description in `migrations-notes/mongodb.md`.
//! It is written anew here: a mistake of natter's own rules would be in both otherwise.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Debug,
};

use futures_util::TryStreamExt;
use mongodb::{
    Client,
    bson::{Bson, Document, doc},
};

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

/// A message, folded. What is below the floor is unknown unless the post is above it.
struct Folded<'a> {
    document: &'a Document,
    post: i64,
    is_whole: bool,
    /// The latest number above the floor.
    changed: Option<i64>,
    text_rev: Option<i64>,
    edited: Option<&'a Bson>,
    is_deleted: bool,
    pinned: Option<Option<&'a Bson>>,
    /// (emoji, user) in the order given, if the message is whole.
    given: Vec<(&'a str, &'a Bson)>,
    /// (emoji, user), and whether the latest change gave it.
    latest: HashMap<(&'a str, String), bool>,
    replies: i64,
}

/// Reads the log of the database at `url` as a majority has it.
pub async fn read_fold(url: &str) -> Fold {
    let separator = if url.contains('?') { '&' } else { '?' };
    let client = Client::with_uri_str(format!("{url}{separator}readConcernLevel=majority")).await.unwrap();
    let log = client.default_database().unwrap().collection::<Document>("log");
    let documents = log.find(doc! { "_id.room": "lobby" }).sort(doc! { "_id": 1 }).await.unwrap();
    fold(&documents.try_collect::<Vec<_>>().await.unwrap())
}

fn fold(log: &[Document]) -> Fold {
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
    fn expect<T: PartialEq + Debug>(&mut self, rev: i64, what: &str, found: T, expected: T) {
        if found != expected {
            self.errors.push(format!("{what} of {rev} is {found:?}, expected {expected:?}"));
        }
    }
}

impl<'a> Folded<'a> {
    fn new(document: &'a Document, post: i64, is_whole: bool) -> Self {
        let (given, latest) = (Vec::new(), HashMap::new());
        let (changed, text_rev, edited, pinned) = (None, None, None, is_whole.then_some(None));
        Self {
            document,
            post,
            is_whole,
            changed,
            text_rev,
            edited,
            is_deleted: false,
            pinned,
            given,
            latest,
            replies: 0,
        }
    }

    /// Applies a change above the floor. Each has to change something.
    fn apply(&mut self, rev: i64, change: &'a Document) -> Result<(), &'static str> {
        if self.is_deleted {
            return Err("changes a deleted message");
        }
        self.changed = Some(rev);
        let has_text_rev = self.is_whole || self.text_rev.is_some();
        let user = change.get("by").unwrap();
        let key = change.get_str("emoji").map(|emoji| (emoji, user.to_string()));
        match (change.get_str("op").unwrap(), key) {
            ("edit", _)
                if has_text_rev && change.get_i64("textRev").ok() != Some(self.text_rev.unwrap_or(self.post)) =>
            {
                return Err("edits an older text");
            }
            ("edit", _) => (self.text_rev, self.edited) = (Some(rev), change.get("at")),
            ("delete", _) => (self.text_rev, self.is_deleted) = (Some(rev), true),
            ("react", Ok(key)) => {
                self.given.push((key.0, user));
                if self.latest.insert(key, true) == Some(true) {
                    return Err("gives an emoji again");
                }
            }
            ("unreact", Ok(key)) => {
                self.given.retain(|given| *given != (key.0, user));
                let before = self.latest.insert(key, false);
                if before == Some(false) || before.is_none() && self.is_whole {
                    return Err("takes an emoji back that is not there");
                }
            }
            ("pin", _) => self.pinned = Some(change.get("at")),
            ("unpin", _) => self.pinned = Some(None),
            _ => return Err("is of an unknown kind"),
        }
        Ok(())
    }

    fn compare(&self, fold: &mut Fold) {
        let (state, post) = (self.document, self.post);
        let number = |field: &str| state.get_i64(field).ok();
        let is_deleted = state.contains_key("deleted");
        let has_text = !is_deleted && !state.contains_key("notice");
        fold.expect(post, "presence of message", state.contains_key("message"), has_text);
        fold.expect(post, "replies", number("replies"), Some(self.replies).filter(|replies| *replies > 0));
        for (field, folded) in [("changed", self.changed), ("textRev", self.text_rev)] {
            let is_right = match folded {
                Some(folded) => number(field) == Some(folded),
                None => number(field).is_none_or(|rev| !self.is_whole && rev <= fold.floor),
            };
            if !is_right {
                fold.errors.push(format!("{field} of {post} is {:?}, expected {folded:?}", number(field)));
            }
        }
        if self.is_whole || self.is_deleted {
            fold.expect(post, "deleted", is_deleted, self.is_deleted);
        }
        if self.is_whole || self.edited.is_some() {
            fold.expect(post, "editedTime", state.get("editedTime"), self.edited.filter(|_| !is_deleted));
        }
        if let Some(pinned) = self.pinned {
            fold.expect(post, "pinnedTime", state.get("pinnedTime"), pinned.filter(|_| !is_deleted));
        }
        let mut stored = Vec::new();
        for reaction in state.get_array("reactions").into_iter().flatten().filter_map(Bson::as_document) {
            let emoji = reaction.get_str("emoji").unwrap();
            stored.extend(reaction.get_array("users").unwrap().iter().map(|user| (emoji, user)));
        }
        if is_deleted || self.is_whole {
            // by emoji, in the order in which each was first given
            let mut given = Vec::new();
            for (emoji, _) in if is_deleted { &[] } else { self.given.as_slice() } {
                if !given.iter().any(|(other, _)| other == emoji) {
                    given.extend(self.given.iter().filter(|(other, _)| other == emoji));
                }
            }
            fold.expect(post, "reactions", stored, given);
        } else {
            for ((emoji, user), is_given) in &self.latest {
                let is_stored = stored.iter().any(|given| given.0 == *emoji && given.1.to_string() == *user);
                fold.expect(post, emoji, is_stored, *is_given);
            }
        }
    }
}
