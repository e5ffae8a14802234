//! Appends posts in batches, under the room's next numbers.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use mongodb::{
    bson::{Document, doc},
    error::{ErrorKind, IndexedWriteError, InsertManyError},
};
use tokio::{sync::oneshot, time::sleep};

use super::{jobs::QueuedPost, log_writer::LogWriter};
use crate::{
    domain::RoomId,
    store::{
        Error, Event, Posted, Result,
        mongo::{
            authors::read_authors,
            bson_values::user_key,
            documents::MessageDoc,
            driver::with_timeout_raw,
            head::Head,
            unique_index::{CLIENT_INDEX, DUPLICATE_KEY, ID_INDEX, index_in_message},
        },
        retry,
    },
};

/// The maximum age of a post whose insert is retried.
const APPEND_TIMEOUT: Duration = Duration::from_secs(12);
/// The shortest delay before the outcome of a failed insert is looked up, for example during an election.
const OUTCOME_LOOKUP_DELAY: Duration = Duration::from_millis(200);
/// The delay after a look-up that found nothing: another writer's message has not reached a majority yet.
const MAJORITY_DELAY: Duration = Duration::from_millis(2);

/// Why an insert stopped before its last post. All posts before that point are durable.
enum Stop {
    /// Another process took the next number.
    Collision { rev: i64 },
    /// The next post is already stored.
    Repeat,
    /// The server refused the next post.
    Refused(Error),
    /// The database failed. None, some or all of the posts may be stored.
    Unknown(Error),
}

impl LogWriter {
    /// Appends the posts and answers each. After a collision with another process, returns the posts that are not yet
    /// appended. The caller appends them together with newer posts, so the batches are larger if more processes write.
    pub async fn append(&mut self, room: &RoomId, posts: Vec<QueuedPost>) -> Vec<QueuedPost> {
        let started = Instant::now();
        let mut waiting = merge_repeats(posts);
        metrics::histogram!("natter_commit_writes").record(waiting.len() as f64);
        if let Err(error) = self.fail_without_author(&mut waiting).await {
            fail_all(waiting, &error);
            return Vec::new();
        }
        let mut delays = retry::delays(OUTCOME_LOOKUP_DELAY);
        // once a post may be stored, the error must not be `Busy`, which means that nothing was written
        let mut may_be_stored = false;
        while !waiting.is_empty() {
            let (inserted, stop) = self.insert(room, &waiting).await;
            let posted = waiting.drain(..inserted.len()).zip(inserted).collect();
            self.publish(room, posted).await;
            let timed_out = waiting.front().is_some_and(|queued| queued.queued_at.elapsed() > APPEND_TIMEOUT);
            let resolved = match stop {
                None => Ok(()),
                Some(Stop::Collision { .. } | Stop::Repeat) if timed_out => {
                    Err(Error::Failed("other processes took the next number in every attempt".into()))
                }
                Some(Stop::Collision { rev }) => {
                    metrics::counter!("natter_collisions_total").increment(1);
                    self.wait_for_rev(room, rev).await;
                    return waiting.into();
                }
                Some(Stop::Repeat) => {
                    may_be_stored = true;
                    self.answer_stored(room, &mut waiting, 1).await
                }
                Some(Stop::Refused(error)) => {
                    if let Some(queued) = waiting.pop_front() {
                        queued.fail(&error);
                    }
                    Ok(())
                }
                Some(Stop::Unknown(error)) if timed_out => Err(error),
                Some(Stop::Unknown(error)) => {
                    let retry_in = delays.next().unwrap_or(OUTCOME_LOOKUP_DELAY);
                    let posts = waiting.len();
                    tracing::warn!(room = %room.as_str(), posts, ?retry_in, %error, "insert outcome unknown");
                    may_be_stored |= !matches!(error, Error::Busy);
                    sleep(retry_in).await;
                    self.answer_stored(room, &mut waiting, posts).await
                }
            };
            if let (Err(error), true) = (resolved, timed_out) {
                let error = if may_be_stored { Error::Failed(error.to_string()) } else { error };
                fail_all(std::mem::take(&mut waiting), &error);
            }
        }
        metrics::histogram!("natter_commit_seconds").record(started.elapsed().as_secs_f64());
        Vec::new()
    }

    /// Fails the posts whose author has no account.
    async fn fail_without_author(&self, waiting: &mut VecDeque<QueuedPost>) -> Result<()> {
        let unchecked = waiting.iter().filter(|queued| !queued.author_exists).map(|queued| queued.post.author);
        let authors = read_authors(&self.db.users_now, unchecked).await?;
        waiting.retain_mut(|queued| {
            queued.author_exists |= authors.contains_key(&queued.post.author);
            if !queued.author_exists {
                queued.answers.drain(..).for_each(|answer| drop(answer.send(Err(Error::NotFound))));
            }
            queued.author_exists
        });
        Ok(())
    }

