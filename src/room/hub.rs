//! The rooms of this process, and the sockets in them.

use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    grant_check, hub_task::HubTask, live_room::LiveRoom, presence_publisher, registry::Registry, room_state::RoomState,
};
use crate::{
    domain::RoomId,
    net::sync::Arc,
    store::{self, Database},
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
    pub async fn start(store: Arc<dyn Database>) -> store::Result<(Self, JoinHandle<()>)> {
        let events = store.events().expect("one hub follows a store");
        let id = RoomId::lobby();
        let head = store.head(&id).await?;
        let publisher = store.presence().map(|presence| {
            let (publisher, updates) = mpsc::unbounded_channel();
            tokio::spawn(presence_publisher::run(presence, id.clone(), updates));
            publisher
        });
        let state = Arc::new(RoomState::new(id, Arc::clone(&store), head));
        let (presence, presence_events) = mpsc::unbounded_channel();
        let lobby = Arc::new(LiveRoom::start(Arc::clone(&state), presence));
        let hub = Self { lobby, registry: Arc::default() };
        let grant_check = grant_check::spawn(Arc::clone(&store), Arc::clone(&hub.registry));
        let task = HubTask::new(state, store, Arc::clone(&hub.registry), publisher, grant_check);
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
        domain::{Action, ClientId, Command, Email, Emoji, Name, Phone, Role, Text, User, UserId},
        store::{MessageRetention, NewUser, PasswordHash},
    };

    async fn add(store: &dyn Database, user_id: &str) -> User {
        let user = NewUser {
            user_id: UserId::parse(user_id).unwrap(),
            name: Name::parse(user_id).unwrap(),
            email: Email::parse(&format!("{user_id}@example.org")).unwrap(),
            phone: Phone::default(),
            password: PasswordHash("none".into()),
            role: Some(Role::Admin),
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
        let (hub, _task) = Hub::start(Arc::clone(&store)).await.unwrap();
        let access = store.access(&bob, &RoomId::lobby()).await.unwrap();
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
        while hub.lobby().head() < 6 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let metrics = recorder.handle().render();
        assert!(metrics.contains("natter_lag_seconds_count 2\n"), "two posts, and four other changes: {metrics}");
    }
}
