//! The rooms of this process, and the sockets in them.

use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    grant_check, hub_task::HubTask, live_room::LiveRoom, presence_publisher, registry::Registry, room_state::RoomState,
};
use crate::{
    domain::RoomId,
    net::sync::Arc,
    store::{self, Store},
};

#[derive(Clone)]
pub struct Hub {
    lobby: Arc<LiveRoom>,
    pub registry: Arc<Registry>,
}

impl Hub {
    /// Starts the task that follows the store's events. It ends with the event stream.
    ///
    /// # Errors
    /// The store's error if the head of the log cannot be read.
    ///
    /// # Panics
    /// If another hub already follows the store's events.
    pub async fn start(store: Arc<dyn Store>) -> store::Result<(Self, JoinHandle<()>)> {
        let events = store.events().expect("one hub follows a store");
        let id = RoomId::lobby();
        let latest = store.page(&id, None, 1, None).await?;
        let publisher = store.presence().map(|presence| {
            let (publisher, updates) = mpsc::unbounded_channel();
            tokio::spawn(presence_publisher::run(presence, id.clone(), updates));
            publisher
        });
        let state = Arc::new(RoomState::new(id, Arc::clone(&store), latest.head));
        let (presence, presence_events) = mpsc::unbounded_channel();
        let lobby = Arc::new(LiveRoom::start(Arc::clone(&state), presence));
        let hub = Self { lobby, registry: Arc::default() };
        let grant_check = grant_check::spawn(Arc::clone(&store), Arc::clone(&hub.registry));
        let latest_seq = latest.messages.last().map_or(0, |message| message.seq);
        let task = HubTask::new(state, store, latest_seq, Arc::clone(&hub.registry), publisher, grant_check);
        Ok((hub, tokio::spawn(task.run(events, presence_events))))
    }

    /// The room that every user is in.
    pub fn lobby(&self) -> &Arc<LiveRoom> {
        &self.lobby
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;
    use crate::{
        domain::{ClientId, Email, Name, Phone, Post, Role, Text, Timestamp, UserId, UserKey},
        store::{MessageRetention, NewUser, PasswordHash},
    };

    async fn add(store: &dyn Store, user_id: &str) -> UserKey {
        let user = NewUser {
            user_id: UserId::parse(user_id).unwrap(),
            name: Name::parse(user_id).unwrap(),
            email: Email::parse(&format!("{user_id}@example.org")).unwrap(),
            phone: Phone::default(),
            password: PasswordHash("none".into()),
            role: Some(Role::Admin),
        };
        store.create_user(user).await.unwrap().key
    }

    #[tokio::test]
    async fn the_lag_is_measured_for_posts_only() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _recording = metrics::set_default_local_recorder(&recorder);
        let dir = tempfile::tempdir().unwrap();
        let store = store::open_embedded(dir.path()).unwrap();
        let (_ada, bob) = (add(store.as_ref(), "ada").await, add(store.as_ref(), "bob").await);
        let (hub, _task) = Hub::start(Arc::clone(&store)).await.unwrap();
        for client in ["1", "2"] {
            let (client, text) = (ClientId::parse(client).unwrap(), Text::parse("hello").unwrap());
            let post = Post { room: RoomId::lobby(), author: bob, client, text, at: Timestamp::now() };
            store.post(post).await.unwrap();
        }
        store.delete_user(bob, MessageRetention::Delete).await.unwrap();
        while hub.lobby().head() < 4 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let metrics = recorder.handle().render();
        assert!(metrics.contains("natter_lag_seconds_count 2\n"), "two posts, two deletes: {metrics}");
    }
}
