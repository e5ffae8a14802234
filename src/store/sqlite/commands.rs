//! Writing to a room's log: a command is applied by the rules of the domain, and its change is stored.

use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use super::{
    batch::{Batch, LoadedRoom},
    file_ids::file_id_or_none,
    member_rows, mention_rows,
    position::{number_of, position, room_of},
    room_log::RoomLog,
    room_rows, rows, upload_rows,
};
use crate::{
    domain::{
        Action, Author, ClientId, Command, Content, MentionedUser, Message, ReactionChange, ReadMark, Role, Room,
        RoomAction, RoomId, UserKey,
        rules::{self, Actor, Change, Concerned, Head, Refusal, State},
    },
    store::{Changed, Conflict, Error, Event, Result},
};

/// Who gives a command, in any room.
struct Giver {
    key: UserKey,
    /// `None`: natter itself.
    author: Option<Author>,
    is_admin: bool,
    is_trusted: bool,
}

/// A change to store.
struct PendingChange {
    change: Change,
    /// The changed message before the change. `None`: it is new.
    before: Option<Message>,
    /// The client id of a new message.
    client: Option<ClientId>,
    /// The author's mark, if a new message moves it.
    mark: Option<ReadMark>,
    reaction: Option<ReactionChange>,
}

impl PendingChange {
    /// Whether it is one statement, which needs no savepoint: it does all or nothing.
    fn is_single(&self) -> bool {
        let Change { message, root, room, members, .. } = &self.change;
        let keeps_mentions = match &self.before {
            Some(before) => before.mentions == message.mentions,
            None => message.mentions.is_empty(),
        };
        let keeps_files = message.files.is_empty() && self.before.as_ref().is_none_or(|before| before.files.is_empty());
        keeps_files && keeps_mentions && self.mark.is_none() && root.is_none() && room.is_none() && members.is_empty()
    }
}

/// The author in the first three columns.
fn author(row: &rusqlite::Row<'_>) -> rusqlite::Result<Author> {
    Ok(Author { user_id: row.get(0)?, name: row.get(1)?, avatar: file_id_or_none(row, 2)? })
}

