//! What natter is held against, and the database of it: the floor, the Node application, a mongod.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use mongodb::{Client, bson::doc};

use crate::{
    place::{self, Dir},
    process::{Server, free_address},
};

/// The floor under any chat server: it writes the bytes and does nothing else.
pub fn floor() -> Result<Server, String> {
    let address = free_address();
    Server::start(Command::new(place::tool("floor")?).arg(address.port().to_string()), address)
}

/// The application that natter replaces, on a mongod of its own. Its CPU is its own too, without mongod's.
pub struct Node {
    pub server: Server,
    /// A `ws://` address a user.
    pub urls: Vec<String>,
    _mongod: Mongod,
}

impl Node {
    /// Starts it, unless `NO_NODE` says to do without.
    pub async fn start(users: usize) -> Result<Option<Self>, String> {
        if std::env::var_os("NO_NODE").is_some() { Ok(None) } else { Self::launch(users).await.map(Some) }
    }

    async fn launch(users: usize) -> Result<Self, String> {
        let dir = application()?;
        let mongod = Mongod::start().await?;
        let address = free_address();
        let script = |name| {
            let mut command = Command::new("node");
            command.current_dir(&dir).arg(name).env("SEED_INDEX", "1").env("MONGO_URL", mongod.url("UsersData"));
            command.env("ACCESS_TOKEN_SECRET", "0123456789abcdef0123456789abcdef");
            command.env("CHAT_PORT", address.port().to_string()).stdin(Stdio::null());
            command
        };
        let server = Server::start(&mut script("chatServer.js"), address)?;
        let made = script("mkusers.js").args([users.to_string(), address.port().to_string()]).output();
        let made = made.map_err(|why| why.to_string())?;
        let urls: Vec<String> = String::from_utf8_lossy(&made.stdout).lines().map(str::to_owned).collect();
        if urls.len() != users {
            return Err(format!("the Node application has no users: {}", String::from_utf8_lossy(&made.stderr)));
        }
        Ok(Self { server, urls, _mongod: mongod })
    }

    pub fn urls_file(&self, dir: &Path) -> PathBuf {
        let path = dir.join("node.urls");
        fs::write(&path, self.urls.join("\n")).expect("the directory can be written to");
        path
    }
}

/// A copy of the application with its packages, made once.
fn application() -> Result<PathBuf, String> {
    let dir = place::kept().join("node-app");
    if !dir.join("node_modules").is_dir() {
        let from = place::measure().join("node-app");
        fs::create_dir_all(&dir).map_err(|why| why.to_string())?;
        for entry in fs::read_dir(&from).map_err(|why| format!("{from:?}: {why}; NATTER_MEASURE names the tools"))? {
            let path = entry.map_err(|why| why.to_string())?.path();
            let text = fs::read(&path).map_err(|why| why.to_string())?;
            fs::write(dir.join(path.file_name().unwrap_or_default()), text).map_err(|why| why.to_string())?;
        }
        eprintln!("npm install");
        let installed = Command::new("npm").args(["install", "--silent"]).current_dir(&dir).status();
        if !installed.is_ok_and(|status| status.success()) {
            return Err(format!("npm install failed in {dir:?}"));
        }
    }
    Ok(dir)
}

/// A replica set of one, by `tests/mongod`, which stops it when standard input closes.
pub struct Mongod {
    keeper: Child,
    address: SocketAddr,
    _dir: Dir,
}

impl Mongod {
    pub async fn start() -> Result<Self, String> {
        let (script, address, dir) = (place::root().join("tests/mongod"), free_address(), Dir::new());
        let found = Command::new(&script).arg("path").stdout(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            return Err("there is no mongod, see tests/mongod".into());
        }
        let mut command = Command::new(&script);
        command.arg("run").arg(address.port().to_string()).arg(dir.path().join("data")).args(["--replSet", "rs0"]);
        let keeper = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().map_err(|why| why.to_string())?;
        let mongod = Self { keeper, address, _dir: dir };
        mongod.become_primary().await.map_err(|why| format!("mongod: {why}"))?;
        Ok(mongod)
    }

    async fn become_primary(&self) -> mongodb::error::Result<()> {
        let url = format!("mongodb://{}/?directConnection=true&serverSelectionTimeoutMS=60000", self.address);
        let admin = Client::with_uri_str(url).await?.database("admin");
        let members = doc! { "_id": "rs0", "members": [{ "_id": 0, "host": self.address.to_string() }] };
        admin.run_command(doc! { "replSetInitiate": members }).await?;
        let started = Instant::now();
        while !admin.run_command(doc! { "hello": 1 }).await?.get_bool("isWritablePrimary").unwrap_or(false)
            && started.elapsed() < Duration::from_secs(30)
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    pub fn url(&self, database: &str) -> String {
        format!("mongodb://{}/{database}?replicaSet=rs0", self.address)
    }
}

impl Drop for Mongod {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
