//! The database commands that the rooms' writers share, each for all rooms at once.

use std::sync::Arc;

use futures_util::FutureExt;
use mongodb::{
    bson::Bson,
    error::{ErrorKind, InsertManyError},
};
use tokio::sync::{mpsc, oneshot};

use super::group::Group;
use crate::{
    domain::UserKey,
    store::{
        Error, Result,
        mongo::{
            authors::{Accounts, read_accounts},
            collections::Collections,
            driver::with_timeout_raw,
            log_documents::MessageDoc,
            marks::OwnPosts,
            statements::{Failure, Ran, Statements},
            unique_index::{DUPLICATE_KEY, index_in_message},
        },
    },
};

/// The maximum number of posts in one insert. It limits how long the first waits for the last one.
const MAX_POSTS: usize = 512;
/// The maximum number of statements in one update, which is one document: it must stay below 16 MB.
const MAX_STATEMENTS: usize = 250;

pub struct Commands {
    inserts: Group<MessageDoc>,
    updates: Group<Bson>,
    accounts: AccountLookup,
    pub own_posts: OwnPosts,
}

impl Commands {
    pub fn start(db: &Collections) -> Self {
        let (inserting, updating) = (db.clone(), db.clone());
        Self {
            inserts: Group::start(MAX_POSTS, move |documents| insert(inserting.clone(), documents).boxed()),
            updates: Group::start(MAX_STATEMENTS, move |statements| update(updating.clone(), statements).boxed()),
            accounts: AccountLookup::start(db.clone()),
            own_posts: OwnPosts::start(db.clone()),
        }
    }

    /// Inserts posts in order, and waits until a majority has them.
    pub async fn insert(&self, documents: Vec<MessageDoc>) -> Ran {
        self.inserts.run(documents).await
    }

    /// Runs statements in order, and waits until a majority has them.
    pub async fn update(&self, statements: Statements) -> Ran {
        self.updates.run(statements.into_inner()).await
    }

    /// The accounts that exist now, with their names.
    pub async fn accounts(&self, keys: impl IntoIterator<Item = UserKey>) -> Result<Arc<Accounts>> {
        self.accounts.read(keys.into_iter().collect()).await
    }
}

async fn insert(db: Collections, documents: Vec<MessageDoc>) -> (Vec<MessageDoc>, Ran) {
    let mut session = match db.reads().await {
        Ok(session) => session,
        Err(error) => return (documents, Ran::Unknown(error)),
    };
    let insert = db.messages.insert_many(&documents).ordered(true).session(&mut *session);
    let ran = match with_timeout_raw(insert).await {
        Ok(_) => Ran::All,
        Err(error) => inserted_until(error.kind.as_ref()).unwrap_or_else(|| Ran::Unknown(error.into())),
    };
    (documents, ran)
}

/// The failed write of an ordered insert: all documents before it are durable. `None` if the outcome is unknown.
fn inserted_until(kind: &ErrorKind) -> Option<Ran> {
    let ErrorKind::InsertMany(InsertManyError { write_errors: Some(errors), write_concern_error: None, .. }) = kind
    else {
        return None;
    };
    let failed = errors.first()?;
    let failure = match failed.code {
        DUPLICATE_KEY => Failure::Taken(index_in_message(&failed.message).to_owned()),
        _ => Failure::Refused(failed.message.clone()),
    };
    Some(Ran::Until { index: failed.index, failure })
}

async fn update(db: Collections, statements: Vec<Bson>) -> (Vec<Bson>, Ran) {
    match db.reads().await {
        Ok(mut session) => {
            let ran = Statements::new(statements.clone()).run(&db, &mut session).await;
            (statements, ran)
        }
        Err(error) => (statements, Ran::Unknown(error)),
    }
}

/// Looks up accounts, those of several rooms at once.
struct AccountLookup(mpsc::UnboundedSender<Request>);

/// The keys, and where the found accounts are sent.
type Request = (Vec<UserKey>, oneshot::Sender<Result<Arc<Accounts>>>);

impl AccountLookup {
    fn start(db: Collections) -> Self {
        let (requests, mut queue) = mpsc::unbounded_channel::<Request>();
        tokio::spawn(async move {
            while let Some(first) = queue.recv().await {
                let mut requests = vec![first];
                while let Ok(next) = queue.try_recv() {
                    requests.push(next);
                }
                let keys = requests.iter().flat_map(|(keys, _)| keys.iter().copied());
                let found = read_accounts(&db.users_now, keys).await.map(Arc::new).map_err(Error::from);
                for (_, answer) in requests {
                    let _ = answer.send(found.clone());
                }
            }
        });
        Self(requests)
    }

    async fn read(&self, keys: Vec<UserKey>) -> Result<Arc<Accounts>> {
        if keys.is_empty() {
            return Ok(Arc::default());
        }
        let (answer, answered) = oneshot::channel();
        let closed = || Error::Failed("closed".into());
        self.0.send((keys, answer)).map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}