impl Batch<'_> {
    /// Applies a user's command to the room.
    pub fn change(&mut self, room: &RoomId, user: UserKey, command: Command) -> Result<Changed> {
        self.apply(room, self.giver(user, false)?, &command)
    }

    /// Deletes a message of a user whose account is being deleted, whatever the user may do in the room.
    pub fn delete_for_account_removal(&mut self, room: &RoomId, user: UserKey, seq: u64) -> Result<Changed> {
        self.apply(room, self.giver(user, true)?, &Command::new(Action::Delete { seq }))
    }

    /// Takes back the reactions of a user whose account is being deleted, and ends the mention of them.
    pub fn forget_for_account_removal(&mut self, room: &RoomId, user: UserKey, seq: u64) -> Result<()> {
        self.apply(room, self.giver(user, true)?, &Command::new(Action::Forget { seq })).map(drop)
    }

    /// A disabled account gives no commands, but natter itself still deletes what it has.
    fn giver(&self, key: UserKey, is_trusted: bool) -> Result<Giver> {
        self.connection
            .prepare_cached("SELECT user_id, name, avatar, role FROM users WHERE key = ?1 AND (?2 OR disabled = 0)")?
            .query_row(params![key.0.as_bytes(), is_trusted], |row| {
                let author = author(row)?;
                let is_admin = row.get_ref(3)?.as_str()? == Role::Admin.as_str();
                Ok(Giver { key, author: Some(author), is_admin, is_trusted })
            })
            .optional()?
            .ok_or(Error::NotFound)
    }

    /// The user whom a notice is about, under the present name.
    fn subject(&self, message: &Message) -> Result<Option<Author>> {
        let Content::Notice(notice) = &message.content else { return Ok(None) };
        let Some(user) = notice.subject() else { return Ok(None) };
        let subject = "SELECT user_id, name, avatar FROM users WHERE key = ?1";
        Ok(self.connection.prepare_cached(subject)?.query_row([user.0.as_bytes()], author).optional()?)
    }

    /// The members among the names that the command addresses.
    fn mentioned(&mut self, loaded: &LoadedRoom, action: &Action) -> Result<Vec<MentionedUser>> {
        let mut mentioned = Vec::new();
        for name in action.addressed() {
            let account = self
                .connection
                .prepare_cached("SELECT key, user_id FROM users WHERE user_id = ?1")?
                .query_row([name.as_str()], |row| {
                    Ok(MentionedUser { key: UserKey(Uuid::from_bytes(row.get(0)?)), user_id: row.get(1)? })
                })
                .optional()?;
            let Some(user) = account else { continue };
            if loaded.room.everyone || self.member(loaded.number, user.key)?.is_some() {
                mentioned.push(user);
            }
        }
        Ok(mentioned)
    }

    fn apply(&mut self, room: &RoomId, giver: Giver, command: &Command) -> Result<Changed> {
        let loaded = self.room(room)?;
        let is_post = matches!(command.action, Action::Post(_));
        let is_new = is_post || matches!(command.action, Action::Room(_));
        let log = RoomLog::of(self.connection, room, loaded.number);
        let message = |seq: Option<u64>| seq.map_or(Ok(None), |seq| log.message(seq));
        let target = message(command.action.target())?;
        let root = message(target.as_ref().and_then(|target| target.root))?;
        let own = self.member(loaded.number, giver.key)?;
        let texts = if is_new { self.author_texts(loaded.number, giver.key)? } else { 0 };
        if let Action::Room(RoomAction::Add(user)) = &command.action
            && !self.has_account(*user)?
        {
            // deleted after the user was looked up
            return Err(Refusal::NoSuchMember.into());
        }
        let concerned = match command.action.member(giver.key) {
            Some(user) => member_rows::concerned(self.connection, loaded.number, user)?,
            None => Concerned::default(),
        };
        let mentioned = self.mentioned(&loaded, &command.action)?;
        let uploads = upload_rows::complete(self.connection, command.action.uploads(), command.at)?;
        let pins = if matches!(command.action, Action::Pin { .. }) { log.pins()? } else { 0 };
        let state = State {
            room: &loaded.room,
            head: loaded.head,
            actor: Actor {
                key: giver.key,
                is_admin: giver.is_admin,
                is_trusted: giver.is_trusted,
                membership: own.as_ref().map(|(membership, _)| membership),
                texts,
            },
            target: target.as_ref(),
            root: root.as_ref(),
            mentioned: &mentioned,
            uploads: &uploads,
            pins,
            concerned: &concerned,
        };
        let mut change = match rules::apply(&state, command) {
            Ok(Some(change)) => change,
            Ok(None) => return Ok(Changed { message: target.ok_or(Error::Unchanged)?, repeat: true }),
            // a repeat gets its message even if it would be refused by now
            Err(refusal) => return self.posted(&loaded, giver.key, command)?.ok_or_else(|| refusal.into()),
        };
        let author = giver.key;
        let client = match &command.action {
            _ if !change.is_new => None,
            Action::Post(post) => Some(post.client.clone()),
            _ => Some(ClientId::generate()),
        };
        if change.is_new {
            change.message.author = giver.author;
            change.message.subject = self.subject(&change.message)?;
        }
        let seq = change.message.id.seq;
        let moved = own.filter(|_| is_post).map(|(_, mark)| (mark, mark.after_own_post(seq)));
        let mark = moved.filter(|(before, after)| before != after).map(|(_, after)| after);
        let before = target.filter(|_| !change.is_new);
        let reaction = command.action.reaction(author);
        let pending = PendingChange { change, before, client, mark, reaction };
        let as_loaded = loaded.clone();
        let stored = match pending.is_single() {
            true => self.store(loaded, pending)?,
            false => self.atomically(|batch| batch.store(loaded, pending))?,
        };
        match stored {
            Some(changed) => Ok(changed),
            // the author has posted a message with this client id before
            None => self.posted(&as_loaded, author, command)?.ok_or(Error::NotFound),
        }
    }

    /// The message that the author has posted with the client id of the command, if that is a post.
    fn posted(&self, loaded: &LoadedRoom, author: UserKey, command: &Command) -> Result<Option<Changed>> {
        let Action::Post(post) = &command.action else { return Ok(None) };
        let found: Option<i64> = self
            .connection
            .prepare_cached("SELECT id FROM messages WHERE author = ?1 AND client_id = ?2")?
            .query_row(params![author.0.as_bytes(), rows::StoredClientId(post.client.as_str())], |row| row.get(0))
            .optional()?;
        match found {
            None => Ok(None),
            Some(id) if room_of(id) != loaded.number => Err(Conflict::ClientIdReused.into()),
            Some(id) => {
                let message = RoomLog::of(self.connection, &loaded.room.id, loaded.number).message(number_of(id))?;
                Ok(message.map(|message| Changed { message, repeat: true }))
            }
        }
    }

    /// Stores a change. `None` if the client id is taken: nothing is stored then.
    fn store(&mut self, mut loaded: LoadedRoom, pending: PendingChange) -> Result<Option<Changed>> {
        let PendingChange { change: Change { message, root, room, members, .. }, before, client, mark, reaction } =
            pending;
        match client {
            Some(client) => {
                if !rows::insert(self.connection, loaded.number, &message, message.rev, client.as_str())? {
                    return Ok(None);
                }
                self.keep_author_texts(loaded.number, message.author_key, message.author_texts);
                loaded.head = Head { seq: message.id.seq, rev: message.rev, texts: message.room_texts };
            }
            None => {
                rows::update(self.connection, loaded.number, before.as_ref().unwrap_or(&message), &message)?;
                loaded.head.rev = message.rev;
            }
        }
        let files = before.as_ref().map_or(&[][..], |before| &before.files);
        upload_rows::take(self.connection, position(loaded.number, message.id.seq), files, &message.files)?;
        let mentions = before.map(|before| before.mentions).unwrap_or_default();
        mention_rows::write(self.connection, loaded.number, &mentions, &message)?;
        if let Some(root) = &root {
            rows::update_replies(self.connection, loaded.number, root)?;
        }
        self.events.push(Event::Changed { message: Box::new(message.clone()), root: root.map(Box::new), reaction });
        if let Some(room) = room {
            self.change_room(&mut loaded, room)?;
        }
        for (user, membership) in members {
            match membership {
                Some(membership) => self.write_membership(&loaded, &membership, message.id.seq)?,
                None => self.end_membership(&loaded, user)?,
            }
        }
        if let Some(mark) = mark {
            self.write_mark(&loaded, message.author_key, mark)?;
        }
        self.keep_room(loaded);
        Ok(Some(Changed { message, repeat: false }))
    }
}

