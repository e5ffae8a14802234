//! Drills with the embedded database.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use natter_check::{
    client::Api,
    team::{FOUNDER, Random, Team},
};
use natter_test_support::{NatterCommand, NatterProcess, TemporaryDirectory};
use tokio::time::{sleep, timeout};

use crate::{
    backups::Backups,
    clock::{self, Clock},
    disk::{Disk, Faults, Mounted},
    lines::Lines,
    plan,
    run::{Part, ROUNDS_TO_BACKUP, in_parts, milliseconds, recovers},
    tally::Tally,
};

/// Rounds with one database.
const ROUNDS: u32 = 25;
/// Milliseconds from the first message that is acknowledged to the next fault, and of a fault that does not end natter.
const LEAST: usize = 10;
const MOST: usize = 400;
/// The longest time until messages are acknowledged again after a fault.
const RECOVERY_LIMIT: Duration = Duration::from_secs(20);
/// The longest time of a read while the disk does not take anything.
const READ_LIMIT: Duration = Duration::from_secs(5);
/// What the name of the database's log has.
const LOG: &str = ".db-wal";

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// natter is killed.
    Kill,
    Power,
    /// The power, and the disk does not have what it said it has.
    LyingDisk,
    /// The disk is full for a while.
    Full,
    /// Writes fail for a while.
    Writes,
    /// Syncs fail for a while; then the power goes.
    Syncs,
    /// The clients' lines are slow, stand still, and are cut within frames.
    Lines,
    /// The clock is an hour ahead or behind for a while.
    Clock,
}

pub struct Drill {
    pub natter: PathBuf,
    pub rounds: u32,
    pub seed: u64,
}

/// natter on a disk. Dropped in this order.
struct Site {
    natter: NatterProcess,
    mounted: Option<Mounted>,
    disk: Disk,
    clock: Clock,
    backups: Backups,
    /// The place of the disk, and natter's log.
    directory: TemporaryDirectory,
}

impl Drill {
    /// # Errors
    /// natter does not start again, does not answer as expected, or does not recover.
    pub async fn run(&self, cause: Cause) -> Result<Tally, String> {
        in_parts(self.rounds, ROUNDS, self.seed, async |rounds, seed| self.run_part(cause, rounds, seed).await).await
    }

    async fn run_part(&self, cause: Cause, rounds: u32, seed: u64) -> Result<Part, String> {
        let mut site = Site::start(&self.natter, cause, seed)?;
        let plan = plan(seed);
        let lines = Lines::start(site.natter.address, seed).await?;
        let servers = [if cause == Cause::Lines { lines.address } else { site.natter.address }];
        let mut team = Team::gather(&servers, &plan).await?;
        let reader = Api::sign_in(&servers.into(), FOUNDER).await?;
        if cause == Cause::LyingDisk {
            site.disk.set_faults(Faults { lies_about: Some(LOG), ..Faults::default() });
        }
        if cause == Cause::Clock {
            team.allow_clock_error(clock::HOUR);
            reader.allow_new_tokens();
        }
        lines.set_bad(cause == Cause::Lines);
        team.begin(&plan);
        let mut random = Random::new(!seed);
        for round in 0..rounds {
            let went_wrong = async {
                site.recovers(&team).await?;
                site.backups.finish().await?;
                if cause != Cause::LyingDisk && round % ROUNDS_TO_BACKUP == 0 {
                    site.backups.begin();
                }
                sleep(milliseconds(&mut random, LEAST, MOST)).await;
                match cause {
                    Cause::Kill | Cause::Power | Cause::LyingDisk => site.end(cause).await,
                    Cause::Full | Cause::Writes => {
                        site.fail_disk(cause, milliseconds(&mut random, LEAST, MOST), &reader).await
                    }
                    Cause::Syncs => {
                        site.fail_disk(cause, milliseconds(&mut random, LEAST, MOST), &reader).await?;
                        site.recovers(&team).await?;
                        site.end(Cause::Power).await
                    }
                    Cause::Lines => Ok(()),
                    Cause::Clock => site.clock.set(&mut random),
                }
            };
            went_wrong.await.map_err(|why| format!("seed {seed}, round {round}: {why}"))?;
        }
        lines.set_bad(false);
        site.recovers(&team).await?;
        site.backups.finish().await?;
        let backups = site.backups.restored;
        if backups == 0 && matches!(cause, Cause::Kill | Cause::Lines | Cause::Clock) {
            return Err("no backup succeeded, and nothing was wrong with the disk".into());
        }
        if cause == Cause::Clock {
            clock::check_moved(&reader).await?;
        }
        Ok(Part { report: team.finish().await?.report, backups })
    }
}

impl Site {
    fn start(natter: &Path, cause: Cause, seed: u64) -> Result<Self, String> {
        let directory = TemporaryDirectory::new_in(&std::env::temp_dir());
        let (disk, place) = (Disk::new(seed), directory.path().join("disk"));
        std::fs::create_dir(&place).map_err(|why| why.to_string())?;
        let mounted =
            (!matches!(cause, Cause::Kill | Cause::Lines | Cause::Clock)).then(|| disk.mount(&place)).transpose()?;
        let (mut command, clock) = (NatterCommand::new(natter, directory.path()), Clock::new(directory.path()));
        if cause == Cause::Clock {
            command = clock.give_to(command)?;
        }
        let database: [OsString; 2] = ["--data-dir".into(), place.join("data").into()];
        let backups = Backups::new(natter, directory.path(), database.clone());
        command = command.lowest_bcrypt_cost().args(["--rate-limits", "off"]).args(database);
        Ok(Self { natter: command.try_start()?, mounted, disk, clock, backups, directory })
    }

    /// Ends natter, and starts it again.
    async fn end(&mut self, cause: Cause) -> Result<(), String> {
        if cause == Cause::Kill {
            self.natter.kill();
        } else {
            self.disk.cut_power();
            self.natter.kill();
            self.backups.finish().await?; // it has files open
            self.mounted = None;
            self.disk.restore_power();
            self.mounted = Some(self.disk.mount(&self.directory.path().join("disk"))?);
        }
        self.natter.try_start_again()
    }

    /// Lets the disk fail for a while. Meanwhile what is there can be read.
    async fn fail_disk(&mut self, cause: Cause, time: Duration, reader: &Api) -> Result<(), String> {
        self.disk.set_faults(match cause {
            Cause::Full => Faults { capacity: Some(self.disk.used()), ..Faults::default() },
            Cause::Writes => Faults { write: true, ..Faults::default() },
            _ => Faults { sync: true, ..Faults::default() },
        });
        sleep(time).await;
        let read = timeout(READ_LIMIT, reader.get("/api/rooms/lobby/messages?limit=50")).await;
        read.map_err(|_| format!("nothing can be read: {}", self.natter.log()))??;
        self.disk.set_faults(Faults::default());
        Ok(())
    }

    /// Waits until a message is acknowledged.
    async fn recovers(&mut self, team: &Team) -> Result<(), String> {
        let recovered = recovers(team, RECOVERY_LIMIT).await;
        recovered.map_err(|why| match self.natter.exit_status() {
            Some(status) => format!("natter ended with {status}: {}", self.natter.log()),
            None => format!("{why}: {}", self.natter.log()),
        })
    }
}
