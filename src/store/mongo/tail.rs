//! What other processes commit, from the database's change stream.
//!
//! The stream tells of this process's own commits too; the outbox knows what went out already. Where the
//! stream breaks or falls silent it is resumed behind the last event; where that point is gone,
//! [`Event::ExternalWrite`] makes the reader look for itself. No error ends the task: a chat that is deaf to others
//! must not look alive.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use mongodb::{
    bson::{self, Document, doc},
    change_stream::{
        ChangeStream,
        event::{ChangeStreamEvent, OperationType, ResumeToken},
    },
    error::ErrorKind,
    options::FullDocumentType,
};
use tokio::time::{sleep, timeout};

use super::{
    Db,
    documents::{MessageDoc, authors, user_key},
    outbox::Outbox,
    presence, timed,
};
use crate::{
    domain::{Name, RoomId, TokenId},
    store::Event,
};

type Change = ChangeStreamEvent<Document>;

/// Wait before the stream is opened again.
const RETRY: Duration = Duration::from_millis(250);
/// Longest the server keeps a request for changes when there are none.
const AWAIT: Duration = Duration::from_secs(1);
/// A server that has not even said that there is nothing for so long is taken for gone. A stopped process or a
/// connection that a firewall forgot sends no reset, and the driver looks after servers by other connections.
const SILENCE: Duration = Duration::from_secs(5);
/// The server's codes for its own shutdown, which it does not label as passing.
const GOING: [i32; 2] = [91, 11600];
/// Most changes told of at once.
const BATCH: usize = 500;

/// Follows the database until the task is aborted.
pub async fn follow(db: Db, outbox: Arc<Outbox>) {
    let mut resume: Option<ResumeToken> = None;
    loop {
        match open(&db, resume.clone()).await {
            Ok(stream) => {
                if resume.is_none() {
                    resume = stream.resume_token();
                    // what was committed before the stream began
                    outbox.send(vec![Event::ExternalWrite]).await;
                }
                read(stream, &db, &outbox, &mut resume).await;
            }
            Err(error) => {
                tracing::warn!(error = %error.kind, "the change stream cannot be opened");
                give_up(&mut resume, &error);
            }
        }
        sleep(RETRY).await;
    }
}

/// Gives the place in the stream up where asking again would be answered the same: the oplog no longer has it,
/// or it leads to what cannot be read.
fn give_up(resume: &mut Option<ResumeToken>, error: &mongodb::error::Error) {
    let passing = match error.kind.as_ref() {
        ErrorKind::Io(_) | ErrorKind::ServerSelection { .. } | ErrorKind::ConnectionPoolCleared { .. } => true,
        ErrorKind::Command(command) if GOING.contains(&command.code) => true,
        _ => error.contains_label("ResumableChangeStreamError"),
    };
    if !passing && resume.take().is_some() {
        tracing::warn!("what others did is read from the log, as the change stream lost its place");
    }
}

async fn open(db: &Db, resume: Option<ResumeToken>) -> mongodb::error::Result<ChangeStream<Change>> {
    let told = doc! { "$match": { "$or": [
        { "ns.coll": db.messages.name() },
        { "ns.coll": db.users.name(), "operationType": { "$ne": "insert" } },
        { "ns.coll": db.revoked.name(), "operationType": "insert" },
        { "ns.coll": db.presence.name() },
        { "operationType": { "$in": ["dropDatabase", "invalidate"] } },
    ] } };
    let watch = db.database.watch().pipeline([told]).full_document(FullDocumentType::UpdateLookup);
    timed(watch.max_await_time(AWAIT).resume_after(resume)).await
}

