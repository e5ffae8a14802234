//! Records in the store until when users were here: soon after they come and when they leave, and each minute meanwhile, so
//! that it is known after a crash, too.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use crate::{
    domain::{Timestamp, UserKey},
    net::sync::Arc,
    store::Database,
};

/// Shortest time between two writes.
const RECORD_INTERVAL: Duration = Duration::from_secs(2);
/// Time between two writes for a user who stays.
const STAY_INTERVAL: Duration = Duration::from_secs(60);
/// Most users in one write.
const MAX_BATCH: usize = 500;

/// A user's first socket at this process opened, or the last one closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Here(UserKey),
    Left(UserKey),
}

struct Recorder {
    store: Arc<dyn Database>,
    here: HashSet<UserKey>,
    /// Seen since the last attempt to write.
    seen: HashSet<UserKey>,
    /// Not written yet, because the store does not answer.
    unrecorded: HashMap<UserKey, Timestamp>,
}

/// Records the users that come until the sender is dropped. A write that fails is tried again with the next.
pub(super) async fn record(store: Arc<dyn Database>, mut events: mpsc::UnboundedReceiver<Seen>) {
    let mut recorder = Recorder { store, here: HashSet::new(), seen: HashSet::new(), unrecorded: HashMap::new() };
    let [mut due, mut stay] = [RECORD_INTERVAL, STAY_INTERVAL].map(interval);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    stay.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(event) => recorder.apply(event),
                None => break,
            },
            _ = stay.tick() => recorder.seen.extend(&recorder.here),
            _ = due.tick(), if recorder.has_unrecorded() => recorder.write().await,
        }
    }
    recorder.seen.extend(&recorder.here);
    recorder.write().await;
}

impl Recorder {
    fn apply(&mut self, event: Seen) {
        let (Seen::Here(user) | Seen::Left(user)) = event;
        match event {
            Seen::Here(_) => self.here.insert(user),
            Seen::Left(_) => self.here.remove(&user),
        };
        self.seen.insert(user);
    }

    fn has_unrecorded(&self) -> bool {
        !self.seen.is_empty() || !self.unrecorded.is_empty()
    }

    async fn write(&mut self) {
        let now = Timestamp::now();
        self.unrecorded.extend(self.seen.drain().map(|user| (user, now)));
        let mut by_time = BTreeMap::<i64, Vec<UserKey>>::new();
        self.unrecorded.iter().for_each(|(user, at)| by_time.entry(at.0).or_default().push(*user));
        for (at, users) in by_time {
            for users in users.chunks(MAX_BATCH) {
                if let Err(error) = self.store.record_seen(users, Timestamp(at)).await {
                    return tracing::warn!(users = self.unrecorded.len(), %error, "last seen not recorded");
                }
                for user in users {
                    self.unrecorded.remove(user);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        task::JoinHandle,
        time::{Instant, sleep},
    };

    use super::*;
    use crate::{
        domain::{Email, Name, Phone, UserId},
        store::{self, NewUser, PasswordHash},
    };

    async fn user(store: &dyn Database) -> UserKey {
        let user = NewUser {
            user_id: UserId::parse("ada").unwrap(),
            name: Name::parse("Ada").unwrap(),
            email: Email::parse("ada@example.org").unwrap(),
            phone: Phone::default(),
            password: PasswordHash("none".into()),
            role: None,
            entry: None,
        };
        store.create_user(user).await.unwrap().key
    }

    async fn last_seen(store: &dyn Database, user: UserKey) -> Option<Timestamp> {
        store.last_seen(&[user]).await.unwrap()[0]
    }

    /// A user who is here, and the recorder's task. It ends when the sender is dropped.
    async fn recording(store: &Arc<dyn Database>) -> (UserKey, mpsc::UnboundedSender<Seen>, JoinHandle<()>) {
        let user = user(store.as_ref()).await;
        let (events, queue) = mpsc::unbounded_channel();
        let task = tokio::spawn(record(Arc::clone(store), queue));
        events.send(Seen::Here(user)).unwrap();
        (user, events, task)
    }

    #[tokio::test]
    async fn who_is_here_is_recorded_before_they_leave() {
        let directory = tempfile::tempdir().unwrap();
        let store = store::open_embedded(directory.path()).unwrap();
        let (user, _events, _task) = recording(&store).await;
        let started = Instant::now();
        while last_seen(store.as_ref(), user).await.is_none() {
            assert!(started.elapsed() < 5 * RECORD_INTERVAL, "it would be unknown after a crash");
            sleep(RECORD_INTERVAL / 20).await;
        }
    }

    #[tokio::test]
    async fn who_is_here_at_the_end_was_seen_until_then() {
        let directory = tempfile::tempdir().unwrap();
        let store = store::open_embedded(directory.path()).unwrap();
        let (user, events, task) = recording(&store).await;
        sleep(Duration::from_millis(50)).await;
        let stopped = Timestamp::now();
        drop(events);
        task.await.unwrap();
        assert!(last_seen(store.as_ref(), user).await >= Some(stopped));
    }
}
