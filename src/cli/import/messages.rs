//! Imports all users' messages into the lobby's log, in order of their time.

use std::collections::HashMap;

use ring::digest::{SHA256, digest};

use super::{
    importer::Importer,
    report::{describe, quote, quote_id},
};
use crate::{
    cli::progress::Progress,
    domain::{ClientId, Post, Text, UserKey},
    store::{AuthoredPost, NodeMessage, NodeValue, Result},
};

/// The number of posts appended together: the maximum that a store commits at once.
const BATCH_POSTS: usize = 512;

/// A message to import, as one post, or several if it is too long.
struct PendingMessage {
    label: String,
    posts: Vec<AuthoredPost>,
    repairs: Vec<String>,
}

impl Importer<'_> {
    /// Imports the messages. `count` is their number for the progress display.
    pub async fn messages(&mut self, count: u64) -> Result<()> {
        let mut messages = self.source.messages().await?;
        let mut progress = Progress::start("messages", count);
        let mut duplicates = Duplicates::default();
        let mut batch: Vec<PendingMessage> = Vec::new();
        let mut posts = 0;
        while let Some(message) = messages.next().await? {
            self.report.messages.read += 1;
            progress.advance(1);
            let label = label(&message);
            let Some(owner) = self.owners.get(&message.user) else {
                self.report.message_left_out(&progress, &label, "its user was not imported");
                continue;
            };
            let label = format!("{label} of {}", owner.label);
            match convert(&message, owner.key, duplicates.count(&message)) {
                Ok((parts, repairs)) => {
                    posts += parts.len();
                    batch.push(PendingMessage { label, posts: parts, repairs });
                }
                Err(why) => self.report.message_left_out(&progress, &label, &why),
            }
            if posts >= BATCH_POSTS {
                self.post(&progress, std::mem::take(&mut batch)).await?;
                posts = 0;
            }
        }
        self.post(&progress, batch).await?;
        progress.finish();
        Ok(())
    }

    async fn post(&mut self, progress: &Progress, batch: Vec<PendingMessage>) -> Result<()> {
        let posts = batch.iter().flat_map(|message| message.posts.iter().cloned()).collect();
        let mut posted = self.store.post_all(posts).await?.into_iter();
        for message in batch {
            let mut is_added = false;
            let mut is_author_deleted = false;
            for posted in posted.by_ref().take(message.posts.len()) {
                is_added |= posted.as_ref().is_some_and(|posted| !posted.repeat);
                is_author_deleted |= posted.is_none();
                self.last_seq = posted.map_or(0, |posted| posted.message.seq()).max(self.last_seq);
            }
            if is_author_deleted {
                self.report.message_left_out(progress, &message.label, "its author was deleted in the meantime");
            } else if is_added {
                self.report.messages.added += 1;
                self.report.repaired(progress, &message.label, &message.repairs);
            } else {
                self.report.messages.already_present += 1;
            }
        }
        Ok(())
    }
}

/// A message's name in the report.
fn label(message: &NodeMessage) -> String {
    match &message.id {
        Some(id) => format!("message {}", quote_id(id)),
        None => format!("message {}", message.index),
    }
}

/// The posts of a message, and a description of each replacement; or why it cannot be imported. `duplicate` is the
/// number of equal messages before it, if it has no id.
fn convert(
    message: &NodeMessage,
    author: UserKey,
    duplicate: u64,
) -> std::result::Result<(Vec<AuthoredPost>, Vec<String>), String> {
    let mut repairs = Vec::new();
    let text = match &message.text {
        NodeValue::Text(text) => text,
        NodeValue::Plain(text) => {
            repairs.push(format!("it was not text, it is {} now", quote(text)));
            text
        }
        NodeValue::Missing => return Err("it has no text".into()),
        NodeValue::Other(kind) => return Err(format!("it is {kind}, not text")),
    };
    let texts = parts(text);
    match texts.len() {
        0 => return Err("it is empty".into()),
        1 => {}
        many => repairs.push(format!("it is longer than {} characters, it is {many} messages now", Text::MAX)),
    }
    if !message.has_sent_time {
        let sent = describe(&message.sent_time);
        repairs.push(format!("its sentTime is {sent}, it is {} now", message.at.rfc3339()));
    }
    let id = message.id.as_ref().map_or(format!("{duplicate}"), |id| format!("id {id}"));
    let digest = digest(&SHA256, format!("{id}\n{}\n{text}", message.at.0).as_bytes());
    let client = hex::encode(&digest.as_ref()[..16]);
    let posts = (1..).zip(texts).map(|(part, text)| {
        let client = if part == 1 { client.clone() } else { format!("{client}-{part}") };
        let post = Post { client: ClientId::stored(client), text, reply_to: None, files: Vec::new() };
        AuthoredPost { author, at: message.at, post }
    });
    Ok((posts.collect(), repairs))
}

