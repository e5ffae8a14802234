//! Posts: batches of them, under the next numbers.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use mongodb::{
    bson::{Document, doc, oid::ObjectId},
    error::{ErrorKind, IndexedWriteError, InsertManyError},
};
use tokio::time::sleep;

use super::{Answer, Head, Task};
use crate::{
    domain::{Post, RoomId},
    store::{
        Error, Event, Posted, Result,
        mongo::{
            DUPLICATE_KEY,
            documents::{MessageDoc, authors, date, key, user_key},
            index_named,
            migrations::{CLIENT_INDEX, ID_INDEX},
            timed,
        },
    },
};

/// Longest that the outcome of a batch is looked for while the database fails.
const PATIENCE: Duration = Duration::from_secs(12);
/// Wait before the database is asked again after it failed, as while a new primary is elected.
const RETRY: Duration = Duration::from_millis(200);
/// Wait for another writer's message to reach a majority.
const SOON: Duration = Duration::from_millis(2);

/// A post with those who wait for it: more than one where a client sent it again meanwhile.
pub(super) struct QueuedPost {
    /// Made once, so that after an unknown outcome the message is known for this post's own.
    id: ObjectId,
    post: Post,
    answers: Vec<Answer<Posted>>,
    since: Instant,
    /// Whether the author was found to have an account.
    checked: bool,
}

impl QueuedPost {
    pub(super) fn new(post: Post, answer: Answer<Posted>) -> Self {
        Self { id: ObjectId::new(), post, answers: vec![answer], since: Instant::now(), checked: false }
    }

    fn client(&self) -> Document {
        doc! { "author": key(self.post.author), "clientID": self.post.client.as_str() }
    }

    fn is(&self, message: &MessageDoc) -> bool {
        message.author == key(self.post.author) && message.client == self.post.client.as_str()
    }

    fn document(&self, Head { seq, rev }: Head) -> MessageDoc {
        MessageDoc {
            id: self.id,
            room: self.post.room.as_str().to_owned(),
            seq,
            rev,
            revs: vec![rev],
            author: key(self.post.author),
            client: self.post.client.as_str().to_owned(),
            sent_at: date(self.post.at),
            text: Some(self.post.text.as_str().to_owned()),
        }
    }

    fn fail(self, error: &Error) {
        for answer in self.answers {
            let _ = answer.send(Err(error.clone()));
        }
    }
}

/// Why an insert did not take all it was given. What came before is durable.
enum Stop {
    /// The next number is another process's.
    Taken { rev: i64 },
    /// The next post is there already.
    Known,
    /// The server will not have the next post.
    Refused(Error),
    /// The database failed, and none, some or all may be there.
    Unknown(Error),
}

impl Task {
    /// Appends the posts and answers each. Those that another process was faster than are returned, to go
    /// again with what was posted meanwhile: the more processes there are, the larger grow the batches.
    pub(super) async fn append(&mut self, room: &RoomId, posts: Vec<QueuedPost>) -> Vec<QueuedPost> {
        let started = Instant::now();
        let mut waiting = gather(posts);
        metrics::histogram!("natter_commit_writes").record(waiting.len() as f64);
        let unchecked = waiting.iter().filter(|entry| !entry.checked).map(|entry| entry.post.author);
        match authors(&self.db.users_now, unchecked).await {
            Ok(there) => waiting.retain_mut(|entry| {
                entry.checked |= there.contains_key(&entry.post.author);
                if !entry.checked {
                    entry.answers.drain(..).for_each(|answer| drop(answer.send(Err(Error::NotFound))));
                }
                entry.checked
            }),
            Err(error) => {
                fail_all(waiting, &error.into());
                return Vec::new();
            }
        }
        // once something may be there, that the database is gone is no longer the whole truth
        let mut doubt = false;
        while !waiting.is_empty() {
            let (done, stop) = self.insert(room, &waiting).await;
            let posted = waiting.drain(..done.len()).zip(done).collect();
            self.publish(room, posted).await;
            let late = waiting.front().is_some_and(|entry| entry.since.elapsed() > PATIENCE);
            let resolved = match stop {
                None => Ok(()),
                Some(Stop::Taken { .. } | Stop::Known) if late => Err(Error::Failed("others were always first".into())),
                Some(Stop::Taken { rev }) => {
                    metrics::counter!("natter_collisions_total").increment(1);
                    self.wait_past(room, rev).await;
                    return waiting.into();
                }
                Some(Stop::Known) => {
                    doubt = true; // it is there
                    self.find_known(room, &mut waiting, 1).await
                }
                Some(Stop::Refused(error)) => {
                    if let Some(entry) = waiting.pop_front() {
                        entry.fail(&error);
                    }
                    Ok(())
                }
                Some(Stop::Unknown(error)) if late => Err(error),
                Some(Stop::Unknown(error)) => {
                    tracing::warn!(%error, "an insert has an unknown outcome; looking what is there");
                    doubt |= !matches!(error, Error::Busy);
                    sleep(RETRY).await;
                    let all = waiting.len();
                    self.find_known(room, &mut waiting, all).await
                }
            };
            if let (Err(error), true) = (resolved, late) {
                let error = if doubt { Error::Failed(error.to_string()) } else { error };
                fail_all(std::mem::take(&mut waiting), &error);
            }
        }
        metrics::histogram!("natter_commit_seconds").record(started.elapsed().as_secs_f64());
        Vec::new()
    }

