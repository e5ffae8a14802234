//! The traits of the whole store.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Administration, Avatars, Check, Events, Log, LogReader, Memberships, Networks, Objects, OwnedObjects, Personal,
    PresenceStore, Result, Rooms, Sessions, Transfer, Uploads, Users,
};
use crate::domain::RoomId;

/// What handlers of requests use of a database. Everything here that reads or writes a room needs an
/// [`Access`](super::Access).
#[async_trait]
pub trait Store:
    Users
    + Networks
    + Rooms
    + Memberships
    + Log
    + Uploads
    + Avatars
    + Personal
    + Sessions
    + Administration
    + Send
    + Sync
    + 'static
{
    /// Checks that the database can take writes.
    ///
    /// # Errors
    /// [`Error::Busy`](super::Error::Busy) or [`Error::Failed`](super::Error::Failed) if it cannot.
    async fn ping(&self) -> Result<()>;
}

/// Everything that natter needs of a database.
#[async_trait]
pub trait Database: Store + LogReader + Transfer + OwnedObjects + Check {
    /// The stream of committed changes. There is one; a second call returns `None`.
    fn events(&self) -> Option<Events>;
    /// All objects. Requests reach those that they may read or write through [`Uploads`].
    fn objects(&self) -> Arc<dyn Objects>;
    /// The presence of users at all processes on this database. `None` if the database belongs to one process, which
    /// knows the online users from its own sockets.
    fn presence(&self) -> Option<Arc<dyn PresenceStore>>;
    /// The secret that all processes on this database share. If none is stored yet, this call stores `candidate` and
    /// returns it. `None` if the database belongs to one process, which keeps its secret in the data directory.
    async fn shared_secret(&self, candidate: &str) -> Result<Option<String>>;
    /// Deletes a room of any kind with all that is in it, as an operator may.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`](super::Error::NoSuchRoom) if there is none, a refusal for the lobby.
    async fn delete_room(&self, room: &RoomId) -> Result<()>;
    /// Waits for the current writes, then closes the database.
    async fn close(&self);
}
