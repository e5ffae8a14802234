//! A replica set of real servers, each of which can be killed, stopped and started again on its data.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use mongodb::{
    Client,
    bson::{Document, doc},
};
use tempfile::TempDir;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::sleep,
};

use super::{free_port, signal};

/// A server and its keeper, which ends it with this process, however that ends.
pub struct Mongod {
    pub port: u16,
    dir: PathBuf,
    options: Vec<String>,
    keeper: Child,
}

impl Drop for Mongod {
    fn drop(&mut self) {
        self.end();
    }
}

impl Mongod {
    /// A server on `port` with its data in `dir`.
    pub fn start(port: u16, dir: &Path, options: &[&str]) -> Self {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        Self { keeper: keep(port, dir, &options), port, dir: dir.to_owned(), options }
    }

    /// Sends the server a signal: `KILL`, `STOP`, `CONT`.
    pub fn signal(&self, name: &str) {
        let pid = std::fs::read_to_string(self.dir.join("mongod.lock")).expect("mongod runs");
        signal(pid.trim().parse().unwrap(), name);
    }

    /// Stops the server in good order, and waits until it has ended.
    pub fn end(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }

    /// Starts it again, on the same port and data, however it ended.
    pub fn start_again(&mut self) {
        self.end();
        self.keeper = keep(self.port, &self.dir, &self.options);
    }

    /// A client of this server, set or not. Returns once it answers.
    pub async fn direct(&self) -> Client {
        let url = format!("mongodb://127.0.0.1:{}/?directConnection=true&serverSelectionTimeoutMS=60000", self.port);
        let client = Client::with_uri_str(url).await.unwrap();
        client.database("admin").run_command(doc! { "ping": 1 }).await.expect("mongod answers within a minute");
        client
    }

    async fn hello(&self) -> Document {
        self.direct().await.database("admin").run_command(doc! { "hello": 1 }).await.unwrap()
    }
}

fn keep(port: u16, dir: &Path, options: &[String]) -> Child {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mongod");
    // before the server: fetching it takes longer than a server may take to answer
    let found = Command::new(&script).arg("path").output().unwrap();
    assert!(found.status.success(), "no mongod: {}", String::from_utf8_lossy(&found.stderr));
    let mut command = Command::new(&script);
    command.arg("run").arg(port.to_string()).arg(dir).args(options).env("NATTER_MONGOD_KEEP", "yes");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("tests/mongod starts")
}

/// A replica set with the settings a real one has, its ten seconds until an election too.
pub struct ReplicaSet {
    pub members: Vec<Mongod>,
    _home: TempDir, // dropped after the members
    _turn: SemaphorePermit<'static>,
}

/// How many servers in sets run at once. A set that elects has the machine to itself: members that are kept waiting
/// vote late, and what a test allows for an election is gone.
const AT_ONCE: usize = 3;
static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

impl ReplicaSet {
    pub async fn of_one() -> Self {
        Self::start(1, &[]).await
    }

    /// Returns once there is a primary, and all others are ready to become it. A test has one set: who waited for a
    /// second could wait for themselves.
    pub async fn start(size: usize, options: &[&str]) -> Self {
        let turn = TURNS.acquire_many(size.min(AT_ONCE) as u32).await.unwrap();
        let home = tempfile::tempdir().unwrap();
        let options = [&["--replSet", "rs0"], options].concat();
        let member = |n: usize| Mongod::start(free_port(), &home.path().join(n.to_string()), &options);
        let set = Self { members: (0..size).map(member).collect(), _home: home, _turn: turn };
        let hosts: Vec<Document> =
            (0..).zip(&set.members).map(|(n, m)| doc! { "_id": n, "host": format!("127.0.0.1:{}", m.port) }).collect();
        for member in &set.members {
            member.direct().await;
        }
        let initiate = doc! { "replSetInitiate": { "_id": "rs0", "members": hosts } };
        set.members[0].direct().await.database("admin").run_command(initiate).await.unwrap();
        let started = Instant::now();
        loop {
            let mut ready = [0, 0];
            for member in &set.members {
                let hello = member.hello().await;
                ready[0] += usize::from(hello.get_bool("isWritablePrimary").unwrap());
                ready[1] += usize::from(hello.get_bool("secondary").unwrap_or(false));
            }
            if ready == [1, size - 1] {
                return set;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "the replica set has no primary");
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// The address of a database in it, as an operator writes it.
    pub fn url(&self, database: &str) -> String {
        let hosts: Vec<String> = self.members.iter().map(|member| format!("127.0.0.1:{}", member.port)).collect();
        format!("mongodb://{}/{database}?replicaSet=rs0", hosts.join(","))
    }

    /// Which member is the primary now.
    pub async fn primary(&self) -> usize {
        for (n, member) in self.members.iter().enumerate() {
            if member.hello().await.get_bool("isWritablePrimary").unwrap() {
                return n;
            }
        }
        panic!("no primary");
    }
}
