//! Random commands that are allowed, each carried out by natter and in the model.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    vocabulary::{Segment, Text, random_name, random_text},
    world::{File, Kind, Message, OWNER, USERS, World},
};

/// From so many rooms on they are deleted.
const MOST_ROOMS: usize = 9;

impl World {
    /// Gives a random command. Returns the text that somebody must not find any more, if there is one.
    pub async fn step(&mut self) -> Option<Vec<Segment>> {
        match self.random.below(24) {
            0..10 => self.post().await,
            10..13 => return self.edit().await,
            13..15 => return self.delete().await,
            15 | 16 => self.pin().await,
            17 => return self.remove_file().await,
            18 => return self.remove_member().await,
            19 | 20 => self.add_member().await,
            21 => return self.close_or_open().await,
            22 => self.rename().await,
            _ if self.rooms.len() < MOST_ROOMS => self.create_random_room().await,
            _ => return self.delete_room().await,
        }
        None
    }

    async fn post(&mut self) {
        let author = self.random.below(USERS.len());
        let rooms: Vec<_> = (0..self.rooms.len()).filter(|room| self.rooms[*room].is_readable_by(author)).collect();
        let room = *self.random.pick(&rooms).unwrap();
        let text = random_text(&mut self.random);
        let mut body = json!({ "message": text.written });
        let parent = self.random.pick(&self.rooms[room].messages).map(|message| message.seq);
        let reply_to = parent.filter(|_| self.random.below(4) == 0);
        if let Some(seq) = reply_to {
            body["replyTo"] = json!(seq);
        }
        let mut file = None;
        if self.random.below(5) == 0 {
            let name = random_name(&mut self.random);
            let id = self.upload(author, &name.written).await;
            body["files"] = json!([{ "id": id }]);
            file = Some(File { id, name });
        }
        let path = self.rooms[room].path("/messages");
        let posted = self.request(Some(author), Method::POST, &path, body).await;
        let message = Message {
            seq: posted["seq"].as_u64().unwrap(),
            text_rev: posted["textRev"].as_u64().unwrap(),
            author,
            text: Text { written: posted["message"].as_str().unwrap().to_owned(), ..text },
            file,
            sent_time: posted["sentTime"].as_str().unwrap().to_owned(),
            is_pinned: false,
            is_reply: reply_to.is_some(),
        };
        self.said.push(message.searched());
        let room = &mut self.rooms[room];
        room.messages.push(message);
        // who posts in an open room joins it
        room.members.insert(author);
    }

    async fn edit(&mut self) -> Option<Vec<Segment>> {
        let (room, n) = self.own_message(|_| true)?;
        let text = random_text(&mut self.random);
        let Message { author, text_rev, .. } = self.rooms[room].messages[n];
        let body = json!({ "message": text.written, "textRev": text_rev });
        let edited = self.request(Some(author), Method::PATCH, &self.path_of(room, n, ""), body).await;
        let message = &mut self.rooms[room].messages[n];
        let before = message.searched();
        message.text_rev = edited["textRev"].as_u64().unwrap();
        message.text = Text { written: edited["message"].as_str().unwrap().to_owned(), ..text };
        self.said.push(message.searched());
        Some(before)
    }

    async fn delete(&mut self) -> Option<Vec<Segment>> {
        let (room, n) = self.own_message(|_| true)?;
        let author = self.rooms[room].messages[n].author;
        self.request(Some(author), Method::DELETE, &self.path_of(room, n, ""), Value::Null).await;
        Some(self.rooms[room].messages.remove(n).searched())
    }

    /// Pins a message, or unpins it.
    async fn pin(&mut self) {
        let Some((room, n)) = self.own_message(|_| true) else { return };
        let Message { author, is_pinned, .. } = self.rooms[room].messages[n];
        let method = if is_pinned { Method::DELETE } else { Method::PUT };
        self.request(Some(author), method, &self.path_of(room, n, "/pin"), Value::Null).await;
        self.rooms[room].messages[n].is_pinned = !is_pinned;
    }

