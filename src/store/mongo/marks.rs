//! Read marks.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use mongodb::bson::{Bson, Document, doc};
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::{
    sync::{Notify, mpsc},
    time::timeout,
};

use super::{
    bson_values::bson_int, causal::CausalSession, collections::Collections, driver::with_timeout,
    everyone::write_failure, heads::MAX_ROOMS, room_documents::MemberDoc, room_effects::member_id,
    room_queries::lasting,
};
use crate::{
    domain::{MessageId, ReadMark, Reading, RoomId, UserKey},
    store::{Error, Result},
};

/// The maximum number of posts that wait for their authors' marks.
const QUEUE_LENGTH: usize = 4096;
/// The maximum wait for the mark of an author.
const MOVE_TIMEOUT: Duration = Duration::from_secs(2);
/// The maximum number of marks in one command.
const BATCH: usize = 500;

/// The filter for a membership whose mark is still this one.
fn unchanged(member: &MemberDoc) -> Document {
    // null matches a missing field
    let present = |field: Option<i64>| field.map_or(Bson::Null, Bson::from);
    let id = doc! { "room": &member.id.room, "user": member.id.user };
    lasting(doc! { "_id": id, "readSeq": present(member.read_seq), "readVersion": present(member.read_version) })
}

fn set_mark(mark: ReadMark) -> Document {
    doc! { "$set": { "readSeq": bson_int(mark.seq), "readVersion": bson_int(mark.version) } }
}

impl Collections {
    /// Replaces the mark of a membership; `false` if it was changed since it was read.
    pub async fn replace_mark(&self, member: &MemberDoc, mark: ReadMark, session: &mut CausalSession) -> Result<bool> {
        let replace = self.memberships.update_one(unchanged(member), set_mark(mark)).session(&mut **session);
        Ok(with_timeout(replace).await?.matched_count == 1)
    }

    /// Moves the marks to the ends of their rooms. A mark that another call changes meanwhile stays as that left it.
    pub async fn read_to_end(&self, members: Vec<MemberDoc>, session: &mut CausalSession) -> Result<()> {
        #[derive(Deserialize)]
        struct End {
            #[serde(rename = "_id")]
            room: String,
            seq: i64,
        }
        for members in members.chunks(MAX_ROOMS) {
            let rooms: Vec<RoomId> = members.iter().map(|member| RoomId::named(&member.id.room)).collect();
            let last = doc! { "seq": { "$first": "$seq" } };
            let ends: Vec<End> = self.latest(&rooms, doc! {}, "seq", last, session).await?;
            let ends: HashMap<String, i64> = ends.into_iter().map(|end| (end.room, end.seq)).collect();
            let update = |member: &MemberDoc| -> Option<Bson> {
                let end = *ends.get(&member.id.room)? as u64;
                let mark = member.mark().apply(Reading::Read { seq: end, version: None }, end);
                (mark != member.mark()).then(|| doc! { "q": unchanged(member), "u": set_mark(mark) }.into())
            };
            self.update_marks(members.iter().filter_map(update).collect()).await?;
        }
        Ok(())
    }

    async fn update_marks(&self, updates: Vec<Bson>) -> Result<()> {
        if updates.is_empty() {
            return Ok(());
        }
        let command = doc! {
            "update": self.memberships.name(), "updates": updates, "writeConcern": { "w": "majority", "j": true },
        };
        let mut session = self.reads().await?;
        let reply = with_timeout(self.database.run_command(command).session(&mut *session)).await?;
        match write_failure(&reply) {
            Some(failure) => Err(Error::Failed(format!("read marks could not be written: {failure}"))),
            None => Ok(()),
        }
    }
}

/// Moves the marks of authors whose own message is the next one after them. The acknowledgement of a message does not
/// wait for it, and nothing is lost if it fails: one's own messages are never unread.
pub struct OwnPosts {
    queue: mpsc::Sender<(MessageId, UserKey)>,
    pending: Arc<Pending>,
}

/// The numbers of messages whose authors' marks are not moved yet.
#[derive(Default)]
struct Pending {
    authors: Mutex<HashMap<UserKey, usize>>,
    changed: Notify,
}

impl Pending {
    fn remove(&self, authors: impl IntoIterator<Item = UserKey>) {
        let mut pending = self.authors.lock();
        for author in authors {
            if let Entry::Occupied(mut count) = pending.entry(author) {
                *count.get_mut() -= 1;
                if *count.get() == 0 {
                    count.remove();
                }
            }
        }
        drop(pending);
        self.changed.notify_waiters();
    }
}

impl OwnPosts {
    pub fn start(db: Collections) -> Self {
        let (queue, mut posts) = mpsc::channel(QUEUE_LENGTH);
        let pending = Arc::<Pending>::default();
        let moved = Arc::clone(&pending);
        tokio::spawn(async move {
            let mut posted: Vec<(MessageId, UserKey)> = Vec::new();
            while posts.recv_many(&mut posted, BATCH).await > 0 {
                let updates = posted.iter().map(|(id, author)| after_own_post(id, *author)).collect();
                if let Err(error) = db.update_marks(updates).await {
                    tracing::debug!(%error, "read marks not moved after own messages");
                }
                moved.remove(posted.drain(..).map(|(_, author)| author));
            }
        });
        Self { queue, pending }
    }

    /// Announces a committed message.
    pub fn posted(&self, id: &MessageId, author: UserKey) {
        *self.pending.authors.lock().entry(author).or_default() += 1;
        if self.queue.try_send((id.clone(), author)).is_err() {
            self.pending.remove([author]); // the queue is full, and the mark stays where it is
        }
    }

    /// Waits until the author's mark has followed the messages that this process has committed.
    pub async fn moved(&self, author: UserKey) {
        let moved = async {
            loop {
                let changed = self.pending.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable(); // before the check, so that no change in between is missed
                if !self.pending.authors.lock().contains_key(&author) {
                    return;
                }
                changed.await;
            }
        };
        let _ = timeout(MOVE_TIMEOUT, moved).await;
    }
}

/// [`ReadMark::after_own_post`] as a statement: it matches only a mark that is right before the message. By `postedSeq`,
/// the readers of the change stream know that nothing but this moved the mark.
fn after_own_post(MessageId { room, seq }: &MessageId, author: UserKey) -> Bson {
    let before = match seq - 1 {
        0 => doc! { "$in": [0_i64, Bson::Null] },
        before => doc! { "$eq": bson_int(before) },
    };
    let right_before = lasting(doc! { "_id": member_id(room, author), "readSeq": before });
    doc! { "q": right_before, "u": { "$set": { "readSeq": bson_int(*seq), "postedSeq": bson_int(*seq) } } }.into()
}
