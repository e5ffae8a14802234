//! Drills with a replica set of three MongoDB servers and three natter processes.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use natter_check::{
    client::Api,
    team::{FOUNDER, Random, Team},
};
use natter_test_support::{Host, NatterCommand, NatterProcess, ReplicaSet, TemporaryDirectory};
use tokio::time::{sleep, timeout};

use crate::{
    backups::Backups,
    clock::{self, Clock},
    disk::{Disk, Faults, Mounted},
    network::Network,
    plan,
    run::{Part, ROUNDS_TO_BACKUP, in_parts, milliseconds, recovers},
    tally::Tally,
};

/// Rounds with one database.
const ROUNDS: u32 = 20;
const NATTERS: usize = 3;
const MEMBERS: usize = 3;
/// Milliseconds between two faults.
const LEAST: usize = 500;
const MOST: usize = 3_000;
/// The longest that a server is frozen or a line is cut, in milliseconds. A new primary is elected after ten seconds.
const LONGEST: usize = 16_000;
/// The longest time until messages are acknowledged again: an election takes up to twelve seconds.
const RECOVERY_LIMIT: Duration = Duration::from_secs(60);
/// What the names of the files of MongoDB's journal have.
const JOURNAL: &str = "WiredTigerLog";

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A natter, a member, or both are killed, and start again.
    Kill,
    /// A natter, the primary, or another member stands still for a while (SIGSTOP).
    Freeze,
    /// Packets between a natter and members, or between members, are lost for a while, in one direction or both.
    Partition,
    /// The power of one member's disk or of all goes.
    Power,
    /// The power of all goes, and their disks do not have what they said they have.
    LyingDisk,
    /// The clock of a natter is an hour ahead or behind for a while.
    Clock,
}

pub struct Drill {
    pub natter: PathBuf,
    pub rounds: u32,
    pub seed: u64,
}

/// Three natters and three members. Dropped in this order.
struct Site {
    natters: Vec<NatterProcess>,
    /// A client of each natter alone.
    readers: Vec<Api>,
    set: ReplicaSet,
    /// The disks of the members, of which some are mounted.
    disks: Vec<(Disk, Option<Mounted>)>,
    network: Option<Network>,
    /// Those of the natters.
    clocks: Vec<Clock>,
    backups: Backups,
    directory: TemporaryDirectory,
}

impl Drill {
    /// # Errors
    /// A server does not start again, or natter does not answer as expected or does not recover.
    pub async fn run(&self, cause: Cause) -> Result<Tally, String> {
        in_parts(self.rounds, ROUNDS, self.seed, async |rounds, seed| self.run_part(cause, rounds, seed).await).await
    }

    async fn run_part(&self, cause: Cause, rounds: u32, seed: u64) -> Result<Part, String> {
        let mut site = Site::start(&self.natter, cause, seed).await?;
        let servers: Vec<_> = site.natters.iter().map(|natter| natter.address).collect();
        let plan = plan(seed);
        let mut team = Team::gather(&servers, &plan).await?;
        for server in servers {
            site.readers.push(Api::sign_in(&[server].into(), FOUNDER).await?);
        }
        if cause == Cause::Clock {
            team.allow_clock_error(clock::HOUR);
            site.readers.iter().for_each(Api::allow_new_tokens);
        }
        if cause == Cause::LyingDisk {
            let lie = Faults { lies_about: Some(JOURNAL), ..Faults::default() };
            site.disks.iter().for_each(|(disk, _)| disk.set_faults(lie.clone()));
        }
        team.begin(&plan);
        let mut random = Random::new(!seed);
        for round in 0..rounds {
            sleep(milliseconds(&mut random, LEAST, MOST)).await;
            let went_wrong = async {
                if cause != Cause::LyingDisk && round % ROUNDS_TO_BACKUP == 0 {
                    site.backups.begin();
                }
                match cause {
                    Cause::Kill => site.kill(&mut random).await?,
                    Cause::Freeze => site.freeze(&mut random).await,
                    Cause::Partition => site.cut_lines(&mut random).await?,
                    Cause::Power | Cause::LyingDisk => site.cut_power(cause, &mut random)?,
                    Cause::Clock => site.clocks[random.below(NATTERS)].set(&mut random)?,
                }
                site.recovers(&team).await?;
                site.backups.finish().await
            };
            went_wrong.await.map_err(|why| format!("seed {seed}, round {round}: {why}"))?;
        }
        if cause == Cause::Clock {
            clock::check_moved(&site.readers[0]).await?;
        }
        Ok(Part { report: team.finish().await?.report, backups: site.backups.restored })
    }
}