/// The text in parts of at most [`Text::MAX`] characters, cut between words if possible.
fn parts(text: &str) -> Vec<Text> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.char_indices().nth(Text::MAX).map_or(rest.len(), |(end, _)| end);
        let space = rest[..end].rfind(char::is_whitespace).filter(|at| end < rest.len() && *at > end / 2);
        let (part, remainder) = rest.split_at(space.unwrap_or(end));
        parts.extend(Text::parse(part));
        rest = remainder.trim_start();
    }
    parts
}

/// Counts equal messages without an id: same user, same time, same text. Messages of the same time come one after
/// another, so only those of one time are remembered.
#[derive(Default)]
struct Duplicates {
    at: i64,
    seen: HashMap<[u8; 16], u64>,
}

impl Duplicates {
    /// The number of equal messages before this one.
    fn count(&mut self, message: &NodeMessage) -> u64 {
        if self.at != message.at.0 {
            self.at = message.at.0;
            self.seen.clear();
        }
        if message.id.is_some() {
            return 0;
        }
        let digest = digest(&SHA256, format!("{}\n{}", message.user, whole_text(&message.text)).as_bytes());
        let mut short = [0; 16];
        short.copy_from_slice(&digest.as_ref()[..16]);
        let count = self.seen.entry(short).or_default();
        *count += 1;
        *count - 1
    }
}

fn whole_text(text: &NodeValue) -> &str {
    match text {
        NodeValue::Text(text) | NodeValue::Plain(text) | NodeValue::Other(text) => text,
        NodeValue::Missing => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    fn message(id: Option<&str>, at: i64, text: &str) -> NodeMessage {
        NodeMessage {
            user: "u".into(),
            id: id.map(str::to_owned),
            index: 0,
            sent_time: NodeValue::Missing,
            at: Timestamp(at),
            has_sent_time: true,
            text: NodeValue::Text(text.into()),
        }
    }

    fn clients(message: &NodeMessage, duplicate: u64) -> Vec<String> {
        let (posts, _) = convert(message, UserKey::generate(), duplicate).unwrap();
        posts.iter().map(|posted| posted.post.client.as_str().to_owned()).collect()
    }

    #[test]
    fn a_long_message_is_cut_between_words() {
        let long = "word ".repeat(1000);
        let cut: Vec<String> = parts(&long).into_iter().map(Text::into_string).collect();
        assert_eq!(cut.join(" "), long.trim_end());
        assert_eq!(cut.len(), 2);
        let solid = "é".repeat(9000);
        let cut: Vec<String> = parts(&solid).into_iter().map(Text::into_string).collect();
        assert_eq!((cut.len(), cut.concat()), (3, solid));
        assert!(parts(" \n\0 ").is_empty());
    }

    #[test]
    fn different_messages_have_different_client_ids_and_repeats_the_same() {
        let first = clients(&message(Some("a"), 1, "x"), 0);
        assert_eq!(first, clients(&message(Some("a"), 1, "x"), 0));
        for other in [message(Some("b"), 1, "x"), message(Some("a"), 2, "x"), message(Some("a"), 1, "y")] {
            assert_ne!(first, clients(&other, 0));
        }
        let long = clients(&message(None, 1, &"x".repeat(5000)), 0);
        assert_eq!(long[1], format!("{}-2", long[0]));
        assert!(long.iter().all(|id| ClientId::parse(id).is_ok()));
    }

    #[test]
    fn equal_messages_without_an_id_are_counted() {
        let mut duplicates = Duplicates::default();
        let same = message(None, 1, "x");
        assert_eq!(
            [duplicates.count(&same), duplicates.count(&same), duplicates.count(&message(None, 1, "y"))],
            [0, 1, 0]
        );
        assert_eq!(duplicates.count(&message(None, 2, "x")), 0);
    }
}
