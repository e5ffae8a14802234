//! A stand-in for the Node application that natter replaces (`tests/bench/node`), on a MongoDB of its own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Once,
};

use natter_test_support::{Mongod, ReplicaSet, ServerProcess, free_address};

use crate::{paths, run::Run};

const FILES: [&str; 4] = ["package.json", "user.js", "server.js", "users.js"];

/// Its CPU time is its own, without MongoDB's.
pub struct Node {
    pub server: ServerProcess,
    /// A `ws://` URL for each user.
    pub urls: Vec<String>,
    _mongodb: ReplicaSet,
}

impl Node {
    /// Starts the application with `users`; `None` if it is not to be measured, or node or npm are missing.
    ///
    /// # Errors
    /// The application is installed and does not start.
    pub async fn start(run: &Run, users: usize) -> Result<Option<Self>, String> {
        if !run.with_references {
            return Ok(None);
        }
        match install() {
            Ok(dir) => Self::launch(&dir, users).await.map(Some),
            Err(why) => {
                static REPORTED: Once = Once::new();
                REPORTED.call_once(|| eprintln!("bench: figures of the Node application are left out: {why}"));
                Ok(None)
            }
        }
    }

    async fn launch(dir: &Path, users: usize) -> Result<Self, String> {
        let mongodb = ReplicaSet::try_start_in(paths::temporary(), 1, &[]).await?;
        let address = free_address();
        let script = |name| {
            let mut command = Command::new("node");
            command.current_dir(dir).arg(name).env("MONGO_URL", mongodb.url("UsersData")).stdin(Stdio::null());
            command.env("ACCESS_TOKEN_SECRET", "0123456789abcdef0123456789abcdef");
            command.env("PORT", address.port().to_string());
            command
        };
        let made = script("users.js").arg(users.to_string()).output().map_err(|why| why.to_string())?;
        let urls: Vec<String> = String::from_utf8_lossy(&made.stdout).lines().map(str::to_owned).collect();
        if urls.len() != users {
            return Err(format!("the Node application has no users: {}", String::from_utf8_lossy(&made.stderr)));
        }
        let server = ServerProcess::start(&mut script("server.js"), address)?;
        Ok(Self { server, urls, _mongodb: mongodb })
    }

    /// The path of a user's socket.
    pub fn socket_path(&self, user: usize) -> String {
        self.urls[user % self.urls.len()].splitn(4, '/').nth(3).map_or(String::new(), |path| format!("/{path}"))
    }

    /// Writes a file with the URLs, for the load generator.
    pub fn write_urls(&self, dir: &Path) -> PathBuf {
        let path = dir.join("node.urls");
        fs::write(&path, self.urls.join("\n")).expect("the directory can be written to");
        path
    }
}

/// Installs the application under `target/bench`, so that its packages are not among the sources.
fn install() -> Result<PathBuf, String> {
    if env::var_os("NO_NODE").is_some() {
        return Err("NO_NODE is set".into());
    }
    let is_installed = |program: &str| {
        let status = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if status.is_ok_and(|status| status.success()) { Ok(()) } else { Err(format!("there is no {program}")) }
    };
    is_installed("node")?;
    let (from, dir) = (paths::root().join("tests/bench/node"), paths::kept().join("node"));
    let read = |path: PathBuf| fs::read(&path).map_err(|why| format!("{}: {why}", path.display()));
    fs::create_dir_all(&dir).map_err(|why| why.to_string())?;
    let installed = dir.join("node_modules/.package-lock.json").is_file()
        && fs::read(dir.join(FILES[0])).ok() == Some(read(from.join(FILES[0]))?);
    for file in FILES {
        fs::write(dir.join(file), read(from.join(file))?).map_err(|why| why.to_string())?;
    }
    if !installed {
        is_installed("npm")?;
        eprintln!("bench: npm install in {}", dir.display());
        let install = Command::new("npm").args(["install", "--silent", "--no-audit"]).current_dir(&dir).status();
        if !install.is_ok_and(|status| status.success()) {
            let _ = fs::remove_dir_all(dir.join("node_modules"));
            return Err(format!("npm install fails in {}", dir.display()));
        }
    }
    Mongod::fetch().map(|()| dir)
}
