//! The accounts of users. They are not in the log, so a command is checked against them before it is written. A new message
//! is checked again afterwards (see `publish`): the deletion of an account deletes the account first and then the
//! messages, so one of the two sees the other.

use std::collections::VecDeque;

use super::{jobs::Queued, room_writer::RoomWriter};
use crate::store::{Error, Result};

impl RoomWriter {
    /// Fails the posts of users without an account, or with a disabled one. The other commands are checked while what they change is read.
    pub async fn fail_posts_without_account(&self, waiting: &mut VecDeque<Queued>) -> Result<()> {
        let is_unchecked = |queued: &Queued| queued.post().is_some() && !queued.account_exists;
        let unchecked = waiting.iter().filter(|queued| is_unchecked(queued)).map(|queued| queued.by);
        let accounts = self.commands.accounts(unchecked).await?;
        for mut queued in std::mem::take(waiting) {
            let may_write = match queued.is_trusted {
                true => accounts.authors.contains_key(&queued.by),
                false => accounts.may_write(&queued.by),
            };
            let is_missing = is_unchecked(&queued) && !may_write;
            queued.account_exists |= queued.post().is_some();
            match is_missing {
                true => queued.fail(&Error::NotFound),
                false => waiting.push_back(queued),
            }
        }
        Ok(())
    }
}
