//! The sidebar: 1,000 people with a page each, members of 50 rooms of 20 to 1,000, compared with a fan-out of the same
//! run that writes to 1,000 sockets in one room.
//!
//! What a message costs before it is written to anybody is measured alone and taken off both, because one message is
//! written to a few sockets here and to 1,000 there.

use std::path::Path;

use natter_test_support::TemporaryDirectory;
use serde_json::json;

use super::stored_rooms::{self, ROOMS_OF_USER};
use crate::{
    load::{Load, LoadResult},
    natter::{Database, Natter},
    paths,
    report::{Finding, median, thousands},
    run::Run,
};

const USERS: usize = 1000;
/// Messages a second over all rooms, and in the one room of the reference.
const RATE: usize = 200;
const RATE_OF_ONE: usize = 20;
const SECS: usize = 8;
/// Target: CPU a write, of that in one room.
const ENOUGH: f64 = 1.3;

struct Round {
    /// Microseconds of CPU a socket write: in the rooms, and in one room.
    many: f64,
    one: f64,
    /// The same without the messages themselves.
    many_alone: f64,
    one_alone: f64,
    /// Of the pages.
    result: LoadResult,
}

struct Rooms {
    natter: Natter,
    urls: std::path::PathBuf,
    _directory: TemporaryDirectory,
}

pub async fn measure(run: &Run) -> Result<(), String> {
    let dir = paths::temporary();
    let one = Natter::start(run, 50).await?;
    if !stored_rooms::are_known_to(&one).await? {
        eprintln!("bench: sidebar: the sockets of {} have no rooms", run.binary.display());
        return Ok(());
    }
    let (one_urls, rooms) = (one.write_urls(dir.path()), prepare(run, dir.path()).await?);
    let mut rounds = Vec::new();
    for _ in 0..if paths::quick() { 1 } else { 3 } {
        rounds.push(round(&one, &one_urls, &rooms).await?);
    }
    report(run, &rounds);
    Ok(())
}

/// A natter with the rooms, and the URL of a page of each user: the `n`th user shows the `n`th of their rooms.
async fn prepare(run: &Run, dir: &Path) -> Result<Rooms, String> {
    let directory = paths::temporary();
    let database = Database::Embedded(directory.path().to_owned());
    let tokens = Natter::sign_up_users(run, &database, USERS).await?;
    let groups = stored_rooms::of_many_sizes(USERS);
    let ids = stored_rooms::prepare(directory.path(), USERS, &groups).await?;
    let natter = Natter::start_with_users(run, &database, tokens, &[])?;
    let of_each = stored_rooms::room_of_each(&groups, USERS);
    let url = |user: usize| {
        let room = ids[of_each[user][user % ROOMS_OF_USER]].as_str();
        format!("ws://{}{}&room={room}&after=0\n", natter.address, natter.socket_path(user))
    };
    let urls = dir.join("rooms.urls");
    std::fs::write(&urls, (0..USERS).map(url).collect::<String>()).map_err(|why| why.to_string())?;
    Ok(Rooms { natter, urls, _directory: directory })
}

async fn round(one: &Natter, one_urls: &Path, rooms: &Rooms) -> Result<Round, String> {
    // one socket, which receives what it sends
    let alone = Load::natter(one, one_urls, 1, RATE, SECS / 2).run().await?;
    let message_us = 1e6 * alone.get("server_cpu_s") / alone.get("sent");
    let in_one = Load::natter(one, one_urls, USERS, RATE_OF_ONE, SECS).run().await?;
    let many = Load::natter(&rooms.natter, &rooms.urls, USERS, RATE, SECS)
        .with_flag("--senders", &USERS.to_string())
        .with_flag("--settle", "5")
        .with_switch("--pages")
        .run()
        .await?;
    let cost = |result: &LoadResult| {
        let writes = result.get("frames") + result.get("sidebar_writes");
        let cpu_us = 1e6 * result.get("server_cpu_s");
        (cpu_us / writes, (cpu_us - result.get("sent") * message_us) / writes)
    };
    let ((one, one_alone), (many_us, many_alone)) = (cost(&in_one), cost(&many));
    Ok(Round { many: many_us, one, many_alone, one_alone, result: many })
}

fn report(run: &Run, rounds: &[Round]) {
    let middle = |of: &dyn Fn(&Round) -> f64| median(rounds.iter().map(of).collect());
    let sum = |name: &str| rounds.iter().map(|round| round.result.get(name)).sum::<f64>();
    let (ratio, gross) = (middle(&|round| round.many_alone / round.one_alone), middle(&|round| round.many / round.one));
    let (us, one_us) = (middle(&|round| round.many_alone), middle(&|round| round.one_alone));
    let (missing, in_sidebars, gaps) = (sum("missing"), sum("sidebar_missing"), sum("sidebar_gaps"));
    let rooms = middle(&|round| round.result.get("sidebar_rooms")) / USERS as f64;
    let a_second = middle(&|round| round.result.get("sidebar_writes") / round.result.get("secs")) / USERS as f64;
    let parts = middle(&|round| round.result.get("sidebar_parts") / round.result.get("sidebar_writes").max(1.0));
    let limit = rounds.iter().any(|round| round.result.client_was_limit());
    let text = format!(
        "{ratio:.2} × one room: {us:.1} µs a socket write without the messages themselves ({gross:.2} × with them); \
         sidebar {a_second:.2} writes a page and second, {parts:.0} parts a write, {rooms:.0} rooms; {} messages and {} \
         counts missing, {} gaps{}",
        thousands(missing),
        thousands(in_sidebars),
        thousands(gaps),
        if limit { " (limited by the load generator)" } else { "" },
    );
    let figures = json!({ "ratio": ratio, "gross_ratio": gross, "write_us": us, "writes_a_second": a_second,
        "missing": missing, "sidebar_missing": in_sidebars, "gaps": gaps, "rooms": rooms });
    // the lobby is a room of everybody
    let is_complete = missing == 0.0 && in_sidebars == 0.0 && rooms == (ROOMS_OF_USER + 1) as f64 && a_second <= 1.1;
    let found = Finding::new("sidebar", "natter", text, figures);
    run.report(found.target("≤ 1.3 × one room, nothing missing, ≤ 1 write a second", ratio <= ENOUGH && is_complete));
    if run.with_references {
        let text = format!("1,000 × 20/s in one room: {one_us:.1} µs a socket write");
        run.report(Finding::new("sidebar", "reference", text, json!({ "write_us": one_us })));
    }
}
