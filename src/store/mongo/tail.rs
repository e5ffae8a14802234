//! The commits of other processes, from the database's change stream.
//!
//! The stream also reports this process's own commits; those that the outbox has already sent are dropped. If the
//! stream fails or is silent, it is resumed after the last change. If it cannot be resumed there,
//! [`Event::ExternalWrite`] makes the readers read the log again. No error ends the task: without it, the process would
//! still look healthy but would not show the messages of other processes.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use mongodb::{
    bson::{self, Bson, Document, doc},
    change_stream::{
        ChangeStream,
        event::{ChangeStreamEvent, OperationType, ResumeToken},
    },
    error::ErrorKind,
};
use tokio::time::{sleep, timeout};

use super::{
    authors::{read_authors, with_names},
    bson_values::{token_id, user_key},
    collections::Collections,
    driver::with_timeout_raw,
    log_documents::{ChangeDoc, MessageDoc},
    outbox::{Outbox, Seen},
    presence::presence_event,
    room_documents::MemberId,
    typing::{reports_of_others, typing_event},
};
use crate::{
    domain::{Name, RoomId, UserKey},
    store::{Event, retry},
};

type Change = ChangeStreamEvent<Document>;

/// The shortest delay before the stream is opened again.
const REOPEN_DELAY: Duration = Duration::from_millis(250);
/// The maximum time that the server holds a request for changes while there are none.
const MAX_AWAIT: Duration = Duration::from_secs(1);
/// The maximum time without an answer of the server, which answers within [`MAX_AWAIT`] even if there are no changes.
/// After it the stream is opened again. A timeout is necessary: a suspended server, or a firewall that drops the
/// connection, sends no reset, and the driver monitors servers on other connections.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(5);
/// The server's error codes for its own shutdown. The server does not label them as resumable.
const SHUTDOWN_CODES: [i32; 2] = [91, 11600];
/// The maximum number of changes in one batch of events.
const MAX_BATCH: usize = 500;

/// Follows the database until the task is aborted.
pub async fn follow(db: Collections, outbox: Arc<Outbox>, process: bson::Uuid) {
    let mut resume: Option<ResumeToken> = None;
    for delay in retry::delays(REOPEN_DELAY) {
        match open(&db, process, resume.clone()).await {
            Ok(stream) => {
                if resume.is_none() {
                    resume = stream.resume_token();
                    outbox.lose_place();
                    // the readers read the changes that were committed before the stream started
                    outbox.send(vec![Event::ExternalWrite]).await;
                }
                read(stream, &db, &outbox, &mut resume).await;
            }
            Err(error) => {
                tracing::warn!(retry_in = ?delay, error = %error.kind, "change stream open failed");
                drop_unusable(&mut resume, &error);
            }
        }
        sleep(delay).await;
    }
}

/// Drops the resume token if a stream that resumes there would fail again, because the oplog no longer contains that
/// point or because the next change cannot be read.
fn drop_unusable(resume: &mut Option<ResumeToken>, error: &mongodb::error::Error) {
    let is_resumable = match error.kind.as_ref() {
        ErrorKind::Io(_) | ErrorKind::ServerSelection { .. } | ErrorKind::ConnectionPoolCleared { .. } => true,
        ErrorKind::Command(command) if SHUTDOWN_CODES.contains(&command.code) => true,
        _ => error.contains_label("ResumableChangeStreamError"),
    };
    if !is_resumable && resume.take().is_some() {
        tracing::warn!(error = %error.kind, "change stream not resumable");
    }
}

async fn open(
    db: &Collections,
    process: bson::Uuid,
    resume: Option<ResumeToken>,
) -> mongodb::error::Result<ChangeStream<Change>> {
    let relevant = doc! { "$match": { "$or": [
        // updates of the log derive states, and deletions trim it: neither is a change
        { "ns.coll": db.log.name(), "operationType": { "$in": ["insert", "drop", "rename"] } },
        // who is here is recorded each minute
        {
            "ns.coll": db.users.name(), "operationType": { "$ne": "insert" },
            "updateDescription.updatedFields.lastSeen": { "$exists": false },
        },
        { "ns.coll": db.revoked.name(), "operationType": "insert" },
        { "ns.coll": db.presence.name() },
        // a mark that follows its user's own message is no event
        { "ns.coll": db.memberships.name(), "updateDescription.updatedFields.postedSeq": { "$exists": false } },
        reports_of_others(db, process),
        { "operationType": { "$in": ["dropDatabase", "invalidate"] } },
    ] } };
    let watch = db.database.watch().pipeline([relevant]);
    with_timeout_raw(watch.max_await_time(MAX_AWAIT).resume_after(resume)).await
}