/// Deleting, and what a change of the room does to the memberships that it does not name.
impl Batch<'_> {
    /// Deletes a room of any kind, as natter itself.
    pub fn delete_room(&mut self, room: &RoomId) -> Result<()> {
        let natter = Giver { key: UserKey(Uuid::nil()), author: None, is_admin: false, is_trusted: true };
        self.apply(room, natter, &Command::new(Action::Room(RoomAction::Delete))).map(drop)
    }

    /// Ends the user's membership as natter itself, so that somebody inherits the room.
    pub fn leave_for_account_removal(&mut self, room: &RoomId, user: UserKey) -> Result<()> {
        self.apply(room, self.giver(user, true)?, &Command::new(Action::Room(RoomAction::Leave))).map(drop)
    }

    fn change_room(&mut self, loaded: &mut LoadedRoom, room: Room) -> Result<()> {
        room_rows::write_room(self.connection, &room, None)?;
        self.is_unfinished |= room.deleted || room.everyone;
        loaded.room = room.into();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rusqlite::OpenFlags;

    use super::*;
    use crate::{
        domain::{Text, UserKey},
        store::sqlite::{batch::KnownRooms, connection::connect, schema},
    };

    #[test]
    fn numbers_of_a_change_that_was_rolled_back_are_taken_again() {
        let mut connection = connect(Path::new(":memory:"), OpenFlags::default()).unwrap();
        schema::migrate(&mut connection).unwrap();
        let user = "INSERT INTO users VALUES (zeroblob(16), 'ada', 'Ada', 'a', '', '', 'member', 1, 0, '', 1, NULL, NULL, 0, NULL, NULL, NULL)";
        connection.execute_batch(user).unwrap();
        let post = |batch: &mut Batch<'_>| {
            let command = Command::post(ClientId::generate(), Text::parse("hello").unwrap());
            batch.change(&RoomId::lobby(), UserKey(uuid::Uuid::nil()), command)
        };
        connection.execute_batch("BEGIN").unwrap();
        let mut known = KnownRooms::default();
        let mut batch = Batch::new(&connection, &mut known);
        post(&mut batch).unwrap();
        let failed = batch.atomically(|batch| post(batch).and(Err::<(), _>(Error::Busy)));
        assert!(matches!(failed, Err(Error::Busy)));
        let second = post(&mut batch).unwrap().message;
        assert_eq!((second.id.seq, second.rev, second.author_texts, batch.events.len()), (2, 2, 2, 2));
    }
}
