//! The live part of this process: its open rooms, its open sockets, and who is online.

use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    hub_task::{HubTask, Observer, OtherProcesses},
    listener::Listener,
    presence::{Presence, PresenceEvent, PresenceGuard},
    presence_publisher,
    recheck::Recheck,
    registry::Registry,
    rendered_roster::RenderedRoster,
    rooms::Rooms,
    seen, sidebar,
    subscriber::Subscriber,
    subscription::{Reader, Subscription},
    typing,
};
use crate::{
    domain::{RoomId, User, UserKey},
    net::{Connection, sync::Arc},
    render::TextCache,
    store::{self, Access, Database},
};

#[derive(Clone)]
pub struct Hub {
    rooms: Arc<Rooms>,
    pub registry: Arc<Registry>,
    presence: mpsc::UnboundedSender<PresenceEvent>,
}

/// The tasks of a hub that are stopped before the store is closed.
pub struct HubTasks {
    hub: JoinHandle<()>,
    /// It ends after that one.
    seen: JoinHandle<()>,
}

impl HubTasks {
    /// Stops following the store's events, and records in the store until when users were here.
    pub async fn stop(self) {
        self.hub.abort();
        let _ = self.seen.await;
    }
}

impl Hub {
    /// Starts the tasks that follow the store's events and the sockets. `observer` sees the events of each commit too.
    ///
    /// # Panics
    /// If another hub already follows the store's events.
    pub fn start(store: Arc<dyn Database>, observer: Observer) -> (Self, HubTasks) {
        let events = store.events().expect("one hub follows a store");
        let others = store.presence().map(|presence| {
            let (online, online_queue) = mpsc::unbounded_channel();
            tokio::spawn(presence_publisher::run(Arc::clone(&presence), online_queue));
            let (typing, typing_queue) = mpsc::unbounded_channel();
            tokio::spawn(typing::report(presence, typing_queue));
            OtherProcesses { online, typing }
        });
        let (seen, seen_queue) = mpsc::unbounded_channel();
        let seen_task = tokio::spawn(seen::record(Arc::clone(&store), seen_queue));
        let (updates, update_queue) = mpsc::unbounded_channel();
        let rooms = Rooms::new(store, updates);
        tokio::spawn(sidebar::run(Arc::downgrade(&rooms), update_queue));
        let registry = Arc::<Registry>::default();
        let (presence, presence_events) = mpsc::unbounded_channel();
        let (online, online_queue) = mpsc::unbounded_channel();
        let recheck = Recheck { rooms: Arc::clone(&rooms), registry: Arc::clone(&registry), online }.spawn();
        let task = HubTask::new(Arc::clone(&rooms), Arc::clone(&registry), others, recheck, seen, observer);
        let tasks = HubTasks { hub: tokio::spawn(task.run(events, presence_events, online_queue)), seen: seen_task };
        (Self { rooms, registry, presence }, tasks)
    }

    /// A socket of the user, for its subscriptions.
    pub fn subscriber(&self, user: UserKey, connection: Arc<Connection>) -> Arc<Subscriber> {
        Subscriber::new(self.rooms.fanout.new_id(), user, connection)
    }

    /// The latest `rev` of the room that is known here. To be asked before a right to read the room is read from the
    /// store, which is then verified up to that number.
    pub fn known(&self, room: &RoomId) -> u64 {
        self.rooms.get(room).map_or(0, |room| room.known())
    }

    /// Subscribes a socket to all changes of the room after the `rev` `after`, or from now on. `known`: what
    /// [`Hub::known`] returned before `access` was read.
    ///
    /// # Errors
    /// The store's error if it does not answer.
    pub async fn subscribe(
        &self,
        access: &Access,
        known: u64,
        subscriber: &Arc<Subscriber>,
        reader: Reader,
        after: Option<u64>,
    ) -> store::Result<Subscription> {
        Subscription::new(&self.rooms, access, known, subscriber, reader, after).await
    }

    /// A subscription to no room.
    pub fn without_room(&self, subscriber: &Arc<Subscriber>, reader: Reader) -> Subscription {
        Subscription::without_room(&self.rooms, subscriber, reader)
    }

    /// Lets a page's socket listen to the rooms of its user.
    pub fn listen(&self, subscriber: &Arc<Subscriber>) -> Listener {
        Listener::new(&self.rooms, subscriber)
    }

