//! A MongoDB of one's own.

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use mongodb::{Client, bson::doc};

use crate::{
    place::{self, Dir},
    process::free_address,
};

/// A replica set of one, by `tests/mongod`, which stops it when standard input closes.
pub struct Mongod {
    keeper: Child,
    address: SocketAddr,
    _dir: Dir,
}

impl Mongod {
    pub async fn start() -> Result<Self, String> {
        Self::there()?;
        let (address, dir) = (free_address(), Dir::new());
        let mut command = Command::new(script());
        command.arg("run").arg(address.port().to_string()).arg(dir.path().join("data")).args(["--replSet", "rs0"]);
        let keeper = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().map_err(|why| why.to_string())?;
        let mongod = Self { keeper, address, _dir: dir };
        mongod.become_primary().await.map_err(|why| format!("mongod: {why}"))?;
        Ok(mongod)
    }

    /// # Errors
    /// Where there is no mongod, and none can be fetched.
    pub fn there() -> Result<(), String> {
        let found = Command::new(script()).arg("path").stdout(Stdio::null()).status();
        if found.is_ok_and(|status| status.success()) {
            Ok(())
        } else {
            Err("there is no mongod, see tests/mongod".into())
        }
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

fn script() -> PathBuf {
    place::root().join("tests/mongod")
}
