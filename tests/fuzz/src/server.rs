//! What handlers share, on an embedded database of its own.

use std::sync::Arc;

use natter::{
    domain::{Timestamp, User},
    security::{
        limits::RateLimits,
        login::LoginService,
        passwords::{Passwords, unusable_hash},
        tokens::Tokens,
    },
    store::{Database, NewUser, Quota, open_embedded, remove_expired_objects},
    web::{
        AppState,
        state::{FileSettings, RoomSettings, Settings},
    },
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::sample;

/// The largest file, in bytes.
pub const MAX_FILE: u64 = 4096;
const COST: u32 = 4;

pub struct Server {
    pub runtime: Runtime,
    pub state: AppState,
    pub user: User,
    database: Arc<dyn Database>,
    _directory: TempDir,
}

impl Server {
    /// # Panics
    /// If there is no space for a database.
    pub fn start() -> Self {
        let started = || {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let directory = tempfile::tempdir()?;
            let database = open_embedded(directory.path()).map_err(std::io::Error::other)?;
            let ada = sample::ada();
            let new = NewUser {
                user_id: ada.user_id,
                name: ada.name,
                email: ada.email,
                phone: ada.phone,
                password: unusable_hash(COST),
                role: None,
                entry: None,
            };
            let user = runtime.block_on(database.create_user(new)).map_err(std::io::Error::other)?;
            let state = state(Arc::clone(&database));
            std::io::Result::Ok(Self { runtime, state, user, database, _directory: directory })
        };
        started().unwrap_or_else(|error| panic!("no server: {error}"))
    }

    /// Removes all files, as if a day had passed.
    pub async fn sweep(&self) {
        let swept = remove_expired_objects(self.database.as_ref(), Timestamp::now().plus_secs(24 * 3600)).await;
        swept.unwrap_or_else(|error| panic!("not swept: {error}"));
    }
}

fn state(database: Arc<dyn Database>) -> AppState {
    let logins = LoginService {
        store: database.clone(),
        passwords: Arc::new(Passwords::new(COST)),
        tokens: Arc::new(Tokens::new(&"a secret of thirty-two bytes, or more".to_owned().into())),
        limits: Arc::new(RateLimits::new(None)),
    };
    let settings = Settings {
        signup_open: true,
        sites: Arc::default(),
        language: None,
        proxies: 0,
        metrics_token: None,
        user_sockets: None,
        files: FileSettings { max_file: MAX_FILE, quota: Quota { user: 1 << 30, server: 1 << 30 } },
        rooms: RoomSettings { only_admins_create: false, max_rooms: 1, max_members: 1, max_rooms_of_user: 1 },
    };
    AppState::new(database, logins, None, None, settings)
}
