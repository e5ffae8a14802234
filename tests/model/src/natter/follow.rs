//! What a natter learns without asking: the change stream, and what it loses.

use crate::{
    document::{Document, Kind, Message},
    natter::{Head, Natter, Purpose, Task, Turn},
    rule::Rule,
};

impl Turn<'_> {
    /// Takes the next insertion from the change stream (R11).
    pub fn stream(&mut self) {
        let natter = &mut self.state.natters[self.natter];
        let database = &self.state.database;
        let insertion = database.history[natter.stream].clone();
        natter.stream += 1;
        if self.rules.hold(Rule::CausalReads) {
            let place = (0..database.latest()).find(|place| database.snapshot(*place).log.contains_key(&insertion.key));
            natter.session = place.unwrap_or(database.latest()).max(natter.session);
        }
        let (rev, room) = (insertion.key.rev, insertion.key.room);
        let document = insertion.document;
        let known = natter.heads.get(&room).cloned().unwrap_or_default();
        if rev > known.rev {
            match document.seq().or((rev == known.rev + 1).then_some(known.seq)) {
                Some(seq) => {
                    natter.heads.insert(room, Head { rev, seq, unsettled: Some(document.clone()) });
                }
                // a change does not tell the newest seq, and it may be a stray
                None => {
                    natter.heads.remove(&room);
                }
            }
        }
        let Some(socket) = natter.socket.as_mut().filter(|socket| socket.room == room) else { return };
        match document {
            // a post with no effect on others is delivered as it is
            Document::Post(message @ Message { kind: Kind::Text, .. }) if rev == socket.cursor + 1 => {
                socket.view.insert(message.seq, message);
                socket.cursor = rev;
            }
            _ => socket.announced = rev.max(socket.announced),
        }
    }

    /// The stream goes on after insertions that it has not reported.
    pub fn lose_place(&mut self) {
        let end = self.state.database.history.len();
        let rule = self.rules.hold(Rule::ReadAfterLostPlace);
        let natter = &mut self.state.natters[self.natter];
        natter.stream = end;
        if self.rules.hold(Rule::ForgetHeadsAfterLostPlace) {
            natter.heads.clear();
        }
        if let Some(socket) = &mut natter.socket {
            socket.behind |= rule;
        }
    }

    /// The reader asks for what is after its cursor.
    pub fn catch_up(&mut self) {
        let Some(socket) = &self.state.natters[self.natter].socket else { return };
        let room = socket.room;
        let mut task = Task::new(Purpose::CatchUp, room, Vec::new());
        task.expected = self.acknowledged();
        self.state.natters[self.natter].task = Some(task);
    }

    /// The process ends and another begins in its place. Its command may still be executed.
    pub fn crash(&mut self) {
        self.state.database.disown(self.natter);
        let natter = &mut self.state.natters[self.natter];
        let socket = natter.socket.take();
        *natter = Natter { socket, ..Natter::default() };
        self.lose_place();
    }
}