    /// Counts a socket of `user` as online until the guard is dropped. `returning`: the client was connected before and
    /// lost the connection, which is not announced as an entrance.
    pub fn enter(&self, user: &User, returning: bool) -> PresenceGuard {
        PresenceGuard::new(self.presence.clone(), user.key, user.name.as_str(), returning)
    }

    /// Reports to the sockets of the room that the user types.
    pub fn typing(&self, access: &Access) {
        let _ = self.presence.send(PresenceEvent::Typing { room: access.room().clone(), user: access.user() });
    }

    /// The presence of each of the users, in their order.
    pub fn presence_of(&self, users: &[UserKey]) -> Vec<Presence> {
        self.rooms.presence.of(users)
    }

    /// The users who are online or idle, at any process, in any order.
    pub fn online(&self) -> Vec<(UserKey, Presence)> {
        self.rooms.presence.online()
    }

    /// The rendered texts of messages.
    pub fn texts(&self) -> &TextCache {
        &self.rooms.texts
    }

    /// The names of the users online, as the lobby shows them.
    pub fn roster(&self) -> Arc<RenderedRoster> {
        self.rooms.roster.get()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;
    use crate::{
        domain::{Action, ClientId, Command, Email, Emoji, Name, Phone, Role, RoomId, Text, UserId},
        store::{MessageRetention, NewUser, PasswordHash},
    };

    pub async fn add(store: &dyn Database, user_id: &str) -> User {
        let user = NewUser {
            user_id: UserId::parse(user_id).unwrap(),
            name: Name::parse(user_id).unwrap(),
            email: Email::parse(&format!("{user_id}@example.org")).unwrap(),
            phone: Phone::default(),
            password: PasswordHash("none".into()),
            role: Some(Role::Admin),
            entry: None,
        };
        store.create_user(user).await.unwrap()
    }

    #[tokio::test]
    async fn the_lag_is_measured_for_posts_only() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _recording = metrics::set_default_local_recorder(&recorder);
        let dir = tempfile::tempdir().unwrap();
        let store = store::open_embedded(dir.path()).unwrap();
        let (_ada, bob) = (add(store.as_ref(), "ada").await, add(store.as_ref(), "bob").await);
        let (hub, _task) = Hub::start(Arc::clone(&store), Box::new(|_| {}));
        let access = store.access(&bob, &RoomId::lobby()).await.unwrap();
        let lobby = hub.rooms.open(access.room()).await.unwrap();
        for client in ["1", "2"] {
            let (client, text) = (ClientId::parse(client).unwrap(), Text::parse("hello").unwrap());
            store.change(&access, Command::post(client, text)).await.unwrap();
        }
        let edit = Action::Edit { seq: 1, text_rev: 1, text: Text::parse("edited").unwrap() };
        let reaction = Action::React { seq: 2, emoji: Emoji::parse("👍").unwrap() };
        for action in [edit, reaction] {
            store.change(&access, Command::new(action)).await.unwrap();
        }
        store.delete_user(bob.key, MessageRetention::Delete).await.unwrap();
        while lobby.0.head() < 6 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let metrics = recorder.handle().render();
        assert!(metrics.contains("natter_lag_seconds_count 2\n"), "two posts, and four other changes: {metrics}");
    }

    #[tokio::test]
    async fn a_text_that_is_edited_where_nobody_reads_is_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let store = store::open_embedded(dir.path()).unwrap();
        let ada = add(store.as_ref(), "ada").await;
        let (hub, _task) = Hub::start(Arc::clone(&store), Box::new(|_| {}));
        let access = store.access(&ada, &RoomId::lobby()).await.unwrap();
        let (client, text) = (ClientId::parse("1").unwrap(), Text::parse("*secret*").unwrap());
        store.change(&access, Command::post(client, text)).await.unwrap();
        let message = store.message(&access, 1).await.unwrap().unwrap();
        let is_kept = || {
            let [one, other] = [0; 2].map(|_| hub.texts().text(&message).unwrap());
            std::sync::Arc::ptr_eq(&one, &other)
        };
        assert!(is_kept());
        let edit = Action::Edit { seq: 1, text_rev: 1, text: Text::parse("edited").unwrap() };
        store.change(&access, Command::new(edit)).await.unwrap();
        while is_kept() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
