//! A MongoDB replica set.

use std::{path::Path, time::Duration};

use mongodb::bson::{Document, doc};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{Host, Mongod, TemporaryDirectory, poll};

/// How many servers of all replica sets of a test process run at once. A set that elects a primary needs the machine
/// for itself: members without CPU time vote late, and the election takes longer than a test allows.
const MOST_SERVERS: usize = 3;
static SERVERS: Semaphore = Semaphore::const_new(MOST_SERVERS);

/// Longest wait for a primary.
const LIMIT: Duration = Duration::from_secs(60);

/// A replica set with MongoDB's default settings; an election starts after its ten seconds too.
pub struct ReplicaSet {
    pub members: Vec<Mongod>,
    _directory: Option<TemporaryDirectory>, // dropped after the members
    _permit: SemaphorePermit<'static>,
}

impl ReplicaSet {
    /// Starts a set of one member that can be stopped and started again.
    pub async fn of_one() -> Self {
        Self::start(1, &[]).await
    }

    /// Starts a set of `size` members that can be stopped and started again, with `options` on their command lines.
    /// Returns once there is a primary and every other member is ready to become it.
    ///
    /// A test starts one set: a second could wait for the permits that the first holds.
    pub async fn start(size: usize, options: &[&str]) -> Self {
        let set = Self::try_start_in(TemporaryDirectory::new(), size, options).await;
        set.unwrap_or_else(|why| panic!("{why}"))
    }

    /// Starts a set as [`ReplicaSet::start`] does, with its data in `directory`.
    ///
    /// # Errors
    /// There is no MongoDB, or the set has no primary within a minute.
    pub async fn try_start_in(directory: TemporaryDirectory, size: usize, options: &[&str]) -> Result<Self, String> {
        let set = Self::try_start_on(&vec![Host::LOCAL; size], directory.path(), options).await?;
        Ok(Self { _directory: Some(directory), ..set })
    }

    /// Starts a set as [`ReplicaSet::start`] does, with a member on each of the hosts. The data of the first is in
    /// `directory/0`, of the second in `directory/1`.
    ///
    /// # Errors
    /// There is no MongoDB, or the set has no primary within a minute.
    pub async fn try_start_on(hosts: &[Host], directory: &Path, options: &[&str]) -> Result<Self, String> {
        let permit = permit(hosts.len()).await;
        // a member of several waits 15 s before it stops otherwise, so that its clients go to the others
        let quick_stop = ["--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"];
        let options = [&["--replSet", "rs0"], &quick_stop, options].concat();
        let member = |(n, host): (usize, &Host)| Mongod::try_start_on(host, &directory.join(n.to_string()), &options);
        let members = hosts.iter().enumerate().map(member).collect::<Result<_, _>>()?;
        let set = Self { members, _directory: None, _permit: permit };
        set.elect_primary().await?;
        Ok(set)
    }

    /// Starts a set of one member whose data is removed when it stops or this process ends. For a `static`.
    pub async fn disposable() -> Self {
        // the server removes expired documents each minute otherwise; some tests delay commands by a failpoint
        let options =
            ["--replSet", "rs0", "--setParameter", "ttlMonitorSleepSecs=1", "--setParameter", "enableTestCommands=1"];
        let members = vec![Mongod::start(&options)];
        let set = Self { members, _directory: None, _permit: permit(1).await };
        set.elect_primary().await.unwrap_or_else(|why| panic!("{why}"));
        set
    }

    async fn elect_primary(&self) -> Result<(), String> {
        let config: Vec<Document> =
            (0..).zip(&self.members).map(|(n, m)| doc! { "_id": n, "host": m.address() }).collect();
        let mut clients = Vec::new();
        for member in &self.members {
            clients.push(member.try_connect().await.map_err(|why| format!("mongod: {why}"))?);
        }
        let initiate = doc! { "replSetInitiate": { "_id": "rs0", "members": config } };
        clients[0].database("admin").run_command(initiate).await.map_err(|why| format!("replSetInitiate: {why}"))?;
        let is_ready = async || {
            let (mut primaries, mut secondaries) = (0, 0);
            for client in &clients {
                let hello = client.database("admin").run_command(doc! { "hello": 1 }).await.ok()?;
                primaries += usize::from(hello.get_bool("isWritablePrimary").unwrap_or(false));
                secondaries += usize::from(hello.get_bool("secondary").unwrap_or(false));
            }
            ((primaries, secondaries) == (1, clients.len() - 1)).then_some(())
        };
        let ready = poll(Duration::from_millis(50), LIMIT, is_ready).await;
        ready.ok_or_else(|| format!("the replica set has no primary after {LIMIT:?}"))
    }

    /// The URL of a database in the set, as an operator writes it.
    pub fn url(&self, database: &str) -> String {
        let hosts: Vec<String> = self.members.iter().map(Mongod::address).collect();
        format!("mongodb://{}/{database}?replicaSet=rs0", hosts.join(","))
    }

    /// The index of the present primary among the members, all of which run. Panics if there is none within a minute.
    pub async fn primary(&self) -> usize {
        let find = async || {
            for (n, member) in self.members.iter().enumerate() {
                let hello = member.connect().await.database("admin").run_command(doc! { "hello": 1 }).await.ok()?;
                if hello.get_bool("isWritablePrimary").unwrap_or(false) {
                    return Some(n);
                }
            }
            None
        };
        poll(Duration::from_millis(50), LIMIT, find).await.expect("the replica set has a primary")
    }
}

async fn permit(servers: usize) -> SemaphorePermit<'static> {
    SERVERS.acquire_many(servers.min(MOST_SERVERS) as u32).await.unwrap()
}
