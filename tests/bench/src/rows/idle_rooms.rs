//! Idle sockets, each alone in a room, compared with as many in one room: what an open room costs.

use std::{
    iter,
    path::Path,
    time::{Duration, Instant},
};

use natter::{
    domain::{RoomId, User, UserId},
    store,
};
use serde_json::json;

use super::{
    idle::{Idle, measure_idle},
    store_trait::{Store, create_rooms},
};
use crate::{
    natter::{Database, Natter},
    paths,
    report::Finding,
    run::Run,
    socket::Socket,
    writer,
};

/// Rooms, and sockets.
const ROOMS: usize = 10_000;
const USERS: usize = 500;
/// Most memory of a room with one socket, in bytes beyond what the socket needs in a room with all the others.
const ENOUGH: f64 = 1024.0;

pub async fn measure(run: &Run) -> Result<(), String> {
    let directory = paths::temporary();
    let database = Database::Embedded(directory.path().to_owned());
    let tokens = Natter::sign_up_users(run, &database, USERS).await?;
    if !has_rooms(&Natter::start_with_users(run, &database, tokens.clone(), &[])?).await? {
        eprintln!("bench: idle-rooms: the sockets of {} have no rooms", run.binary.display());
        return Ok(());
    }
    let rooms = prepare(directory.path()).await?;
    let in_rooms = async |rooms: &[RoomId]| {
        let natter = Natter::start_with_users(run, &database, tokens.clone(), &[])?;
        let path = |n| format!("{}&room={}", natter.socket_path(n), rooms[n % rooms.len()].as_str());
        let idle = measure_idle(&natter, ROOMS, path).await?;
        check_room(&natter, &path(0)).await?;
        Ok::<_, String>(idle)
    };
    let (shared, own) = rooms.split_at(1);
    let (one, many) = (in_rooms(shared).await?, in_rooms(own).await?);
    let bytes = 1024.0 * (many.grown - one.grown);
    let figures = |idle: &Idle| json!({ "kib": idle.grown, "kib_whole": idle.whole, "bytes_a_room": bytes });
    let text = format!("{bytes:.0} bytes a room: {:.2} KiB a socket", many.grown);
    let found = Finding::new("idle-rooms", "natter", text, figures(&many));
    run.report(found.target("≤ 1 KiB a room", bytes <= ENOUGH));
    if run.with_references {
        let text = format!("in one room: {:.2} KiB a socket", one.grown);
        run.report(Finding::new("idle-rooms", "reference", text, figures(&one)));
    }
    Ok(())
}

/// Whether a socket can move to another room. Only natter with rooms says that a room does not exist.
async fn has_rooms(natter: &Natter) -> Result<bool, String> {
    let mut socket = Socket::open(natter.address, &natter.socket_path(0), 0).await.map_err(|why| why.to_string())?;
    let unknown = json!({ "room": RoomId::generate().as_str(), "after": 0 }).to_string();
    socket.send(&unknown).await.map_err(|why| why.to_string())?;
    let mut answer = None;
    while answer.is_none() {
        let read = socket.read(|frame| {
            let has = |name: &str| memchr::memmem::find(frame, name.as_bytes()).is_some();
            if frame.starts_with(b"{") && (has("\"gone\"") || has("\"error\"")) {
                answer = Some(has("\"gone\""));
            }
        });
        read.await.map_err(|why| why.to_string())?;
    }
    Ok(answer.unwrap_or_default())
}

/// Checks that a message on this socket goes to its room, and not to the lobby.
async fn check_room(natter: &Natter, path: &str) -> Result<(), String> {
    let socket = Socket::open(natter.address, path, 0).await.map_err(|why| why.to_string())?;
    writer::write(socket, 1, Instant::now() + Duration::from_secs(1)).await?;
    if natter.head().await == 0 { Ok(()) } else { Err("a message to a room is in the lobby".into()) }
}

/// Creates a room of all users, and then [`ROOMS`] with one user each: socket `n` and room `n` have the same user.
async fn prepare(directory: &Path) -> Result<Vec<RoomId>, String> {
    let store: Store = store::open_embedded(directory).map_err(|why| why.to_string())?;
    let mut users: Vec<User> = Vec::with_capacity(USERS);
    for n in 0..USERS {
        let id = UserId::parse(&format!("user{n}")).map_err(|invalid| invalid.to_string())?;
        let user = store.user(&id).await.map_err(|why| why.to_string())?;
        users.push(user.ok_or_else(|| format!("{id} did not sign up"))?);
    }
    let alone = users.chunks(1).cycle().take(ROOMS);
    let groups: Vec<&[User]> = iter::once(&users[..]).chain(alone).collect();
    let rooms = create_rooms(&store, &groups).await;
    store.close().await;
    rooms
}
