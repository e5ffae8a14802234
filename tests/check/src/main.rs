//! A team of random users against servers that run already, for drills: prints what was lost, doubled, misordered, leaked
//! and miscounted, and fails unless all are 0.
//!
//!     natter --data-dir /tmp/data --rate-limits off &
//!     cargo run --package natter-check -- 127.0.0.1:3000 --seconds 60

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use clap::Parser;
use natter_check::team::{Plan, Team};
use tokio::time::sleep;

#[derive(Parser)]
struct Args {
    /// Addresses of natter processes on one database, without rate limits
    #[arg(required = true)]
    servers: Vec<SocketAddr>,
    /// Users, beside the founder of the rooms
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(2..))]
    users: u16,
    /// Rooms, with the lobby
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(4..))]
    rooms: u16,
    /// Rooms, and users, in addition, which are deleted at some time
    #[arg(long, default_value_t = 2)]
    deleted: u16,
    /// Tabs of each user
    #[arg(long, default_value_t = 2)]
    tabs: u16,
    /// Milliseconds between two steps of a tab, on average
    #[arg(long, default_value_t = 25)]
    pace: u64,
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// What the users do; not when
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("natter-check: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> Result<bool, String> {
    let plan = Plan {
        users: args.users.into(),
        rooms: args.rooms.into(),
        deleted_rooms: args.deleted.into(),
        deleted_users: args.deleted.into(),
        uses_lobby: true,
        tabs: args.tabs.into(),
        pace: Duration::from_millis(args.pace),
        seed: args.seed,
    };
    let mut team = Team::gather(&args.servers, &plan).await?;
    team.begin(&plan);
    sleep(Duration::from_secs(args.seconds)).await;
    let finished = team.finish().await?;
    println!("every sidebar was right {:.1?} after the last change", finished.settling);
    println!("{} rooms, {} users, seed {}: {}", args.rooms, args.users, args.seed, finished.report);
    Ok(finished.report.is_clean())
}
