//! Drills: natter under load while something goes wrong, and a count of what was lost, doubled, misordered, leaked and
//! miscounted. README.md lists them. Each prints a line with its seed, and fails unless all counts are 0.
//!
//!     cargo run --release --package natter-drill -- power --rounds 1000

mod attack;
mod attacks;
mod backups;
mod clock;
mod cluster;
mod disk;
mod embedded;
mod lines;
mod network;
mod run;
mod tally;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use attack::Attack;
use clap::{Parser, ValueEnum};
use embedded::Cause;
use natter_check::team::Plan;
use natter_test_support::Mongod;

#[derive(Parser)]
struct Args {
    /// What goes wrong
    drill: Drill,
    /// How often
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// What the users do, and what survives a power cut; not when
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The attacks of `attacks`: all, unless some are named
    #[arg(long, value_enum)]
    only: Vec<Attack>,
    /// The natter to try
    #[arg(long, env = "NATTER", default_value = "target/release/natter")]
    natter: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Drill {
    /// natter is killed (SIGKILL)
    Kill,
    /// One of three natters, one of three MongoDB servers, or both are killed
    KillCluster,
    /// A natter, the primary, or another MongoDB server stands still for a while
    FreezeCluster,
    /// A natter or a MongoDB server is cut off from some of the others or all, in one direction or both
    PartitionCluster,
    /// The power of one of three MongoDB servers goes, or that of all at once
    PowerCluster,
    /// As `power-cluster`, but the disks lie about MongoDB's journal. The drill has to find what is lost
    LyingCluster,
    /// The clock of one of three natters is an hour ahead or behind for a while
    ClockCluster,
    /// The power goes: the disk keeps what was synced, and any part of the rest
    Power,
    /// As `power`, but the disk lies: syncs of the database's log do nothing. The drill has to find what is lost
    LyingDisk,
    /// The disk is full for a while
    FullDisk,
    /// Writes to the disk fail for a while
    FailedWrites,
    /// Syncs of the disk fail for a while, and then the power goes
    FailedSyncs,
    /// The clients' lines are slow, stand still, and are cut within frames
    Lines,
    /// natter's clock is an hour ahead or behind for a while
    Clock,
    /// Others attack: slowly, endlessly, or by the thousand. Measures what messages take meanwhile
    Attacks,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let ended = tokio::select! {
        ended = run(&args) => ended,
        // what the drill has started and mounted ends with its future
        signal = tokio::signal::ctrl_c() => Err(signal.map_or_else(|why| why.to_string(), |()| "interrupted".into())),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("drill: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether the drill ended as it should.
async fn run(args: &Args) -> Result<bool, String> {
    let natter = std::path::absolute(&args.natter).map_err(|why| why.to_string())?;
    let &Args { rounds, seed, .. } = args;
    let embedded = async |cause| embedded::Drill { natter: natter.clone(), rounds, seed }.run(cause).await;
    let cluster = async |cause| cluster::Drill { natter: natter.clone(), rounds, seed }.run(cause).await;
    let tally = match args.drill {
        Drill::Kill => embedded(Cause::Kill).await?,
        Drill::KillCluster => cluster(cluster::Cause::Kill).await?,
        Drill::FreezeCluster => cluster(cluster::Cause::Freeze).await?,
        Drill::PartitionCluster => {
            Mongod::fetch()?; // from the network that is out of reach afterwards
            network::enter()?;
            cluster(cluster::Cause::Partition).await?
        }
        Drill::PowerCluster => cluster(cluster::Cause::Power).await?,
        Drill::LyingCluster => cluster(cluster::Cause::LyingDisk).await?,
        Drill::ClockCluster => cluster(cluster::Cause::Clock).await?,
        Drill::Power => embedded(Cause::Power).await?,
        Drill::LyingDisk => embedded(Cause::LyingDisk).await?,
        Drill::FullDisk => embedded(Cause::Full).await?,
        Drill::FailedWrites => embedded(Cause::Writes).await?,
        Drill::FailedSyncs => embedded(Cause::Syncs).await?,
        Drill::Lines => embedded(Cause::Lines).await?,
        Drill::Clock => embedded(Cause::Clock).await?,
        Drill::Attacks => {
            let attacks = if args.only.is_empty() { Attack::value_variants() } else { &args.only };
            let (tally, is_within) = attacks::Drill { natter: natter.clone(), seed }.run(attacks).await?;
            println!("attacks: seed {seed}: {tally}");
            return Ok(tally.is_clean() && is_within);
        }
    };
    let name = args.drill.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    println!("{name}: {rounds} rounds, seed {seed}: {tally}");
    // where something has to be lost, a drill that finds nothing is of no use
    Ok(tally.is_clean() != matches!(args.drill, Drill::LyingDisk | Drill::LyingCluster))
}

/// Who does what, how fast.
fn plan(seed: u64) -> Plan {
    Plan {
        users: 6,
        rooms: 20,
        uses_lobby: true,
        deleted_rooms: 2,
        deleted_users: 2,
        tabs: 2,
        pace: Duration::from_millis(15),
        seed,
    }
}
