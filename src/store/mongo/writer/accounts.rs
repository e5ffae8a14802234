//! The accounts of users. They are not in the log, so a command is checked against them before it is written. A new message
//! is checked again afterwards (see `publish`): the deletion of an account deletes the account first and then the
//! messages, so one of the two sees the other.

use std::collections::VecDeque;

use super::{jobs::Queued, room_writer::RoomWriter};
use crate::store::{Error, Result, mongo::authors::read_authors};

impl RoomWriter {
    /// Fails the commands of users without an account.
    pub async fn fail_without_account(&self, waiting: &mut VecDeque<Queued>) -> Result<()> {
        let is_checked = |queued: &Queued| queued.account_exists || (queued.is_trusted && !queued.adds_message());
        let unchecked = waiting.iter().filter(|queued| !is_checked(queued)).map(|queued| queued.by);
        let accounts = read_authors(&self.db.users_now, unchecked).await?;
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