impl Site {
    async fn start(natter: &Path, cause: Cause, seed: u64) -> Result<Self, String> {
        let network = (cause == Cause::Partition).then(|| Network::new(MEMBERS + NATTERS)).transpose()?;
        let hosts = network.as_ref().map_or(vec![Host::LOCAL; MEMBERS + NATTERS], |network| network.hosts.clone());
        let (directory, mut disks) = (TemporaryDirectory::new_in(&std::env::temp_dir()), Vec::new());
        for n in 0..if matches!(cause, Cause::Power | Cause::LyingDisk) { MEMBERS } else { 0 } {
            let (disk, place) = (Disk::new(seed ^ ((n as u64 + 1) << 32)), directory.path().join(n.to_string()));
            std::fs::create_dir(&place).map_err(|why| why.to_string())?;
            let mounted = disk.mount(&place)?;
            disks.push((disk, Some(mounted)));
        }
        let set = ReplicaSet::try_start_on(&hosts[..MEMBERS], directory.path(), &[]).await?;
        let database: [OsString; 2] = ["--database".into(), set.url("UsersData").into()];
        let backups = Backups::new(natter, directory.path(), database.clone());
        let (mut natters, mut clocks) = (Vec::new(), Vec::new());
        for (n, host) in hosts[MEMBERS..].iter().enumerate() {
            let of_natter = directory.path().join(format!("natter{n}"));
            std::fs::create_dir(&of_natter).map_err(|why| why.to_string())?;
            let (mut command, clock) = (NatterCommand::new(natter, &of_natter).host(host), Clock::new(&of_natter));
            if cause == Cause::Clock {
                command = clock.give_to(command)?;
            }
            command = command.lowest_bcrypt_cost().args(["--rate-limits", "off"]).args(database.clone());
            natters.push(command.try_start()?);
            clocks.push(clock);
        }
        Ok(Self { natters, readers: Vec::new(), set, disks, network, clocks, backups, directory })
    }

    async fn kill(&mut self, random: &mut Random) -> Result<(), String> {
        let (natter, member, what) = (random.below(NATTERS), random.below(MEMBERS), random.below(3));
        if what != 0 {
            kill(self.set.members[member].pid());
        }
        if what != 1 {
            self.natters[natter].kill();
        }
        sleep(milliseconds(random, 0, MOST)).await;
        if what != 0 {
            self.set.members[member].start_again();
        }
        if what != 1 {
            self.natters[natter].try_start_again()?;
        }
        Ok(())
    }

    async fn freeze(&mut self, random: &mut Random) {
        let (natter, member) = (random.below(NATTERS), random.below(MEMBERS));
        let (what, time) = (random.below(3), milliseconds(random, LEAST, LONGEST));
        let signal: &dyn Fn(&str) = match what {
            0 => &|name| self.natters[natter].signal(name),
            1 => {
                let primary = self.set.primary().await;
                &move |name| self.set.members[primary].signal(name)
            }
            _ => &|name| self.set.members[member].signal(name),
        };
        signal("STOP");
        sleep(time).await;
        signal("CONT");
    }

    async fn cut_lines(&mut self, random: &mut Random) -> Result<(), String> {
        let primary = self.set.primary().await;
        let network = self.network.as_ref().ok_or("there is no network")?;
        let natter = MEMBERS + random.below(NATTERS);
        let others = |of: usize| (0..MEMBERS).filter(move |&member| member != of).collect::<Vec<_>>();
        let (one, rest) = match random.below(4) {
            0 => (natter, vec![primary]),
            1 => (natter, (0..MEMBERS).collect()),
            2 => (primary, others(primary)),
            _ => {
                let member = random.below(MEMBERS);
                (member, others(member).into_iter().chain(MEMBERS..MEMBERS + NATTERS).collect())
            }
        };
        let direction = random.below(3);
        for other in rest {
            if direction != 0 {
                network.cut(one, other)?;
            }
            if direction != 1 {
                network.cut(other, one)?;
            }
        }
        sleep(milliseconds(random, LEAST, LONGEST)).await;
        network.mend()
    }

    fn cut_power(&mut self, cause: Cause, random: &mut Random) -> Result<(), String> {
        let lost = match random.below(2) {
            0 if cause == Cause::Power => vec![random.below(MEMBERS)],
            _ => (0..MEMBERS).collect(),
        };
        let pids: Vec<Option<u32>> = lost.iter().map(|&member| self.set.members[member].pid()).collect();
        for &member in &lost {
            self.disks[member].0.cut_power();
        }
        for (&member, pid) in lost.iter().zip(pids) {
            kill(pid);
            self.set.members[member].stop();
            let (disk, mounted) = &mut self.disks[member];
            *mounted = None;
            disk.restore_power();
            *mounted = Some(disk.mount(&self.directory.path().join(member.to_string()))?);
        }
        lost.into_iter().for_each(|member| self.set.members[member].start_again());
        Ok(())
    }

    /// Waits until a message is acknowledged, and each natter answers.
    async fn recovers(&self, team: &Team) -> Result<(), String> {
        recovers(team, RECOVERY_LIMIT).await?;
        for (reader, natter) in self.readers.iter().zip(&self.natters) {
            let read = timeout(RECOVERY_LIMIT, reader.get("/api/rooms/lobby/messages?limit=50")).await;
            read.map_err(|_| format!("a natter does not answer after {RECOVERY_LIMIT:?}: {}", natter.log()))??;
        }
        Ok(())
    }
}

/// Kills a MongoDB server. It may not have started yet, or have ended because its writes fail.
fn kill(pid: Option<u32>) {
    if let Some(pid) = pid {
        let _ = Command::new("sh").args(["-c", &format!("kill -KILL {pid}")]).stderr(Stdio::null()).status();
    }
}
