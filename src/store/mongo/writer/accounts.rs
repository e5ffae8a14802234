//! The accounts of authors. They are not in the log, so a message is checked against them before it is stored and again
//! afterwards: the deletion of an account deletes the account first and then the messages, so one of the two sees the
//! other.

use std::collections::VecDeque;

use super::{jobs::Queued, room_writer::RoomWriter};
use crate::store::{Error, Result, mongo::authors::read_authors};

impl RoomWriter {
    /// Fails the commands that would add a message whose author has no account.
    pub async fn fail_without_account(&self, waiting: &mut VecDeque<Queued>) -> Result<()> {
        let is_unchecked = |queued: &&Queued| queued.adds_message() && !queued.account_exists;
        let unchecked = waiting.iter().filter(is_unchecked).map(|queued| queued.by);
        let accounts = read_authors(&self.db.users_now, unchecked).await?;
        let all = std::mem::take(waiting);
        for mut queued in all {
            queued.account_exists |= !queued.adds_message() || accounts.contains_key(&queued.by);
            match queued.account_exists {
                true => waiting.push_back(queued),
                false => queued.fail(&Error::NotFound),
            }
        }
        Ok(())
    }
}
