//! Posts through the store trait in this process, without sockets or HTTP. This measures the natter that the benches are
//! built with.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use natter::{
    domain::{ClientId, Email, Name, Phone, Post, RoomId, Text, Timestamp, User, UserId},
    store::{self, Location, MongoUrl, NewUser, PasswordHash, Store},
};
use tokio::task::JoinSet;

use crate::{natter::Database, writer::TEXT};

/// Posts from `writers` for `time`, each with one unacknowledged message. Returns messages a second.
pub async fn posts_per_second(database: &Database, writers: usize, time: Duration) -> Result<f64, String> {
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
    let (started, until) = (Instant::now(), Instant::now() + time);
    let mut posting = JoinSet::new();
    for user in users {
        posting.spawn(post(Arc::clone(&store), user, until));
    }
    let mut posted = 0;
    while let Some(done) = posting.join_next().await {
        posted += done.map_err(|why| why.to_string())??;
    }
    let rate = posted as f64 / started.elapsed().as_secs_f64();
    let logged = store.head(&RoomId::lobby()).await.map_err(|why| why.to_string())?;
    receiving.abort();
    store.close().await;
    if logged == posted { Ok(rate) } else { Err(format!("{posted} acknowledged, {logged} in the log")) }
}

async fn create_user(store: &Arc<dyn Store>, n: usize) -> Result<User, String> {
    let new = NewUser {
        user_id: UserId::parse(&format!("user{n}")).map_err(|invalid| invalid.to_string())?,
        name: Name::parse(&format!("User {n}")).map_err(|invalid| invalid.to_string())?,
        email: Email::parse(&format!("user{n}@example.org")).map_err(|invalid| invalid.to_string())?,
        phone: Phone::default(),
        password: PasswordHash(String::new()), // no user logs in
        role: None,
    };
    store.create_user(new).await.map_err(|why| why.to_string())
}

async fn post(store: Arc<dyn Store>, author: User, until: Instant) -> Result<u64, String> {
    let text = Text::parse(TEXT).map_err(|invalid| invalid.to_string())?;
    let mut posted = 0;
    while Instant::now() < until {
        let client = ClientId::parse(&posted.to_string()).map_err(|invalid| invalid.to_string())?;
        let post = Post { room: RoomId::lobby(), author: author.key, client, text: text.clone(), at: Timestamp::now() };
        store.post(post).await.map_err(|why| why.to_string())?;
        posted += 1;
    }
    Ok(posted)
}
