//! Drills with a replica set of three MongoDB servers and three natter processes.

use std::{path::PathBuf, time::Duration};

use natter_check::{
    Report,
    team::{Random, Team},
};
use natter_test_support::{NatterCommand, NatterProcess, ReplicaSet, TemporaryDirectory};
use tokio::time::sleep;

use crate::{
    plan,
    run::{in_parts, recovers},
    tally::Tally,
};

/// Rounds with one database.
const ROUNDS: u32 = 20;
const NATTERS: usize = 3;
const MEMBERS: usize = 3;
/// Milliseconds between two faults.
const LEAST: usize = 500;
const MOST: usize = 3_000;
/// The longest time until messages are acknowledged again: an election takes up to twelve seconds.
const RECOVERY_LIMIT: Duration = Duration::from_secs(60);

pub struct Drill {
    pub natter: PathBuf,
    pub rounds: u32,
    pub seed: u64,
}

impl Drill {
    /// Kills natter, mongod, or both, and starts them again.
    ///
    /// # Errors
    /// A server does not start again, or natter does not answer as expected or does not recover.
    pub async fn run(&self) -> Result<Tally, String> {
        in_parts(self.rounds, ROUNDS, self.seed, async |rounds, seed| self.run_part(rounds, seed).await).await
    }

    async fn run_part(&self, rounds: u32, seed: u64) -> Result<Report, String> {
        let mut set = ReplicaSet::try_start_in(TemporaryDirectory::new(), MEMBERS, &[]).await?;
        let directories: Vec<_> = (0..NATTERS).map(|_| TemporaryDirectory::new()).collect();
        let start = |directory: &TemporaryDirectory| {
            let command = NatterCommand::new(&self.natter, directory.path()).lowest_bcrypt_cost();
            command.args(["--rate-limits", "off", "--database"]).arg(set.url("UsersData")).try_start()
        };
        let mut natters: Vec<NatterProcess> = directories.iter().map(start).collect::<Result<_, _>>()?;
        let servers: Vec<_> = natters.iter().map(|natter| natter.address).collect();
        let plan = plan(seed);
        let mut team = Team::gather(&servers, &plan).await?;
        team.begin(&plan);
        let mut random = Random::new(!seed);
        for round in 0..rounds {
            sleep(Duration::from_millis((LEAST + random.below(MOST - LEAST)) as u64)).await;
            let (natter, member, what) = (random.below(NATTERS), random.below(MEMBERS), random.below(3));
            if what != 0 {
                set.members[member].signal("KILL");
            }
            if what != 1 {
                natters[natter].kill();
            }
            sleep(Duration::from_millis(random.below(MOST) as u64)).await;
            if what != 0 {
                set.members[member].start_again();
            }
            if what != 1 {
                natters[natter].try_start_again().map_err(|why| format!("seed {seed}, round {round}: {why}"))?;
            }
            let recovered = recovers(&team, RECOVERY_LIMIT).await;
            recovered.map_err(|why| format!("seed {seed}, round {round}: {why}"))?;
        }
        Ok(team.finish().await?.report)
    }
}