    /// Inserts the posts under the next numbers, in order. Returns those that are durable now, the first
    /// of all, and why it stopped there.
    async fn insert(&mut self, room: &RoomId, waiting: &VecDeque<QueuedPost>) -> (Vec<MessageDoc>, Option<Stop>) {
        let head = match self.head(room).await {
            Ok(head) => head,
            Err(error) => return (Vec::new(), Some(Stop::Unknown(error))),
        };
        let mut documents: Vec<MessageDoc> = (1..)
            .zip(waiting)
            .map(|(n, entry)| entry.document(Head { seq: head.seq + n, rev: head.rev + n }))
            .collect();
        let Err(error) = timed(self.db.messages.insert_many(&documents).ordered(true)).await else {
            self.advance(room, documents.len(), documents.len());
            return (documents, None);
        };
        let Some(failed) = refusal(error.kind.as_ref()) else {
            self.heads.remove(room);
            return (Vec::new(), Some(Stop::Unknown(error.into())));
        };
        let stop = if failed.code != DUPLICATE_KEY {
            Stop::Refused(Error::Failed(failed.message.clone()))
        } else if [CLIENT_INDEX, ID_INDEX].contains(&index_named(&failed.message)) {
            Stop::Known
        } else {
            Stop::Taken { rev: head.rev + 1 + failed.index as i64 }
        };
        documents.truncate(failed.index);
        self.advance(room, documents.len(), documents.len());
        (documents, Some(stop))
    }

    /// Looks which of the first `count` posts are there for good, and answers those. The others stay: they
    /// are not there, or not with a majority yet.
    async fn find_known(&mut self, room: &RoomId, waiting: &mut VecDeque<QueuedPost>, count: usize) -> Result<()> {
        let clients: Vec<Document> = waiting.iter().take(count).map(QueuedPost::client).collect();
        let found = self.db.find(doc! { "$or": clients }, doc! { "rev": 1 }, count as u32).await?;
        if found.is_empty() {
            sleep(SOON).await;
        }
        let authors = authors(&self.db.users, found.iter().map(|message| user_key(message.author))).await?;
        let mut own = Vec::new();
        for message in found {
            let Some(at) = waiting.iter().position(|entry| entry.is(&message)) else { continue };
            let Some(entry) = waiting.remove(at) else { continue };
            if entry.id == message.id {
                own.push((entry, message));
            } else {
                answer(entry.answers, &Posted { message: message.into_message(&authors), repeat: true });
            }
        }
        self.publish(room, own).await;
        Ok(())
    }

    /// Tells of posts that are durable, and answers them.
    async fn publish(&mut self, room: &RoomId, posted: Vec<(QueuedPost, MessageDoc)>) {
        if posted.is_empty() {
            return;
        }
        // An account that was deleted since it was looked up may have had its messages deleted before this
        // one came. Who still has an account now will have this one deleted too, if it comes to that.
        let keys = posted.iter().map(|(entry, _)| entry.post.author);
        let now = match authors(&self.db.users_now, keys).await {
            Ok(now) => now,
            // they are durable, but nobody can be told what their authors are called; a repeat will tell
            Err(error) => {
                let error = Error::from(error);
                self.outbox.send(vec![Event::ExternalWrite]).await;
                return posted.into_iter().for_each(|(entry, _)| entry.fail(&Error::Failed(error.to_string())));
            }
        };
        let changed = posted.iter().map(|(_, document)| document.clone().into_message(&now));
        self.outbox.send(changed.map(|message| Event::Changed(room.clone(), message)).collect()).await;
        let mut orphans = Vec::new();
        for (entry, document) in posted {
            if now.contains_key(&user_key(document.author)) {
                answer(entry.answers, &Posted { message: document.into_message(&now), repeat: false });
            } else {
                orphans.push(document);
                entry.fail(&Error::NotFound);
            }
        }
        if !orphans.is_empty()
            && let Err(error) = self.erase(room, orphans).await
        {
            tracing::warn!(%error, "messages of an account deleted meanwhile stay under \"deleted user\"");
        }
    }
}

/// Brings repeats that wait side by side together, and drops posts that nobody waits for any more.
fn gather(posts: Vec<QueuedPost>) -> VecDeque<QueuedPost> {
    let mut waiting: VecDeque<QueuedPost> = VecDeque::with_capacity(posts.len());
    let mut places = HashMap::new();
    for entry in posts {
        if entry.answers.iter().all(Answer::is_closed) {
            continue;
        }
        let place = *places.entry((entry.post.author, entry.post.client.clone())).or_insert(waiting.len());
        match waiting.get_mut(place) {
            Some(first) => first.answers.extend(entry.answers),
            None => waiting.push_back(entry),
        }
    }
    waiting
}

/// The one error of an ordered insert where its outcome is known: what came before is durable.
fn refusal(kind: &ErrorKind) -> Option<&IndexedWriteError> {
    match kind {
        ErrorKind::InsertMany(InsertManyError { write_errors: Some(errors), write_concern_error: None, .. }) => {
            errors.first()
        }
        _ => None,
    }
}

/// The first gets the answer, the others that it is a repeat.
fn answer(answers: Vec<Answer<Posted>>, posted: &Posted) {
    for (n, answer) in answers.into_iter().enumerate() {
        let _ = answer.send(Ok(Posted { repeat: posted.repeat || n > 0, ..posted.clone() }));
    }
}

fn fail_all(waiting: VecDeque<QueuedPost>, error: &Error) {
    waiting.into_iter().for_each(|entry| entry.fail(error));
}
