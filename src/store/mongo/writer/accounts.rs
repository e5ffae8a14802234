//! The accounts of users. They are not in the log, so a command is checked against them before it is written. A new message
//! is checked again afterwards (see `publish`): the deletion of an account deletes the account first and then the
//! messages, so one of the two sees the other.

use std::collections::VecDeque;

use super::{jobs::Queued, room_writer::RoomWriter};
use crate::store::{Error, Result};

impl RoomWriter {
    /// Fails the posts of users without an account. The other commands are checked while what they change is read.
    pub async fn fail_posts_without_account(&self, waiting: &mut VecDeque<Queued>) -> Result<()> {
        let is_checked = |queued: &Queued| queued.account_exists || queued.post().is_none();
        let unchecked = waiting.iter().filter(|queued| !is_checked(queued)).map(|queued| queued.by);
        let accounts = self.commands.accounts(unchecked).await?;
        let all = std::mem::take(waiting);
        for mut queued in all {
            queued.account_exists = is_checked(&queued) || accounts.contains_key(&queued.by);
            match queued.account_exists {
                true => waiting.push_back(queued),
                false => queued.fail(&Error::NotFound),
            }
        }
        Ok(())
    }
}