    /// Inserts the posts under the next numbers, in order. Returns the messages of the first posts, which are durable
    /// now, and why the insert stopped after them (`None` if all posts were inserted).
    async fn insert(&mut self, room: &RoomId, waiting: &VecDeque<QueuedPost>) -> (Vec<MessageDoc>, Option<Stop>) {
        let head = match self.head(room).await {
            Ok(head) => head,
            Err(error) => return (Vec::new(), Some(Stop::Unknown(error))),
        };
        let mut documents: Vec<MessageDoc> = (1..)
            .zip(waiting)
            .map(|(n, queued)| queued.document(Head { seq: head.seq + n, rev: head.rev + n }))
            .collect();
        let Err(error) = with_timeout_raw(self.db.messages.insert_many(&documents).ordered(true)).await else {
            self.advance_head(room, documents.len(), documents.len());
            return (documents, None);
        };
        let Some(failed) = failed_write(error.kind.as_ref()) else {
            self.forget_head(room);
            return (Vec::new(), Some(Stop::Unknown(error.into())));
        };
        let stop = if failed.code != DUPLICATE_KEY {
            Stop::Refused(Error::Failed(failed.message.clone()))
        } else if [CLIENT_INDEX, ID_INDEX].contains(&index_in_message(&failed.message)) {
            Stop::Repeat
        } else {
            Stop::Collision { rev: head.rev + 1 + failed.index as i64 }
        };
        documents.truncate(failed.index);
        self.advance_head(room, documents.len(), documents.len());
        (documents, Some(stop))
    }

    /// Looks up which of the first `count` posts are majority-committed, and answers those. The others stay in
    /// `waiting`: they are not stored, or a majority does not have them yet.
    async fn answer_stored(&mut self, room: &RoomId, waiting: &mut VecDeque<QueuedPost>, count: usize) -> Result<()> {
        let clients: Vec<Document> = waiting.iter().take(count).map(QueuedPost::client_filter).collect();
        let found = self.db.find_messages(doc! { "$or": clients }, doc! { "rev": 1 }, count as u32).await?;
        if found.is_empty() {
            sleep(MAJORITY_DELAY).await;
        }
        let authors = read_authors(&self.db.users, found.iter().map(|message| user_key(message.author))).await?;
        let mut own = Vec::new();
        for message in found {
            let Some(index) = waiting.iter().position(|queued| queued.has_client_of(&message)) else { continue };
            let Some(queued) = waiting.remove(index) else { continue };
            if queued.id == message.id {
                own.push((queued, message));
            } else {
                queued.succeed(&Posted { message: message.into_message(&authors), repeat: true });
            }
        }
        self.publish(room, own).await;
        Ok(())
    }

    /// Sends the events of durable posts, and answers the posts. Deletes the messages of authors without an account.
    async fn publish(&mut self, room: &RoomId, posted: Vec<(QueuedPost, MessageDoc)>) {
        if posted.is_empty() {
            return;
        }
        // If an author's account was deleted since it was looked up, the deletion of their messages may have run before
        // this post was stored. If the account still exists here, a later deletion includes this post.
        let keys = posted.iter().map(|(queued, _)| queued.post.author);
        let authors = match read_authors(&self.db.users_now, keys).await {
            Ok(authors) => authors,
            // the posts are durable, but their authors cannot be looked up; if a client repeats a post, it gets the
            // stored message
            Err(error) => {
                let error = Error::from(error);
                self.outbox.send(vec![Event::ExternalWrite]).await;
                return posted.into_iter().for_each(|(queued, _)| queued.fail(&Error::Failed(error.to_string())));
            }
        };
        let changed = posted.iter().map(|(_, document)| document.clone().into_message(&authors));
        self.outbox.send(changed.map(|message| Event::Changed(room.clone(), message)).collect()).await;
        let mut without_author = Vec::new();
        for (queued, document) in posted {
            if authors.contains_key(&user_key(document.author)) {
                queued.succeed(&Posted { message: document.into_message(&authors), repeat: false });
            } else {
                without_author.push(document);
                queued.fail(&Error::NotFound);
            }
        }
        let messages = without_author.len();
        if messages > 0
            && let Err(error) = self.delete(room, without_author).await
        {
            tracing::warn!(room = %room.as_str(), messages, %error, "deletion of a deleted account's messages failed");
        }
    }
}

/// Merges the repeats of a post into one, and drops posts that no caller waits for any more.
fn merge_repeats(posts: Vec<QueuedPost>) -> VecDeque<QueuedPost> {
    let mut waiting: VecDeque<QueuedPost> = VecDeque::with_capacity(posts.len());
    let mut indexes = HashMap::new();
    for queued in posts {
        if queued.answers.iter().all(oneshot::Sender::is_closed) {
            continue;
        }
        let index = *indexes.entry((queued.post.author, queued.post.client.clone())).or_insert(waiting.len());
        match waiting.get_mut(index) {
            Some(first) => first.answers.extend(queued.answers),
            None => waiting.push_back(queued),
        }
    }
    waiting
}

/// The failed write of an ordered insert: all documents before it are durable. `None` if the outcome is unknown.
fn failed_write(kind: &ErrorKind) -> Option<&IndexedWriteError> {
    match kind {
        ErrorKind::InsertMany(InsertManyError { write_errors: Some(errors), write_concern_error: None, .. }) => {
            errors.first()
        }
        _ => None,
    }
}

fn fail_all(waiting: VecDeque<QueuedPost>, error: &Error) {
    waiting.into_iter().for_each(|queued| queued.fail(error));
}
