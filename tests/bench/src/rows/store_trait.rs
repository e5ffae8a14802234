//! Posts through the store trait in this process, without sockets or HTTP. This measures the natter that the benches are
//! built with.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use natter::{
    domain::{ClientId, Command, Email, Name, Phone, RoomId, RoomKind, Text, User, UserId},
    store::{self, Access, Location, MongoUrl, NewRoom, NewUser, PasswordHash},
};
use tokio::task::JoinSet;

use crate::{latency::Latency, natter::Database, writer::TEXT};

pub type Store = Arc<dyn store::Database>;

/// Where the writers post.
#[derive(Clone, Copy)]
pub enum Place {
    Lobby,
    /// All of them in one closed room.
    OneRoom,
    /// Each of them in a closed room of their own.
    RoomEach,
}

/// The rate of posts, and how long they took.
pub struct Posted {
    pub per_second: f64,
    pub p99_ms: f64,
}

/// Posts from `writers` for `time`, each with one unacknowledged message.
pub async fn post_for(database: &Database, writers: usize, place: Place, time: Duration) -> Result<Posted, String> {
    let location = match database {
        Database::Embedded(dir) => Location::Embedded(dir.clone()),
        Database::Mongo(url) => Location::Mongo(MongoUrl::parse(url)?),
    };
    let store = store::open(&location).await.map_err(|why| why.to_string())?;
    // the events have to be received, as the hub does
    let mut events = store.events().ok_or("the event stream was taken already")?;
    let receiving = tokio::spawn(async move { while events.recv().await.is_some() {} });
    let mut users = Vec::new();
    for n in 0..writers {
        users.push(create_user(&store, n).await?);
    }
    let rooms = rooms(&store, &users, place).await?;
    let mut posting = JoinSet::new();
    let (started, until) = (Instant::now(), Instant::now() + time);
    for (user, room) in users.iter().zip(rooms.iter().cycle()) {
        let access = store.access(user, room).await.map_err(|why| why.to_string())?;
        posting.spawn(post(Arc::clone(&store), access, until));
    }
    let (mut posted, mut latency) = (0, Latency::default());
    while let Some(done) = posting.join_next().await {
        for micros in done.map_err(|why| why.to_string())?? {
            latency.record(micros);
            posted += 1;
        }
    }
    let per_second = posted as f64 / started.elapsed().as_secs_f64();
    let mut logged = 0;
    for room in &rooms {
        logged += store.head(room).await.map_err(|why| why.to_string())?;
    }
    receiving.abort();
    store.close().await;
    let p99_ms = latency.ms(0.99);
    if logged == posted {
        Ok(Posted { per_second, p99_ms })
    } else {
        Err(format!("{posted} acknowledged, {logged} in the log"))
    }
}

async fn rooms(store: &Store, users: &[User], place: Place) -> Result<Vec<RoomId>, String> {
    let members: &[&[User]] = match place {
        Place::Lobby => return Ok(vec![RoomId::lobby()]),
        Place::OneRoom => &[users],
        Place::RoomEach => &users.chunks(1).collect::<Vec<_>>(),
    };
    create_rooms(store, members).await
}

/// Creates a closed room for each of these groups of users. The first of a group owns its room.
pub async fn create_rooms(store: &Store, groups: &[&[User]]) -> Result<Vec<RoomId>, String> {
    // at once, so that many share a commit
    let mut creating = JoinSet::new();
    for (number, users) in groups.iter().enumerate() {
        let members: Vec<_> = users.iter().map(|user| user.key).collect();
        let (name, topic) = (format!("Room {number}"), String::new());
        let new = NewRoom { kind: RoomKind::Closed, name, topic, owner: members[0], members: members[1..].to_vec() };
        let store = Arc::clone(store);
        creating.spawn(async move { store.create_room(new).await.map(|room| (number, room.id)) });
    }
    let mut rooms = Vec::with_capacity(groups.len());
    while let Some(created) = creating.join_next().await {
        rooms.push(created.map_err(|why| why.to_string())?.map_err(|why| why.to_string())?);
    }
    rooms.sort();
    Ok(rooms.into_iter().map(|(_, room)| room).collect())
}

/// Creates `userN`, who cannot log in.
pub async fn create_user(store: &Store, n: usize) -> Result<User, String> {
    let new = NewUser {
        user_id: UserId::parse(&format!("user{n}")).map_err(|invalid| invalid.to_string())?,
        name: Name::parse(&format!("User {n}")).map_err(|invalid| invalid.to_string())?,
        email: Email::parse(&format!("user{n}@example.org")).map_err(|invalid| invalid.to_string())?,
        phone: Phone::default(),
        password: PasswordHash(String::new()), // no user logs in
        role: None,
        entry: None,
    };
    store.create_user(new).await.map_err(|why| why.to_string())
}

/// Returns how long each post took, in microseconds.
async fn post(store: Store, access: Access, until: Instant) -> Result<Vec<u64>, String> {
    let text = Text::parse(TEXT).map_err(|invalid| invalid.to_string())?;
    let mut micros = Vec::new();
    while Instant::now() < until {
        let (command, sent) = (Command::post(ClientId::generate(), text.clone()), Instant::now());
        store.change(&access, command).await.map_err(|why| why.to_string())?;
        micros.push(sent.elapsed().as_micros() as u64);
    }
    Ok(micros)
}
