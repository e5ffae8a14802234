//! One message of the log, folded from its post and its changes.

use std::collections::HashMap;

use mongodb::bson::{Bson, Document};

use super::fold::Fold;

/// A message, folded. What is below the floor is unknown unless the post is above it.
pub struct Folded<'a> {
    pub document: &'a Document,
    post: i64,
    is_whole: bool,
    /// The latest number above the floor.
    pub changed: Option<i64>,
    text_rev: Option<i64>,
    edited: Option<&'a Bson>,
    is_deleted: bool,
    pinned: Option<Option<&'a Bson>>,
    /// The emoji in the order in which each was first given, with their users, if the message is whole.
    given: Vec<(&'a str, Vec<&'a Bson>)>,
    /// (emoji, user), and whether the latest change gave it.
    latest: HashMap<(&'a str, String), bool>,
    pub replies: i64,
}

impl<'a> Folded<'a> {
    pub fn new(document: &'a Document, post: i64, is_whole: bool) -> Self {
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
    pub fn apply(&mut self, rev: i64, change: &'a Document) -> Result<(), &'static str> {
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
                match self.given.iter_mut().find(|given| given.0 == key.0) {
                    Some(given) => given.1.push(user),
                    None => self.given.push((key.0, vec![user])),
                }
                if self.latest.insert(key, true) == Some(true) {
                    return Err("gives an emoji again");
                }
            }
            ("unreact", Ok(key)) => {
                self.given
                    .iter_mut()
                    .filter(|given| given.0 == key.0)
                    .for_each(|given| given.1.retain(|by| *by != user));
                self.given.retain(|given| !given.1.is_empty());
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

    pub fn compare(&self, fold: &mut Fold) {
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
        let (mut stored, empty) = (Vec::new(), Vec::new());
        for reaction in state.get_array("reactions").into_iter().flatten().filter_map(Bson::as_document) {
            let emoji = reaction.get_str("emoji").unwrap();
            stored.push((emoji, reaction.get_array("users").unwrap().iter().collect::<Vec<_>>()));
        }
        if is_deleted || self.is_whole {
            fold.expect(post, "reactions", &stored, if is_deleted { &empty } else { &self.given });
        } else {
            for ((emoji, user), is_given) in &self.latest {
                let is_stored =
                    stored.iter().any(|(other, by)| other == emoji && by.iter().any(|by| by.to_string() == *user));
                fold.expect(post, emoji, is_stored, *is_given);
            }
        }
    }
}
