//! The cost of a socket while no message is sent.

use std::time::Duration;

use natter_test_support::ServerProcess;
use serde_json::json;
use tokio::time::sleep;

use super::stored_rooms;
use crate::{
    listeners::{Listeners, Pace},
    natter::{Database, Natter},
    paths,
    process::Meter,
    report::Finding,
    run::Run,
    servers,
    socket::Client,
};

const SOCKETS: usize = 15_000;
const USERS: usize = 500;
/// The scene of pages.
const PAGES: &str = "members of 50 rooms";
/// natter's interval: each socket has one heartbeat in the measured time.
const HEARTBEAT: Duration = Duration::from_secs(50);

/// What idle sockets cost.
pub(super) struct Idle {
    /// KiB a socket beyond the memory of the server without sockets.
    pub grown: f64,
    /// KiB a socket of the server's whole memory.
    pub whole: f64,
    /// CPU time in percent of a core.
    percent: f64,
    secs: f64,
}

pub async fn measure(run: &Run) -> Result<(), String> {
    let natter = Natter::start(run, USERS).await?;
    let ours = measure_idle(&natter, Client::Script, SOCKETS, |n| natter.socket_path(n)).await?;
    drop(natter);
    let in_rooms = pages_in_rooms(run).await?;
    let bare = match run.with_references {
        true => Some(measure_idle(&servers::start_sockets()?, Client::Script, SOCKETS, |_| "/".into()).await?),
        false => None,
    };
    let finding = |subject, idle: &Idle, before: String, more: String| {
        let Idle { grown, whole, percent, secs } = idle;
        let text = format!(
            "{before}{grown:.1} KiB each{more} ({whole:.1} with all of the process), {percent:.2}% of a core over {secs:.0} s"
        );
        Finding::new("idle", subject, text, json!({ "kib": grown, "kib_whole": whole, "percent": percent }))
    };
    let times = bare.as_ref().map(|bare| format!(", {:.1} × the bare task's", ours.grown / bare.grown));
    let met = ours.grown <= 4.6 && ours.whole <= 5.6 && ours.percent <= 1.0;
    run.report(
        finding("natter", &ours, String::new(), times.unwrap_or_default())
            .target("≤ 4.6 KiB (≤ 5.6 with all of the process), ≤ 1% of a core", met),
    );
    if let Some(in_rooms) = in_rooms {
        let found = finding("natter", &in_rooms, String::new(), String::new()).scene(PAGES);
        run.report(found.target("≤ 5 KiB", in_rooms.grown <= 5.0));
    }
    if let Some(bare) = bare {
        run.report(finding("reference", &bare, "a bare tokio task each: ".into(), String::new()));
    }
    Ok(())
}

/// Pages of members of 50 rooms, if this natter has rooms. Each page shows one of them.
async fn pages_in_rooms(run: &Run) -> Result<Option<Idle>, String> {
    let directory = paths::temporary();
    let database = Database::Embedded(directory.path().to_owned());
    let tokens = Natter::sign_up_users(run, &database, USERS).await?;
    if !stored_rooms::are_known_to(&Natter::start_with_users(run, &database, tokens.clone(), &[])?).await? {
        return Ok(None);
    }
    let groups = stored_rooms::of_many_sizes(USERS);
    let rooms = stored_rooms::prepare(directory.path(), USERS, &groups).await?;
    let of_each = stored_rooms::room_of_each(&groups, USERS);
    let natter = Natter::start_with_users(run, &database, tokens, &[])?;
    let path = |n: usize| {
        let of_user = &of_each[n % USERS];
        format!("{}&room={}&after=0", natter.socket_path(n), rooms[of_user[n / USERS % of_user.len()]].as_str())
    };
    measure_idle(&natter, Client::Page, SOCKETS, path).await.map(Some)
}

/// Opens `sockets` and measures them over one heartbeat, during which nothing may arrive.
pub(super) async fn measure_idle(
    server: &ServerProcess,
    client: Client,
    sockets: usize,
    path: impl Fn(usize) -> String,
) -> Result<Idle, String> {
    sleep(Duration::from_secs(2)).await;
    let before = server.memory();
    let listeners = Listeners::open_as(client, server.address, sockets, Pace::Concurrent(128), path).await?;
    listeners.received.wait_for_silence().await;
    sleep(Duration::from_secs(3)).await;
    let settled = server.memory();
    let (meter, frames) = (Meter::start(server.pid()), listeners.received.frames());
    sleep(if paths::quick() { HEARTBEAT / 5 } else { HEARTBEAT }).await;
    let (used, after) = (meter.read(), settled.max(server.memory()));
    if listeners.received.frames() > frames {
        return Err(format!("{} frames arrived although no message was sent", listeners.received.frames() - frames));
    }
    if listeners.received.open() < sockets as u64 {
        return Err(format!("{} of {sockets} sockets were closed", sockets as u64 - listeners.received.open()));
    }
    let per_socket = |kib: u64| kib as f64 / sockets as f64;
    Ok(Idle {
        grown: per_socket(after.saturating_sub(before)),
        whole: per_socket(after),
        percent: 100.0 * used.share(),
        secs: used.secs,
    })
}
