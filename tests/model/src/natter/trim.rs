//! Trimming (R8).

use crate::{
    collections::{Collections, Statement},
    document::Key,
    domain::Command,
    natter::{Step, Task, Turn},
    rule::Rule,
};

impl Turn<'_> {
    /// Raises the floor below the newest post.
    ///
    /// All up to there is derived: the head is above it, and only the newest document may be underived (R2).
    pub fn trim(&mut self, task: &mut Task, seen: &Collections) {
        let Some(Command::Trim { keep }) = task.items.first().map(|item| item.command) else { return };
        let mut floor = task.head.rev.saturating_sub(keep);
        if self.rules.hold(Rule::FloorBelowNewestPost) {
            floor = floor.min(seen.newest_post(task.room).map_or(0, |(rev, _)| rev.saturating_sub(1)));
        }
        task.head.rev = floor.max(seen.floor(task.room));
        if self.rules.hold(Rule::FloorBeforeRemoval) {
            let raise = Statement::RaiseFloor(Key { room: task.room, rev: floor });
            self.send(task, vec![raise], Step::AwaitFloor);
            if !self.rules.hold(Rule::FloorIsPermanent) {
                self.state.database.disown(self.natter);
                self.floor_raised(task);
            }
        } else {
            self.floor_raised(task);
        }
    }

    /// Removes the changes up to the floor, and strays of earlier numbers.
    pub fn floor_raised(&mut self, task: &mut Task) -> bool {
        let keys = (1..=task.head.rev).map(|rev| Key { room: task.room, rev });
        let mut statements: Vec<_> = keys.map(Statement::RemoveChange).collect();
        if !self.rules.hold(Rule::FloorBeforeRemoval) {
            statements.push(Statement::RaiseFloor(Key { room: task.room, rev: task.head.rev }));
        }
        self.send(task, statements, Step::AwaitTrimmed);
        false
    }

    /// Ends the trim. What was not removed is removed by the next one.
    pub fn trimmed(&mut self, task: &mut Task) -> bool {
        self.answer(task.items[0].request);
        true
    }
}
