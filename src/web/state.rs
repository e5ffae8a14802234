//! What every handler can reach.

use std::{
    num::NonZeroU32,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use secrecy::SecretString;

use super::Sites;
use crate::{
    room::hub::Hub,
    security::{accounts::Accounts, login::LoginService},
    store::Store,
};

/// What pages link by.
pub type SharedSites = Arc<Sites>;

/// Settings that handlers ask for.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether strangers may sign up.
    pub signup_open: bool,
    /// Where people reach the three servers.
    pub sites: SharedSites,
    /// Proxies in front that add to `X-Forwarded-For`.
    pub proxies: u8,
    /// Opens `/metrics` to whoever presents it; without one, only this machine may read them.
    pub metrics_token: Option<SecretString>,
    /// Most sockets that one user may have open at this process; `None` sets no limit.
    pub user_sockets: Option<NonZeroU32>,
}

pub struct Inner {
    pub store: Arc<dyn Store>,
    pub logins: LoginService,
    pub accounts: Accounts,
    pub hub: Hub,
    pub settings: Settings,
    draining: AtomicBool,
}

/// Shared by all requests; cloning is one reference count.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

impl AppState {
    pub fn new(store: Arc<dyn Store>, logins: LoginService, hub: Hub, settings: Settings) -> Self {
        let accounts = Accounts { store: Arc::clone(&store), passwords: Arc::clone(&logins.passwords) };
        Self(Arc::new(Inner { store, logins, accounts, hub, settings, draining: AtomicBool::new(false) }))
    }

    /// What a page links by.
    pub fn sites(&self) -> SharedSites {
        Arc::clone(&self.settings.sites)
    }

    /// Notes that a stop is near: `/readyz` fails from here on.
    pub fn drain(&self) {
        self.draining.store(true, Relaxed);
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }
}

impl Deref for AppState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
