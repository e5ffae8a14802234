//! A stand-in for the Node application that natter replaces (`tests/bench/node`), on a mongod of its own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Once,
};

use crate::{
    mongod::Mongod,
    place,
    process::{Server, free_address},
    run::Run,
};

const FILES: [&str; 4] = ["package.json", "user.js", "server.js", "people.js"];

/// Its CPU is its own, without mongod's.
pub struct Node {
    pub server: Server,
    /// A `ws://` address a user.
    pub urls: Vec<String>,
    _mongod: Mongod,
}

impl Node {
    /// Starts it with `users`; `None` where it is not to be measured, or cannot be.
    ///
    /// # Errors
    /// Where it is there and does not start.
    pub async fn start(run: &Run, users: usize) -> Result<Option<Self>, String> {
        if !run.beside {
            return Ok(None);
        }
        match prepare() {
            Ok(dir) => Self::launch(&dir, users).await.map(Some),
            Err(why) => {
                static TOLD: Once = Once::new();
                TOLD.call_once(|| eprintln!("bench: figures of the Node application are left out: {why}"));
                Ok(None)
            }
        }
    }

    async fn launch(dir: &Path, users: usize) -> Result<Self, String> {
        let mongod = Mongod::start().await?;
        let address = free_address();
        let script = |name| {
            let mut command = Command::new("node");
            command.current_dir(dir).arg(name).env("MONGO_URL", mongod.url("UsersData")).stdin(Stdio::null());
            command.env("ACCESS_TOKEN_SECRET", "0123456789abcdef0123456789abcdef");
            command.env("PORT", address.port().to_string());
            command
        };
        let made = script("people.js").arg(users.to_string()).output().map_err(|why| why.to_string())?;
        let urls: Vec<String> = String::from_utf8_lossy(&made.stdout).lines().map(str::to_owned).collect();
        if urls.len() != users {
            return Err(format!("the Node application has no users: {}", String::from_utf8_lossy(&made.stderr)));
        }
        let server = Server::start(&mut script("server.js"), address)?;
        Ok(Self { server, urls, _mongod: mongod })
    }

    /// The path of a user's socket.
    pub fn path(&self, user: usize) -> String {
        self.urls[user % self.urls.len()].splitn(4, '/').nth(3).map_or(String::new(), |path| format!("/{path}"))
    }

    pub fn urls_file(&self, dir: &Path) -> PathBuf {
        let path = dir.join("node.urls");
        fs::write(&path, self.urls.join("\n")).expect("the directory can be written to");
        path
    }
}

/// Copies the application to where its packages are installed, so that none of them is among the sources.
fn prepare() -> Result<PathBuf, String> {
    if env::var_os("NO_NODE").is_some() {
        return Err("NO_NODE is set".into());
    }
    let answers = |program: &str| {
        let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if asked.is_ok_and(|status| status.success()) { Ok(()) } else { Err(format!("there is no {program}")) }
    };
    answers("node")?;
    let (from, dir) = (place::root().join("tests/bench/node"), place::kept().join("node"));
    let read = |path: PathBuf| fs::read(&path).map_err(|why| format!("{}: {why}", path.display()));
    fs::create_dir_all(&dir).map_err(|why| why.to_string())?;
    let installed = dir.join("node_modules/.package-lock.json").is_file()
        && fs::read(dir.join(FILES[0])).ok() == Some(read(from.join(FILES[0]))?);
    for file in FILES {
        fs::write(dir.join(file), read(from.join(file))?).map_err(|why| why.to_string())?;
    }
    if !installed {
        answers("npm")?;
        eprintln!("bench: npm install in {}", dir.display());
        let install = Command::new("npm").args(["install", "--silent", "--no-audit"]).current_dir(&dir).status();
        if !install.is_ok_and(|status| status.success()) {
            let _ = fs::remove_dir_all(dir.join("node_modules"));
            return Err(format!("npm install fails in {}", dir.display()));
        }
    }
    Mongod::there().map(|()| dir)
}
