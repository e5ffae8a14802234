//! A running natter.

use std::{net::SocketAddr, num::NonZeroU32, sync::Arc, time::Duration};

use backon::Retryable;
use secrecy::SecretString;
use tokio::{sync::oneshot, task::JoinHandle, time::timeout};

use super::{
    config::{Config, DataArgs, Signup},
    data_dir::{lock, make_private_dir},
    listeners::Listeners,
    ops,
    roles::{Endpoint, ServerRole},
    secret,
    start_error::StartError,
    sweep,
};
use crate::{
    net::retry::backoff,
    room::hub::Hub,
    search::{Finder, Shared},
    security::{limits::RateLimits, login::LoginService, passwords::Passwords, tokens::Tokens},
    store::{self, Database, Location, Store},
    web::{AppState, SharedSites, Sites, state::Settings},
};

/// First and longest delay before the server opens a database again that did not answer.
const REOPEN_DELAYS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// Longest wait at the stop until it is recorded who was here.
const RECORD_TIMEOUT: Duration = Duration::from_secs(5);

pub struct Server {
    endpoints: Vec<Endpoint>,
    sites: SharedSites,
    is_new: bool,
    state: AppState,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts all parts. Returns when the listeners accept connections.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let location = config.data.location();
        let is_shared = matches!(location, Location::Mongo(_));
        config.roles.check(is_shared, config.public_url.as_ref())?;
        let lock = match &location {
            Location::Embedded(dir) => {
                make_private_dir(dir).map_err(|source| StartError::data_dir(dir, source))?;
                Some(lock(dir)?)
            }
            Location::Mongo(_) => None, // several processes may share it
        };
        let store_error = |source| StartError::Store { location: location.clone(), source };
        let database = open(&location).await.map_err(store_error)?;
        let secret = match config.access_token_secret.clone() {
            Some(secret) => secret,
            None => load_or_generate_secret(database.as_ref(), &config.data).await?,
        };
        let listeners = Listeners::bind(&config).await?;
        let endpoints = listeners.endpoints.clone();
        let sites = Arc::new(config.roles.sites(&endpoints, config.public_url.as_ref()));

        ops::recorder();
        let serves_chat = config.roles.serves(ServerRole::Chat);
        let shared = Arc::<Shared>::default();
        let noted = Arc::clone(&shared);
        let live =
            serves_chat.then(|| Hub::start(Arc::clone(&database), Box::new(move |events| noted.dirty.note(events))));
        let (hub, hub_tasks) = live.unzip();
        let (finder, feed_task) = match serves_chat {
            true => {
                let dir = &config.data.data_dir;
                if let Err(error) = make_private_dir(dir) {
                    // with MongoDB nothing else is in it
                    tracing::warn!(dir = %dir.display(), %error, "no directory for the search index: nothing is found");
                }
                Some(Finder::start(Arc::clone(&database), config.data.search_index(), shared)).unzip()
            }
            false => (None, None),
        };
        let passwords = Passwords::new(config.data.bcrypt_cost);
        passwords.set_highest_cost(database.highest_hash_cost().await.map_err(store_error)?);
        let store: Arc<dyn Store> = database.clone();
        let logins = LoginService {
            store: Arc::clone(&store),
            passwords: Arc::new(passwords),
            tokens: Arc::new(Tokens::new(&secret)),
            limits: Arc::new(RateLimits::new(config.limits())),
        };
        let settings = Settings {
            signup_open: config.signup == Signup::Open,
            sites: Arc::clone(&sites),
            proxies: config.proxies,
            language: config.language.fixed(),
            metrics_token: config.metrics_token.clone(),
            user_sockets: NonZeroU32::new(config.user_sockets),
            rooms: config.rooms(),
            files: config.files(),
        };
        let state = AppState::new(store, logins, hub, finder, settings);
        let is_new = state.store.users_after(None, 1).await.map_err(store_error)?.is_empty();
        let (stop, stopped) = oneshot::channel();
        let served = state.clone();
        let task = tokio::spawn(async move {
            let sweep_task = tokio::spawn(sweep::run(served.clone(), Arc::clone(&database)));
            listeners.run(&config, &served, async { drop(stopped.await) }).await;
            sweep_task.abort();
            if let Some(feed_task) = feed_task {
                feed_task.abort();
            }
            if let Some(hub_tasks) = hub_tasks
                && timeout(RECORD_TIMEOUT, hub_tasks.stop()).await.is_err()
            {
                tracing::warn!("last seen not recorded at the stop");
            }
            database.close().await;
            drop(lock);
        });
        Ok(Self { endpoints, sites, is_new, state, stop, task })
    }

    /// The address of the chat server, or of another server if this process does not run the chat server.
    pub fn address(&self) -> SocketAddr {
        Listeners::address(&self.endpoints, ServerRole::Chat).unwrap_or_else(|| self.endpoints[0].address)
    }

    /// The address on which this process runs `role`, if it does.
    pub fn address_of(&self, role: ServerRole) -> Option<SocketAddr> {
        Listeners::address(&self.endpoints, role)
    }

    /// The public addresses of the three servers.
    pub fn sites(&self) -> &Sites {
        &self.sites
    }

    /// Whether there were no accounts when the server started: the first user to sign up becomes the admin.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Makes `/readyz` fail, so that load balancers send people elsewhere. All other requests are served as before.
    pub fn announce_stop(&self) {
        self.state.drain();
    }

    /// Stops accepting connections, closes the sockets with "restart", finishes the commits, and closes the database.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

/// Opens the database. Retries while a MongoDB does not answer, because after a power cut all servers start at once.
async fn open(location: &Location) -> store::Result<Arc<dyn Database>> {
    let mut is_first = true;
    let [first, longest] = REOPEN_DELAYS;
    (|| store::open(location))
        .retry(backoff(first, longest))
        .when(|error| matches!(error, store::Error::Busy))
        .notify(|_, _| {
            if std::mem::take(&mut is_first) {
                eprintln!("natter: {location} does not answer; trying again until it does");
            }
        })
        .await
}

/// The generated secret: from the database if processes share it, else from the data directory.
async fn load_or_generate_secret(store: &dyn Database, data: &DataArgs) -> Result<SecretString, StartError> {
    let fresh = secret::generate().map_err(StartError::Secret)?;
    let shared = store.shared_secret(&fresh).await;
    match shared.map_err(|source| StartError::Store { location: data.location(), source })? {
        Some(shared) => Ok(shared.into()),
        None => secret::load_or_generate(&data.data_dir).map_err(|source| StartError::data_dir(&data.data_dir, source)),
    }
}
