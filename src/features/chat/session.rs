//! What a socket's client may do.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::time::{Duration, Instant, sleep_until};

use super::closing::SocketEnd;
use crate::{
    domain::{Reading, RoomId, User},
    net::Connection,
    render::Language,
    room::listener::Listener,
    security::Grant,
    store::Access,
    web::{
        AppState, Error, Result,
        change::{self, Draft},
        typed::{self, Sent},
    },
};

/// Shortest time between two frames of a socket that say that its user types. Others in between are ignored.
const TYPING_INTERVAL: Duration = Duration::from_secs(1);
/// Shortest time between two frames that cost a look into the store: moves and read marks. A faster client waits.
const FRAME_INTERVAL: Duration = Duration::from_millis(100);

pub(super) struct SocketSession {
    pub state: AppState,
    pub connection: Arc<Connection>,
    pub grant: Grant,
    /// The room that the client named last; without a name, none.
    pub room: RoomId,
    /// `None` if the room does not exist for the user: the socket follows no room.
    pub access: Mutex<Option<Access>>,
    /// A page; otherwise a script.
    pub is_page: bool,
    /// The language of the replies.
    pub language: Language,
    /// Listens for a page's sidebar.
    pub listener: Option<Listener>,
}

/// When a socket's client last did what it may not do too often.
#[derive(Default)]
pub(super) struct FrameLimits {
    typed: Option<Instant>,
    /// The last move or read mark.
    other: Option<Instant>,
}

impl FrameLimits {
    /// When the next frame that may not come too often is to be obeyed.
    pub(super) fn due(&mut self) -> Instant {
        let now = Instant::now();
        let due = self.other.map_or(now, |last| now.max(last + FRAME_INTERVAL));
        self.other = Some(due);
        due
    }

    /// Waits until the next such frame is to be obeyed.
    pub(super) async fn wait(&mut self) {
        sleep_until(self.due()).await;
    }
}

impl SocketSession {
    /// The user, if the grant is still valid.
    pub(super) async fn user(&self) -> Result<User, SocketEnd> {
        match self.state.logins.user_of(&self.grant).await {
            Ok(Some(user)) => Ok(user),
            Ok(None) => Err(SocketEnd::SignedOut),
            Err(_) => Err(SocketEnd::Failed),
        }
    }

    /// Posts a message, or obeys a command that was typed into a page.
    pub(super) async fn send(&self, room: &RoomId, draft: Draft<'_>) -> Result<Sent> {
        let access = self.access_to(room).await?;
        match self.is_page {
            true => typed::send(&self.state, &access, draft, self.author()).await,
            false => {
                let draft = Draft { is_confirmed: true, ..draft };
                Ok(Sent::Posted(Box::new(change::post(&self.state, &access, draft).await?)))
            }
        }
    }

    /// The user as a request's handler has it.
    async fn author(&self) -> Result<User> {
        self.state.logins.user_of(&self.grant).await?.ok_or_else(Error::bad_token)
    }

    /// Changes how far the user has read the room. All pages of the user get the new numbers.
    pub(super) async fn read(&self, room: &RoomId, reading: Reading) -> Result<()> {
        let access = self.access_to(room).await?;
        self.state.store.read(&access, reading).await.map_err(change::refused)?;
        Ok(())
    }

    /// The access to the socket's room, or to another one: that of a message that was written before a move.
    async fn access_to(&self, room: &RoomId) -> Result<Access> {
        if let Some(access) = self.current_access(room) {
            return Ok(access);
        }
        Ok(self.state.store.access(&self.author().await?, room).await?)
    }

    fn current_access(&self, room: &RoomId) -> Option<Access> {
        self.access.lock().as_ref().filter(|access| access.room() == room).cloned()
    }

    /// Reports that the user types, unless that was reported just now.
    pub(super) fn types(&self, room: &RoomId, limits: &mut FrameLimits) {
        if let Some(access) = self.current_access(room)
            && limits.typed.is_none_or(|typed| typed.elapsed() >= TYPING_INTERVAL)
        {
            limits.typed = Some(Instant::now());
            self.state.hub().typing(&access);
        }
    }
}
