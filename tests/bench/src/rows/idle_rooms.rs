//! Idle sockets, each alone in a room, compared with as many in one room: what an open room costs.

use std::{
    iter,
    time::{Duration, Instant},
};

use natter::domain::RoomId;
use serde_json::json;

use super::{
    idle::{Idle, measure_idle},
    stored_rooms,
};
use crate::{
    natter::{Database, Natter},
    paths,
    report::Finding,
    run::Run,
    socket::{Client, Socket},
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
    if !stored_rooms::are_known_to(&Natter::start_with_users(run, &database, tokens.clone(), &[])?).await? {
        eprintln!("bench: idle-rooms: the sockets of {} have no rooms", run.binary.display());
        return Ok(());
    }
    // a room of all users, and one with one user for each socket: socket `n` and room `n` have the same user
    let all = (0..USERS).collect();
    let groups: Vec<Vec<usize>> = iter::once(all).chain((0..ROOMS).map(|n| vec![n % USERS])).collect();
    let rooms = stored_rooms::prepare(directory.path(), USERS, &groups).await?;
    let in_rooms = async |rooms: &[RoomId]| {
        let natter = Natter::start_with_users(run, &database, tokens.clone(), &[])?;
        let path = |n| format!("{}&room={}", natter.socket_path(n), rooms[n % rooms.len()].as_str());
        let idle = measure_idle(&natter, Client::Script, ROOMS, path).await?;
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

/// Checks that a message on this socket goes to its room, and not to the lobby.
async fn check_room(natter: &Natter, path: &str) -> Result<(), String> {
    let socket = Socket::open(natter.address, path, 0).await.map_err(|why| why.to_string())?;
    writer::write(socket, 1, Instant::now() + Duration::from_secs(1)).await?;
    if natter.head().await == 0 { Ok(()) } else { Err("a message to a room is in the lobby".into()) }
}
