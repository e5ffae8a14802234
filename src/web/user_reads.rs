//! How many GET and HEAD requests of one user are handled at a time.
//!
//! One user's requests must not take everybody's time. Those beyond the limit wait, within the time limit of requests.
//! Requests that change something are not counted: they have rates ([`crate::security::limits`]), and an upload may take
//! minutes. A WebSocket is not either: its number is limited, and a user's reads must not keep the user's pages offline.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use axum::{extract::Request, middleware::Next, response::Response};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::UserKey;

/// The most of them. A browser sends six at a time, and more behind a proxy with HTTP/2.
pub const MAX_READS: usize = 8;

/// The requests that are handled or wait, by user.
#[derive(Clone, Default)]
pub struct UserReads(Arc<Mutex<HashMap<UserKey, Reads>>>);

struct Reads {
    count: usize,
    permits: Arc<Semaphore>,
}

impl UserReads {
    async fn begin(&self, user: UserKey) -> ReadInProgress {
        let counted = {
            let mut users = self.0.lock();
            let new = || Reads { count: 0, permits: Arc::new(Semaphore::new(MAX_READS)) };
            let reads = users.entry(user).or_insert_with(new);
            reads.count += 1;
            CountedRead { user, permits: Arc::clone(&reads.permits), reads: self.clone() }
        };
        let permit = Arc::clone(&counted.permits).acquire_owned().await.ok(); // the semaphore is never closed
        ReadInProgress { _permit: permit, _counted: counted }
    }
}

/// A request that is being handled, until it is dropped.
struct ReadInProgress {
    _permit: Option<OwnedSemaphorePermit>,
    _counted: CountedRead,
}

/// A request that is counted, also while it waits.
struct CountedRead {
    user: UserKey,
    permits: Arc<Semaphore>,
    reads: UserReads,
}

impl Drop for CountedRead {
    fn drop(&mut self) {
        let mut users = self.reads.0.lock();
        if let Some(reads) = users.get_mut(&self.user) {
            reads.count -= 1;
            if reads.count == 0 {
                users.remove(&self.user);
            }
        }
    }
}

/// An extension of each GET and HEAD request. The extractors fill it once they know the user.
#[derive(Clone, Default)]
pub struct ReadSlot(Arc<OnceLock<ReadInProgress>>);

impl ReadSlot {
    /// Waits until the request of `user` may be handled. A second call for the same request returns at once.
    pub async fn begin(&self, reads: &UserReads, user: UserKey) {
        if self.0.get().is_none() {
            let _ = self.0.set(reads.begin(user).await); // the parts of a request are extracted one after the other
        }
    }
}

/// The path of WebSockets.
const SOCKET: &str = "/ws";

/// Limits a request until its response begins. The rest of a response only waits for the client.
pub async fn limit(mut request: Request, next: Next) -> Response {
    let slot = ReadSlot::default();
    if request.method().is_safe() && request.uri().path() != SOCKET {
        request.extensions_mut().insert(slot.clone());
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn reads_beyond_the_limit_wait_and_those_of_others_do_not() {
        let (reads, ada, bob) = (UserReads::default(), UserKey::generate(), UserKey::generate());
        let slots: Vec<_> = (0..=MAX_READS).map(|_| ReadSlot::default()).collect();
        let (last, first) = slots.split_last().unwrap();
        for slot in first {
            slot.begin(&reads, ada).await;
            slot.begin(&reads, ada).await; // the same request
        }
        let waits = async |slot: &ReadSlot| timeout(Duration::from_millis(50), slot.begin(&reads, ada)).await.is_err();
        assert!(waits(last).await);
        ReadSlot::default().begin(&reads, bob).await;
        drop(slots);
        assert!(!waits(&ReadSlot::default()).await);
        assert!(reads.0.lock().is_empty(), "memory does not grow with the number of users seen");
    }
}
