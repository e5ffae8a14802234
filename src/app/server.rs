//! A running natter.

use std::{
    fs::{self, DirBuilder, File},
    io,
    net::SocketAddr,
    num::NonZeroU32,
    os::unix::fs::DirBuilderExt,
    path::Path,
    sync::Arc,
    time::Duration,
};

use secrecy::SecretString;
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{interval, sleep},
};

use super::{
    config::{Config, DataArgs, Signup},
    listeners::Listeners,
    ops,
    roles::{Endpoint, RolesError, ServerRole},
    secret,
};
use crate::{
    domain::Timestamp,
    room::hub::Hub,
    security::{limits::RateLimits, login::Logins, passwords::Passwords, tokens::Tokens},
    store::{self, Location, Store},
    web::{AppState, SharedSites, Sites, state::Settings},
};

/// How often what has expired is forgotten.
const SWEEP: Duration = Duration::from_secs(60);
/// Wait before a database that does not answer is tried again.
const REOPEN: Duration = Duration::from_secs(2);

/// Why natter cannot start, in one line that names the way out.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the data directory {path} cannot be used ({source}); make it writable, or name another with --data-dir")]
    DataDir { path: String, source: io::Error },
    #[error("another natter runs on {0}; stop it, or name another directory with --data-dir")]
    InUse(String),
    #[error("the address {address} cannot be listened on ({source}); name another with {flag}")]
    Listen { address: SocketAddr, flag: &'static str, source: io::Error },
    #[error(transparent)]
    Roles(#[from] RolesError),
    #[error("{location} cannot be opened: {source}")]
    Store { location: Location, source: store::Error },
    #[error("no secret can be generated ({0}); set ACCESS_TOKEN_SECRET")]
    Secret(io::Error),
}

pub struct Server {
    endpoints: Vec<Endpoint>,
    sites: SharedSites,
    is_new: bool,
    state: AppState,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts everything and returns once it answers.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let location = config.data.location();
        let shared = matches!(location, Location::Mongo(_));
        config.roles.check(shared, config.public_url.as_ref())?;
        let lock = match &location {
            Location::Embedded(dir) => {
                make_private_dir(dir).map_err(|source| unusable(dir, source))?;
                Some(lock(dir)?)
            }
            Location::Mongo(_) => None, // made to be shared
        };
        let broken = |source| StartError::Store { location: location.clone(), source };
        let store = open(&location).await.map_err(broken)?;
        let secret = match config.access_token_secret.clone() {
            Some(secret) => secret,
            None => make_secret(store.as_ref(), &config.data).await?,
        };
        let listeners = Listeners::bind(&config).await?;
        let endpoints = listeners.endpoints.clone();
        let sites = Arc::new(config.roles.sites(&endpoints, config.public_url.as_ref()));

        ops::recorder();
        let (hub, following) = Hub::start(Arc::clone(&store)).await.map_err(broken)?;
        let passwords = Passwords::new(config.data.bcrypt_cost);
        passwords.set_highest_cost(store.highest_hash_cost().await.map_err(broken)?);
        let logins = Logins {
            store: Arc::clone(&store),
            passwords: Arc::new(passwords),
            tokens: Arc::new(Tokens::new(&secret)),
            limits: Arc::new(RateLimits::new(config.limits())),
        };
        let settings = Settings {
            signup_open: config.signup == Signup::Open,
            sites: Arc::clone(&sites),
            language: config.language.language(),
            proxies: config.proxies,
            metrics_token: config.metrics_token.clone(),
            user_sockets: NonZeroU32::new(config.user_sockets),
        };
        let state = AppState::new(store, logins, hub, settings);
        let is_new = state.store.users_after(None, 1).await.map_err(broken)?.is_empty();
        let (stop, stopped) = oneshot::channel();
        let served = state.clone();
        let task = tokio::spawn(async move {
            let sweeping = tokio::spawn(sweep(served.clone()));
            listeners.run(&config, &served, async { drop(stopped.await) }).await;
            sweeping.abort();
            following.abort();
            served.store.close().await;
            drop(lock);
        });
        Ok(Self { endpoints, sites, is_new, state, stop, task })
    }

    /// Where the chat listens, or whatever else does if the chat is not served here.
    pub fn address(&self) -> SocketAddr {
        Listeners::address(&self.endpoints, ServerRole::Chat).unwrap_or_else(|| self.endpoints[0].address)
    }

    /// Where `role` listens, if this process serves it.
    pub fn address_of(&self, role: ServerRole) -> Option<SocketAddr> {
        Listeners::address(&self.endpoints, role)
    }

    /// Where people find the three servers.
    pub fn sites(&self) -> &Sites {
        &self.sites
    }

    /// Whether nobody had an account when it started: the first to sign up becomes the admin.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Has `/readyz` say that a stop is near, so that balancers send people elsewhere. All else is served as before.
    pub fn announce_stop(&self) {
        self.state.drain();
    }

    /// Stops in good order: no new connections, sockets told to come back, commits finished.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

async fn sweep(state: AppState) {
    let mut ticks = interval(SWEEP);
    loop {
        ticks.tick().await;
        state.logins.limits.sweep();
        ops::recorder().run_upkeep();
        if let Err(error) = state.store.sweep(Timestamp::now()).await {
            tracing::warn!(%error, "what has expired could not be removed");
        }
        match state.store.highest_hash_cost().await {
            Ok(dearest) => state.logins.passwords.set_highest_cost(dearest),
            Err(error) => tracing::warn!(%error, "the highest cost of the passwords could not be read"),
        }
    }
}

/// Opens the database; waits for a MongoDB that does not answer yet, as after a power cut, when all start
/// at once.
async fn open(location: &Location) -> store::Result<Arc<dyn Store>> {
    let mut told = false;
    loop {
        match store::open(location).await {
            Err(store::Error::Busy) => {
                if !told {
                    eprintln!("natter: {location} does not answer; trying again until it does");
                    told = true;
                }
                sleep(REOPEN).await;
            }
            opened => return opened,
        }
    }
}

/// The generated secret: in the database where that is shared, else in the data directory.
async fn make_secret(store: &dyn Store, data: &DataArgs) -> Result<SecretString, StartError> {
    let fresh = secret::generate().map_err(StartError::Secret)?;
    let shared = store.shared_secret(&fresh).await;
    match shared.map_err(|source| StartError::Store { location: data.location(), source })? {
        Some(shared) => Ok(shared.into()),
        None => secret::load_or_make(&data.data_dir).map_err(|source| unusable(&data.data_dir, source)),
    }
}

fn unusable(dir: &Path, source: io::Error) -> StartError {
    StartError::DataDir { path: dir.display().to_string(), source }
}

/// Makes a directory for its owner alone, if it is not there.
pub(crate) fn make_private_dir(dir: &Path) -> io::Result<()> {
    if dir.is_dir() { Ok(()) } else { DirBuilder::new().recursive(true).mode(0o700).create(dir) }
}

/// Holds the directory for this process. The lock goes with the process, however it ends.
pub(crate) fn lock(dir: &Path) -> Result<File, StartError> {
    let path = dir.join("lock");
    let opened = fs::OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = opened.map_err(|source| unusable(dir, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => Err(StartError::InUse(dir.display().to_string())),
    }
}
