//! What a change of the room itself does outside of its log.

use super::room_writer::RoomWriter;
use crate::{
    domain::{Notice, Room},
    store::{
        Result,
        mongo::{causal::CausalSession, documents::RoomNameDoc, log_documents::MessageDoc, room_names::open_name},
    },
};

impl RoomWriter {
    /// Reserves the name that an open room takes by the change to `after`, before the change is committed. Returns the
    /// reservation of the name that it gives up.
    ///
    /// # Errors
    /// [`Conflict::RoomNameTaken`](crate::store::Conflict::RoomNameTaken) if another open room has the name.
    pub async fn change_name(&self, after: Option<&Room>, session: &mut CausalSession) -> Result<Option<RoomNameDoc>> {
        let (Some(before), Some(after)) = (self.rights.as_ref().map(|rights| &rights.room), after) else {
            return Ok(None);
        };
        let (before, after) = (open_name(before), open_name(after));
        if before == after {
            return Ok(None);
        }
        if let Some(name) = &after {
            self.db.reserve_name(name, &self.room, session).await?;
        }
        match &before {
            Some(name) => self.db.reservation(name, session).await,
            None => Ok(None),
        }
    }

    /// Follows a committed change of the room.
    pub async fn after_room_change(&self, message: &MessageDoc, given_up: Option<RoomNameDoc>) {
        if let Some(reservation) = given_up {
            self.db.release_name(reservation).await;
        }
        if message.notice() == Some(Notice::Everyone) {
            let (db, room) = (self.db.clone(), self.room.clone());
            // if it fails, the sweep goes on
            tokio::spawn(async move {
                if let Err(error) = db.add_everyone(&room).await {
                    tracing::warn!(room = room.as_str(), %error, "adding every account to a room failed");
                }
            });
        }
    }
}
