//! Marks the imported messages as read by the imported users, who know them from the Node application.

use std::collections::HashSet;

use super::importer::Importer;
use crate::{
    domain::{Reading, RoomId},
    store::{Error, Result},
};

/// The number of users read at a time.
const PAGE_USERS: u32 = 500;

impl Importer<'_> {
    pub async fn marks(&self) -> Result<()> {
        let imported: HashSet<_> = self.owners.values().map(|owner| owner.key).collect();
        // a user who has marked messages as unread since an earlier import keeps that
        let reading = Reading::Read { seq: self.last_seq, version: Some(0) };
        let mut after = None;
        loop {
            let users = self.store.users_after(after.as_ref(), PAGE_USERS).await?;
            let Some(last) = users.last() else { return Ok(()) };
            for user in users.iter().filter(|user| imported.contains(&user.key)) {
                let lobby = self.store.access(user, &RoomId::lobby()).await?;
                match self.store.read(&lobby, reading).await {
                    // without a membership yet, which begins read up to its end
                    Ok(_) | Err(Error::Refused(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            after = Some(last.user_id.clone());
        }
    }
}