/// Reads until the stream ends, breaks or falls silent. It is dropped then, and with it whatever the driver had
/// under way: `resume` stands behind the last change that was told, and nothing behind it is missed.
async fn read(mut stream: ChangeStream<Change>, db: &Db, outbox: &Outbox, resume: &mut Option<ResumeToken>) {
    loop {
        let Ok(mut next) = timeout(SILENCE, stream.next_if_any()).await else {
            return tracing::warn!("the change stream is silent; opening it anew");
        };
        let mut changes = Vec::new();
        let broken = loop {
            match next {
                Ok(Some(change)) => changes.push(change),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
            // what else is here already; a request that this starts goes on with the next call
            let more = if changes.len() < BATCH { stream.next_if_any().now_or_never() } else { None };
            match more {
                Some(more) => next = more,
                None => break None,
            }
        };
        outbox.send(events(changes, db, outbox).await).await;
        if let Some(error) = broken {
            tracing::warn!(error = %error.kind, "the change stream broke");
            *resume = stream.resume_token().or(resume.take()); // behind what has just been told
            return give_up(resume, &error);
        }
        // without a change, too: the point where a quiet database was left must not fall out of the oplog
        *resume = stream.resume_token();
        if !stream.is_alive() {
            *resume = None; // invalidated: it cannot be resumed
            return;
        }
    }
}

/// What the changes mean, leaving out what went out already.
async fn events(changes: Vec<Change>, db: &Db, outbox: &Outbox) -> Vec<Event> {
    let mut told: Vec<Told> = changes.into_iter().flat_map(|change| tell(change, db)).collect();
    told.retain(|told| match told {
        Told::Message(message) => {
            outbox.note(message);
            outbox.is_news(&RoomId::named(&message.room), message.rev as u64)
        }
        Told::Event(_) => true,
    });
    let keys = told.iter().filter_map(|told| match told {
        Told::Message(message) => Some(user_key(message.author)),
        Told::Event(_) => None,
    });
    let Ok(authors) = authors(&db.users, keys).await else {
        // the messages can be read again from the log; what else happened cannot
        let others = told.into_iter().filter_map(|told| match told {
            Told::Event(event) => Some(event),
            Told::Message(_) => None,
        });
        return others.chain([Event::ExternalWrite]).collect();
    };
    told.into_iter()
        .map(|told| match told {
            Told::Message(message) => Event::Changed(RoomId::named(&message.room), message.into_message(&authors)),
            Told::Event(event) => event,
        })
        .collect()
}

/// A change that is to be told; messages still lack their author's names.
enum Told {
    Message(MessageDoc),
    Event(Event),
}

fn tell(change: Change, db: &Db) -> Vec<Told> {
    let collection = change.ns.and_then(|ns| ns.coll).unwrap_or_default();
    let key = change.document_key.as_ref().and_then(|document| document.get("_id"));
    if collection == db.presence.name()
        && let Some(told) = presence::told(key, &change.operation_type, change.full_document.as_ref())
    {
        return told.into_iter().map(Told::Event).collect();
    }
    let uuid = key.and_then(|id| bson::deserialize_from_bson::<bson::Uuid>(id.clone()).ok()).map(user_key);
    let events = match (collection.as_str(), change.operation_type, uuid) {
        (name, OperationType::Insert | OperationType::Update, _) if name == db.messages.name() => {
            let message = change.full_document.and_then(|found| bson::deserialize_from_document(found).ok());
            return vec![message.map_or(Told::Event(Event::ExternalWrite), Told::Message)];
        }
        (name, OperationType::Update, Some(key)) if name == db.users.name() => {
            let fields = change.update_description.map(|update| update.updated_fields).unwrap_or_default();
            let renamed = fields.get_str("name").ok().map(|name| Name::stored(name.to_owned()));
            let renamed = renamed.map(|name| Event::UserChanged { key, name });
            let version = fields.get("version").and_then(|v| v.as_i64().or_else(|| v.as_i32().map(i64::from)));
            let revoked = version.map(|version| Event::UserRevoked { key, version });
            renamed.into_iter().chain(revoked).collect()
        }
        (name, OperationType::Delete, Some(key)) if name == db.users.name() => {
            vec![Event::UserRevoked { key, version: i64::MAX }]
        }
        (name, OperationType::Insert, Some(id)) if name == db.revoked.name() => {
            vec![Event::TokenRevoked(TokenId(id.0))]
        }
        // nothing natter does: an operator's hand, or a restored backup
        _ => vec![Event::ExternalWrite],
    };
    events.into_iter().map(Told::Event).collect()
}
