//! The state that handlers share.

use std::{
    num::NonZeroU32,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use secrecy::SecretString;

use super::{Error, Result, Sites, active_uploads::ActiveUploads, user_reads::UserReads};
use crate::{
    domain::{RoomId, User, UserId, UserKey},
    media::Pictures,
    render::Language,
    room::{Presence, hub::Hub},
    search::Finder,
    security::{accounts::Accounts, login::LoginService},
    store::{self, Access, Quota, Store},
};

/// The addresses that pages link to.
pub type SharedSites = Arc<Sites>;

/// The settings that handlers read.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether people without an account may sign up.
    pub signup_open: bool,
    /// The public addresses of the three servers.
    pub sites: SharedSites,
    /// The language of every page whose user has not chosen another; `None` leaves it to each browser's
    /// `Accept-Language`.
    pub language: Option<Language>,
    /// Number of trusted proxies in front that append to `X-Forwarded-For`.
    pub proxies: u8,
    /// Opens `/metrics` to clients that send it; without one, only this machine may read it.
    pub metrics_token: Option<SecretString>,
    /// Most sockets that one user may have open in this process; `None` sets no limit.
    pub user_sockets: Option<NonZeroU32>,
    pub rooms: RoomSettings,
    pub files: FileSettings,
}

/// How large files may be, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct FileSettings {
    /// The largest file.
    pub max_file: u64,
    pub quota: Quota,
}

/// Who may create rooms, and how many there may be.
#[derive(Debug, Clone, Copy)]
pub struct RoomSettings {
    /// Whether only admins create open and closed rooms. Direct ones are everybody's.
    pub only_admins_create: bool,
    /// Most rooms in all.
    pub max_rooms: u32,
    /// Most members of a room, where not everybody is one.
    pub max_members: u32,
    /// Most rooms that one user is a member of.
    pub max_rooms_of_user: u32,
}

/// An extension of each request: whether the browser came by https, so that cookies are for https only.
#[derive(Debug, Clone, Copy)]
pub struct IsHttps(pub bool);

impl IsHttps {
    /// The attribute that ends a cookie of the address: over https a browser sends it nowhere else.
    pub fn cookie_attribute(self) -> &'static str {
        if self.0 { "; Secure" } else { "" }
    }
}

pub struct Inner {
    pub store: Arc<dyn Store>,
    pub logins: LoginService,
    pub accounts: Accounts,
    /// The live part. `None` in a process without the chat role.
    pub hub: Option<Hub>,
    /// The search. `None` in a process without the chat role.
    pub finder: Option<Arc<Finder>>,
    pub settings: Settings,
    pub pictures: Pictures,
    pub uploads: ActiveUploads,
    pub reads: UserReads,
    draining: AtomicBool,
}

/// Shared by all requests; cloning is one reference count.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

impl AppState {
    pub fn new(
        store: Arc<dyn Store>,
        logins: LoginService,
        hub: Option<Hub>,
        finder: Option<Arc<Finder>>,
        settings: Settings,
    ) -> Self {
        let accounts = Accounts { store: Arc::clone(&store), passwords: Arc::clone(&logins.passwords) };
        Self(Arc::new(Inner {
            store,
            logins,
            accounts,
            hub,
            finder,
            settings,
            pictures: Pictures::default(),
            uploads: ActiveUploads::default(),
            reads: UserReads::default(),
            draining: AtomicBool::new(false),
        }))
    }

    /// The user with this userID, as it stands in an address.
    ///
    /// # Errors
    /// 404 if there is none, also if it cannot be a userID; the store's errors.
    pub async fn find_user(&self, user_id: &str) -> Result<User> {
        let no_such_user = || Error::not_found("no-such-user");
        let id = UserId::parse(user_id).map_err(|_| no_such_user())?;
        self.store.user(&id).await?.ok_or_else(no_such_user)
    }

    /// What `user` may do in the room. `None` if the room does not exist, or not for this user.
    ///
    /// # Errors
    /// The store's.
    pub async fn find_access(&self, user: &User, room: &RoomId) -> Result<Option<Access>> {
        match self.store.access(user, room).await {
            Err(store::Error::NoSuchRoom) => Ok(None),
            access => Ok(Some(access?)),
        }
    }

    /// The users who are online or idle, in any order. Nobody in a process without the live part.
    pub fn online(&self) -> Vec<(UserKey, Presence)> {
        self.hub.as_ref().map(Hub::online).unwrap_or_default()
    }

    /// Whether each of these users is online. In a process without the live part: nobody.
    pub fn presence_of(&self, users: &[UserKey]) -> Vec<Presence> {
        self.hub.as_ref().map_or_else(|| vec![Presence::Offline; users.len()], |hub| hub.presence_of(users))
    }

    /// The live part, for the chat server's handlers.
    ///
    /// # Panics
    /// In a process without the chat role, which has no routes to these handlers.
    pub fn hub(&self) -> &Hub {
        self.hub.as_ref().expect("the chat server has a hub")
    }

    /// The search, for the chat server's handlers.
    ///
    /// # Panics
    /// In a process without the chat role, which has no routes to these handlers.
    pub fn finder(&self) -> &Arc<Finder> {
        self.finder.as_ref().expect("the chat server has a search")
    }

    /// The addresses that pages link to.
    pub fn sites(&self) -> SharedSites {
        Arc::clone(&self.settings.sites)
    }

    /// Marks the process as stopping: `/readyz` fails from now on.
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