/// Reads until the stream ends, fails or is silent. Then the stream is dropped, and with it any request of the driver.
/// `resume` points after the last change that was sent, so no later change is missed.
async fn read(mut stream: ChangeStream<Change>, db: &Collections, outbox: &Outbox, resume: &mut Option<ResumeToken>) {
    loop {
        let Ok(mut next) = timeout(SILENCE_TIMEOUT, stream.next_if_any()).await else {
            return tracing::warn!(timeout = ?SILENCE_TIMEOUT, "change stream silent");
        };
        let mut changes = Vec::new();
        let failure = loop {
            match next {
                Ok(Some(change)) => {
                    if let Some(time) = change.cluster_time {
                        db.clock.advance(time);
                    }
                    changes.push(change);
                }
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
            // reads the changes that have already arrived; if this starts a request, the next call continues it
            let more = if changes.len() < MAX_BATCH { stream.next_if_any().now_or_never() } else { None };
            match more {
                Some(more) => next = more,
                None => break None,
            }
        };
        outbox.send(events(changes, db, outbox).await).await;
        if let Some(error) = failure {
            tracing::warn!(error = %error.kind, "change stream failed");
            *resume = stream.resume_token().or(resume.take()); // after the changes that were just sent
            return drop_unusable(resume, &error);
        }
        // even if there was no change, because the oplog may drop an old point
        *resume = stream.resume_token();
        if !stream.is_alive() {
            *resume = None; // invalidated: the stream cannot be resumed
            return;
        }
    }
}

/// The events of the changes, without those that were already sent.
async fn events(changes: Vec<Change>, db: &Collections, outbox: &Outbox) -> Vec<Event> {
    let mut observed: Vec<Observed> = changes.into_iter().flat_map(|change| decode(change, db)).collect();
    observed.retain(|change| {
        let (room, seen) = match change {
            Observed::Event(_) => return true,
            Observed::Message(message) => (message.room(), seen_message(message)),
            Observed::Change(change) => {
                let seen = Seen { head: change.head(), is_plain: false, author_texts: None };
                (RoomId::named(&change.key.room), seen)
            }
        };
        let rev = seen.head.rev;
        outbox.record_seen(&room, seen);
        outbox.is_unsent(&room, rev)
    });
    let posted = observed.iter().filter_map(|change| match change {
        Observed::Message(message) => Some(message),
        Observed::Event(_) | Observed::Change(_) => None,
    });
    let keys: Vec<UserKey> = posted.flat_map(|message| message.named_users()).collect();
    // without the names, readers read the messages from the log
    let authors = read_authors(&db.users, keys).await.ok();
    let event = |change| match (change, &authors) {
        (Observed::Event(event), _) => event,
        (Observed::Change(change), _) => {
            Event::Advanced { room: RoomId::named(&change.key.room), rev: change.key.rev as u64 }
        }
        // the root of the thread is to be read too
        (Observed::Message(message), Some(authors)) if message.root.is_none() => Event::Changed {
            message: Box::new(with_names(message.into_message(), authors)),
            root: None,
            reaction: None,
        },
        (Observed::Message(message), _) => Event::Advanced { room: message.room(), rev: message.key.rev as u64 },
    };
    observed.into_iter().map(event).collect()
}

fn seen_message(message: &MessageDoc) -> Seen {
    Seen {
        head: message.head(),
        is_plain: message.is_plain(),
        author_texts: Some((user_key(message.author), message.author_texts as u64)),
    }
}

/// An event, a new message whose author is not yet looked up, or a change of a message, which is to be read.
enum Observed {
    Message(Box<MessageDoc>),
    Change(Box<ChangeDoc>),
    Event(Event),
}

fn decode(change: Change, db: &Collections) -> Vec<Observed> {
    let collection = change.ns.and_then(|ns| ns.coll).unwrap_or_default();
    let id = change.document_key.as_ref().and_then(|document| document.get("_id"));
    if collection == db.typing.name() {
        return change.full_document.and_then(typing_event).into_iter().map(Observed::Event).collect();
    }
    if collection == db.log.name()
        && matches!(change.operation_type, OperationType::Insert)
        && let Some(document) = change.full_document
    {
        return log_document(document).into_iter().collect();
    }
    let updated = change.update_description.map(|update| update.updated_fields);
    let event = match collection.as_str() {
        name if name == db.presence.name() => {
            presence_event(id, &change.operation_type, change.full_document.or(updated.clone()).as_ref())
        }
        name if name == db.memberships.name() => membership_event(id),
        _ => None,
    };
    if let Some(event) = event {
        return vec![Observed::Event(event)];
    }
    let uuid = id.and_then(|id| bson::deserialize_from_bson::<bson::Uuid>(id.clone()).ok());
    let events = match (collection.as_str(), change.operation_type, uuid) {
        (name, OperationType::Update, Some(uuid)) if name == db.users.name() => {
            let key = user_key(uuid);
            let fields = updated.unwrap_or_default();
            let renamed = fields.get_str("name").ok().map(|name| Name::stored(name.to_owned()));
            let renamed = renamed.map(|name| Event::UserChanged { key, name });
            let version = fields.get("version").and_then(|v| v.as_i64().or_else(|| v.as_i32().map(i64::from)));
            let revoked = version.map(|version| Event::UserRevoked { key, version });
            renamed.into_iter().chain(revoked).collect()
        }
        (name, OperationType::Delete, Some(uuid)) if name == db.users.name() => {
            vec![Event::UserRevoked { key: user_key(uuid), version: i64::MAX }]
        }
        (name, OperationType::Insert, Some(uuid)) if name == db.revoked.name() => {
            vec![Event::TokenRevoked(token_id(uuid))]
        }
        // natter makes no such change; an operator or the restore of a backup does
        _ => vec![Event::ExternalWrite],
    };
    events.into_iter().map(Observed::Event).collect()
}

/// The event of any change of a membership. `None`: the collection as a whole was changed.
fn membership_event(id: Option<&Bson>) -> Option<Event> {
    let MemberId { room, user } = bson::deserialize_from_bson(id?.clone()).ok()?;
    Some(Event::MembershipChanged { room: RoomId::named(&room), user: user_key(user) })
}

/// A document that was inserted into the log. `None` of the document with a room's floor.
fn log_document(document: Document) -> Option<Observed> {
    let observed = if document.contains_key("of") {
        bson::deserialize_from_document(document).map(Box::new).map(Observed::Change)
    } else if document.contains_key("seq") {
        bson::deserialize_from_document(document).map(Box::new).map(Observed::Message)
    } else {
        return None;
    };
    Some(observed.unwrap_or(Observed::Event(Event::ExternalWrite)))
}
