//! The server under test: the binary, on a directory of its own.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use super::{Look, Person, eventually, port::free_port};

pub struct Natter {
    dir: tempfile::TempDir,
    args: Vec<String>,
    port: u16,
    /// Where the users and the auth server are.
    pub users: String,
    pub auth: String,
    server: Child,
    driver: Child,
    driver_port: u16,
    http: reqwest::Client,
}

impl Natter {
    pub async fn start() -> Self {
        let port = free_port();
        let url = format!("http://localhost:{port}");
        Self::launch(port, [url.clone(), url], vec!["--listen".into(), format!("127.0.0.1:{port}")]).await
    }

    /// The three servers on an address each: the chat on localhost, the others on these hosts.
    pub async fn apart(users: &str, auth: &str) -> Self {
        let mut args = Vec::new();
        let mut serve = |role: &str, host: &str| {
            let port = free_port();
            args.extend([format!("--{role}-addr"), format!("{host}:{port}")]);
            (port, format!("http://{host}:{port}"))
        };
        let (_, users) = serve("users", users);
        let (_, auth) = serve("auth", auth);
        let (port, _) = serve("chat", "localhost");
        Self::launch(port, [users, auth], args).await
    }

    async fn launch(port: u16, [users, auth]: [String; 2], args: Vec<String>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let driver_port = free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={driver_port}"))
            .stdout(Stdio::null())
            .spawn()
            .expect("chromedriver is installed: tests/run does that");
        let server = spawn(&dir, &args);
        let natter = Self { dir, args, port, users, auth, server, driver, driver_port, http: reqwest::Client::new() };
        natter.is_ready().await;
        let status = natter.driver_url() + "/status";
        let answers = || async { natter.http.get(&status).send().await.ok() };
        eventually("chromedriver answers", answers).await;
        natter
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn driver_url(&self) -> String {
        format!("http://localhost:{}", self.driver_port)
    }

    /// Somebody with a browser of their own, at no page yet.
    pub async fn visitor(&self, look: Look) -> Person {
        Person::open(self, look).await
    }

    /// Somebody who has just signed up and sees the chat.
    pub async fn person(&self, name: &str) -> Person {
        let person = self.visitor(Look::default()).await;
        person.sign_up(self, name).await;
        person
    }

    /// As a power cut would.
    pub fn kill(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }

    pub async fn start_again(&mut self) {
        self.server = spawn(&self.dir, &self.args);
        self.is_ready().await;
    }

    async fn is_ready(&self) {
        let ready = self.url("/readyz");
        let look = || async { self.http.get(&ready).send().await.ok().filter(|answer| answer.status().is_success()) };
        eventually("natter is ready", look).await;
    }

    /// A token for somebody, made by signing up over the API.
    pub async fn token(&self, user_id: &str) -> String {
        let user = json!({ "userID": user_id, "name": capital(user_id), "email": format!("{user_id}@example.org"),
            "password": super::person::PASSWORD });
        let made = self.http.post(self.url("/api/users")).json(&user).send().await.unwrap();
        assert_eq!(made.status(), 201);
        self.login(user_id).await
    }

    pub async fn login(&self, user_id: &str) -> String {
        let login = json!({ "userID": user_id, "password": super::person::PASSWORD });
        let answer = self.http.post(self.url("/api/login")).json(&login).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["jwtToken"].as_str().unwrap().to_owned()
    }

    /// Posts over the API.
    pub async fn post(&self, token: &str, message: &str) {
        let body = json!({ "message": message });
        let answer = self.http.post(self.url("/api/messages")).bearer_auth(token).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 201);
    }

    /// All messages, oldest first, as the API tells them.
    pub async fn log(&self, token: &str) -> Vec<String> {
        let url = self.url("/api/messages?after=0&limit=500");
        let answer: Value = self.http.get(url).bearer_auth(token).send().await.unwrap().json().await.unwrap();
        let messages = answer["messages"].as_array().unwrap().iter();
        messages.map(|message| message["message"].as_str().unwrap_or("(deleted)").to_owned()).collect()
    }
}

pub fn capital(user_id: &str) -> String {
    user_id[..1].to_uppercase() + &user_id[1..]
}

fn spawn(dir: &tempfile::TempDir, args: &[String]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_natter"))
        .args(["--data-dir", dir.path().to_str().unwrap()])
        .args(args)
        .args(["--bcrypt-cost", "4", "--rate-limits", "off", "--log", "warn"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

impl Drop for Natter {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        // asked kindly, chromedriver takes its browsers along
        let _ = Command::new("sh").args(["-c", &format!("kill {}", self.driver.id())]).status();
        for _ in 0..100 {
            if matches!(self.driver.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.driver.kill();
    }
}
