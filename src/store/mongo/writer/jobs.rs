//! The jobs of the writer task.

use std::time::Instant;

use mongodb::bson::{Document, doc, oid::ObjectId};
use tokio::sync::oneshot;

use crate::{
    domain::{Post, RoomId, UserKey},
    store::{
        Error, Posted, Result,
        mongo::{
            bson_values::{bson_date, bson_uuid},
            documents::MessageDoc,
            head::Head,
        },
    },
};

pub type Answer<T> = oneshot::Sender<Result<T>>;

pub enum Job {
    Post(Post, Answer<Posted>),
    Delete(Deletion),
    Stop(oneshot::Sender<()>),
}

/// Deletes every message of an author, some at a time, so that posts can be written in between.
pub struct Deletion {
    pub room: RoomId,
    pub author: UserKey,
    pub answer: Answer<()>,
}

/// A post in the queue. It has several answers if the client sent it again before it was stored.
pub struct QueuedPost {
    /// Made once, so that after an unknown outcome a stored message is recognised as this post's own.
    pub id: ObjectId,
    pub post: Post,
    pub answers: Vec<Answer<Posted>>,
    pub queued_at: Instant,
    /// Whether the author was found to have an account.
    pub author_exists: bool,
}

impl QueuedPost {
    pub fn new(post: Post, answer: Answer<Posted>) -> Self {
        Self { id: ObjectId::new(), post, answers: vec![answer], queued_at: Instant::now(), author_exists: false }
    }

    /// The filter for a stored message with this author and client id.
    pub fn client_filter(&self) -> Document {
        doc! { "author": bson_uuid(self.post.author), "clientID": self.post.client.as_str() }
    }

    pub fn has_client_of(&self, message: &MessageDoc) -> bool {
        message.author == bson_uuid(self.post.author) && message.client == self.post.client.as_str()
    }

    pub fn document(&self, Head { seq, rev }: Head) -> MessageDoc {
        MessageDoc {
            id: self.id,
            room: self.post.room.as_str().to_owned(),
            seq,
            rev,
            revs: vec![rev],
            author: bson_uuid(self.post.author),
            client: self.post.client.as_str().to_owned(),
            sent_at: bson_date(self.post.at),
            text: Some(self.post.text.as_str().to_owned()),
        }
    }

    /// Answers with the stored message. Every answer after the first is a repeat.
    pub fn succeed(self, posted: &Posted) {
        for (n, answer) in self.answers.into_iter().enumerate() {
            let _ = answer.send(Ok(Posted { repeat: posted.repeat || n > 0, ..posted.clone() }));
        }
    }

    pub fn fail(self, error: &Error) {
        for answer in self.answers {
            let _ = answer.send(Err(error.clone()));
        }
    }
}