    async fn remove_file(&mut self) -> Option<Vec<Segment>> {
        let (room, n) = self.own_message(|message| message.file.is_some())?;
        let message = &mut self.rooms[room].messages[n];
        let (author, file) = (message.author, message.file.take()?);
        let path = self.path_of(room, n, &format!("/files/{}", file.id));
        self.request(Some(author), Method::DELETE, &path, Value::Null).await;
        let now = self.request(Some(author), Method::GET, &self.path_of(room, n, ""), Value::Null).await;
        self.rooms[room].messages[n].text_rev = now["textRev"].as_u64().unwrap();
        Some(file.name.segments)
    }

    async fn remove_member(&mut self) -> Option<Vec<Segment>> {
        let room = self.room(&[Kind::Closed])?;
        let members: Vec<_> = self.rooms[room].members.iter().copied().filter(|member| *member != OWNER).collect();
        let member = *self.random.pick(&members)?;
        let path = self.rooms[room].path(&format!("/members/{}", USERS[member]));
        self.request(Some(OWNER), Method::DELETE, &path, Value::Null).await;
        self.rooms[room].members.remove(&member);
        self.text_in(room)
    }

    async fn add_member(&mut self) {
        let Some(room) = self.room(&[Kind::Closed, Kind::Open]) else { return };
        let member = self.random.below(USERS.len());
        let path = self.rooms[room].path(&format!("/members/{}", USERS[member]));
        self.request(Some(OWNER), Method::PUT, &path, Value::Null).await;
        self.rooms[room].members.insert(member);
    }

    /// Closes an open room, for those who are no members, or opens a closed one.
    async fn close_or_open(&mut self) -> Option<Vec<Segment>> {
        let room = self.room(&[Kind::Closed, Kind::Open])?;
        let kind = if self.rooms[room].kind == Kind::Open { Kind::Closed } else { Kind::Open };
        let path = self.rooms[room].path("");
        self.request(Some(OWNER), Method::PATCH, &path, json!({ "kind": kind.name() })).await;
        self.rooms[room].kind = kind;
        self.text_in(room)
    }

    async fn rename(&mut self) {
        let Some(room) = self.room(&[Kind::Closed, Kind::Open]) else { return };
        self.created += 1;
        let name = format!("Émigré {}", self.created);
        let path = self.rooms[room].path("");
        self.request(Some(OWNER), Method::PATCH, &path, json!({ "name": name })).await;
        self.rooms[room].name = name;
    }

    async fn create_random_room(&mut self) {
        let kind = [Kind::Open, Kind::Closed][self.random.below(2)];
        let members: Vec<_> = (1..USERS.len()).filter(|_| self.random.below(2) == 0).collect();
        self.create_room(kind, &members).await;
    }

    async fn delete_room(&mut self) -> Option<Vec<Segment>> {
        let room = self.room(&[Kind::Closed, Kind::Open])?;
        let said = self.text_in(room);
        let path = self.rooms[room].path("");
        self.request(Some(OWNER), Method::DELETE, &path, Value::Null).await;
        self.rooms.remove(room);
        said
    }

    /// A message whose author may change it, by the numbers of its room and in it.
    fn own_message(&mut self, fits: impl Fn(&Message) -> bool) -> Option<(usize, usize)> {
        let mut all = Vec::new();
        for (room, place) in self.rooms.iter().enumerate() {
            let own = place.messages.iter().enumerate();
            let own = own.filter(|(_, message)| place.members.contains(&message.author) && fits(message));
            all.extend(own.map(|(n, _)| (room, n)));
        }
        self.random.pick(&all).copied()
    }

    /// A room of one of these kinds.
    fn room(&mut self, kinds: &[Kind]) -> Option<usize> {
        let rooms: Vec<_> = (0..self.rooms.len()).filter(|room| kinds.contains(&self.rooms[*room].kind)).collect();
        self.random.pick(&rooms).copied()
    }

    /// Something that was said in a room.
    fn text_in(&mut self, room: usize) -> Option<Vec<Segment>> {
        self.random.pick(&self.rooms[room].messages).map(Message::searched)
    }

    fn path_of(&self, room: usize, n: usize, rest: &str) -> String {
        let room = &self.rooms[room];
        room.path(&format!("/messages/{}{rest}", room.messages[n].seq))
    }
}
