//! The removal of an account (R12).

use crate::{
    collections::{Collections, Statement},
    domain::Command,
    natter::{Item, Step, Task, Turn},
};

impl Turn<'_> {
    /// Deletes the account first.
    pub fn remove_account(&mut self, task: &mut Task) {
        let Some(item) = task.items.first() else { return };
        match item.command {
            Command::RemoveAccount { user } => {
                task.removes = Some((user, item.request));
                self.send(task, vec![Statement::DeleteAccount(user)], Step::AwaitAccount);
            }
            Command::SearchAgain { user } => {
                task.removes = Some((user, item.request));
                task.step = Step::Search;
            }
            _ => unreachable!("{:?} removes no account", item.command),
        }
    }

    /// Searches for texts of the account. Each is deleted by a command of its own.
    pub fn search(&mut self, task: &mut Task, seen: &Collections) -> bool {
        let Some((user, request)) = task.removes else { return true };
        let texts = seen.posts(task.room).filter(|(_, message)| message.author == user && !message.deleted);
        task.items = texts.map(|(_, message)| Item::system(request, user, message.seq)).collect();
        if task.items.is_empty() {
            self.answer(request);
            return true;
        }
        self.load(task);
        false
    }
}
