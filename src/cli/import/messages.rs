//! Messages: all users' in one order, into the lobby's log.

use std::collections::HashMap;

use ring::digest::{SHA256, digest};

use super::{
    Import,
    report::{named, quote, shown},
};
use crate::{
    cli::progress::Progress,
    domain::{ClientId, Post, RoomId, Text, UserKey},
    store::{NodeMessage, NodeValue, Result},
};

/// Posts that go at a time: what a store commits at once.
const WINDOW: usize = 512;

/// A message on its way; of one that is too long, its parts.
struct Carried {
    label: String,
    posts: Vec<Post>,
    repairs: Vec<String>,
}

impl Import<'_> {
    /// Carries the messages, which are about `count`.
    pub(super) async fn messages(&mut self, count: u64) -> Result<()> {
        let mut messages = self.source.messages().await?;
        let mut progress = Progress::start("messages", count);
        let mut twins = Twins::default();
        let mut window: Vec<Carried> = Vec::new();
        let mut posts = 0;
        while let Some(message) = messages.next().await? {
            self.report.messages.read += 1;
            progress.advance(1);
            let label = label(&message);
            let Some(owner) = self.owners.get(&message.user) else {
                self.report.message_left_out(&progress, &label, "its user was not carried");
                continue;
            };
            let label = format!("{label} of {}", owner.label);
            match carry(&message, owner.key, twins.count(&message)) {
                Ok((parts, repairs)) => {
                    posts += parts.len();
                    window.push(Carried { label, posts: parts, repairs });
                }
                Err(why) => self.report.message_left_out(&progress, &label, &why),
            }
            if posts >= WINDOW {
                self.post(&progress, std::mem::take(&mut window)).await?;
                posts = 0;
            }
        }
        self.post(&progress, window).await?;
        progress.finish();
        Ok(())
    }

    async fn post(&mut self, progress: &Progress, window: Vec<Carried>) -> Result<()> {
        let posts = window.iter().flat_map(|message| message.posts.iter().cloned()).collect();
        let mut posted = self.store.post_all(posts).await?.into_iter();
        for message in window {
            let mut added = false;
            let mut gone = false;
            for posted in posted.by_ref().take(message.posts.len()) {
                added |= posted.as_ref().is_some_and(|posted| !posted.repeat);
                gone |= posted.is_none();
            }
            if gone {
                self.report.message_left_out(progress, &message.label, "its author was deleted meanwhile");
            } else if added {
                self.report.messages.added += 1;
                self.report.repaired(progress, &message.label, &message.repairs);
            } else {
                self.report.messages.there += 1;
            }
        }
        Ok(())
    }
}

/// How a line of the report names a message.
fn label(message: &NodeMessage) -> String {
    match &message.id {
        Some(id) => format!("message {}", named(id)),
        None => format!("message {}", message.place),
    }
}

/// What is posted of a message, and what was replaced in it; or why nothing can be.
fn carry(message: &NodeMessage, author: UserKey, twin: u64) -> std::result::Result<(Vec<Post>, Vec<String>), String> {
    let mut repairs = Vec::new();
    let text = match &message.text {
        NodeValue::Text(text) => text,
        NodeValue::Plain(text) => {
            repairs.push(format!("it was no text, it is {} now", quote(text)));
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
    if !message.dated {
        let sent = shown(&message.sent_time);
        repairs.push(format!("its sentTime is {sent}, it is {} now", message.at.rfc3339()));
    }
    let id = message.id.as_ref().map_or(format!("{twin}"), |id| format!("id {id}"));
    let digest = digest(&SHA256, format!("{id}\n{}\n{text}", message.at.0).as_bytes());
    let client = hex::encode(&digest.as_ref()[..16]);
    let posts = (1..).zip(texts).map(|(part, text)| {
        let client = if part == 1 { client.clone() } else { format!("{client}-{part}") };
        Post { room: RoomId::lobby(), author, client: ClientId::stored(client), text, at: message.at }
    });
    Ok((posts.collect(), repairs))
}

/// The text in parts that are short enough, cut between words where there are any.
fn parts(text: &str) -> Vec<Text> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.char_indices().nth(Text::MAX).map_or(rest.len(), |(end, _)| end);
        let space = rest[..end].rfind(char::is_whitespace).filter(|at| end < rest.len() && *at > end / 2);
        let (part, others) = rest.split_at(space.unwrap_or(end));
        parts.extend(Text::parse(part));
        rest = others.trim_start();
    }
    parts
}

/// Tells messages apart that have no id of their own: same user, same time, same text. They come one after
/// the other, as all of one time do.
#[derive(Default)]
struct Twins {
    at: i64,
    seen: HashMap<[u8; 16], u64>,
}

impl Twins {
    /// How many like this one came before it.
    fn count(&mut self, message: &NodeMessage) -> u64 {
        if self.at != message.at.0 {
            self.at = message.at.0;
            self.seen.clear();
        }
        if message.id.is_some() {
            return 0;
        }
        let digest = digest(&SHA256, format!("{}\n{}", message.user, shown_whole(&message.text)).as_bytes());
        let mut short = [0; 16];
        short.copy_from_slice(&digest.as_ref()[..16]);
        let count = self.seen.entry(short).or_default();
        *count += 1;
        *count - 1
    }
}

fn shown_whole(text: &NodeValue) -> &str {
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
            place: 0,
            sent_time: NodeValue::Missing,
            at: Timestamp(at),
            dated: true,
            text: NodeValue::Text(text.into()),
        }
    }

    fn clients(message: &NodeMessage, twin: u64) -> Vec<String> {
        let (posts, _) = carry(message, UserKey::generate(), twin).unwrap();
        posts.iter().map(|post| post.client.as_str().to_owned()).collect()
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
    fn client_ids_tell_messages_apart_and_repeats_not() {
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
    fn twins_without_an_id_are_both_kept() {
        let mut twins = Twins::default();
        let same = message(None, 1, "x");
        assert_eq!([twins.count(&same), twins.count(&same), twins.count(&message(None, 1, "y"))], [0, 1, 0]);
        assert_eq!(twins.count(&message(None, 2, "x")), 0);
    }
}
