//! A user's requests to the API, at whichever process answers.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::lock;
use crate::history::Millis;

/// Longest wait for an answer; natter gives up a command after twelve seconds.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);
/// Wait before the next process is tried.
pub const RETRY_DELAY: Duration = Duration::from_millis(250);
const PASSWORD: &str = "correct horse battery";

/// The time of this machine.
pub fn now() -> Millis {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as Millis)
}

enum Body<'a> {
    None,
    Json(&'a Value),
    Bytes(&'a [u8]),
}

/// A user who is signed in.
pub struct Api {
    pub user_id: String,
    /// The user's key in fragments.
    pub tag: String,
    token: Mutex<String>,
    /// Whether a token may be refused before the run is over.
    allows_new_tokens: AtomicBool,
    pub servers: Arc<[SocketAddr]>,
    /// The index of the server that gets the next request.
    next: AtomicUsize,
    http: Client,
}

impl Api {
    /// Signs up, unless there is such a user already, and logs in.
    ///
    /// # Errors
    /// The first server does not answer as expected.
    pub async fn sign_in(servers: &Arc<[SocketAddr]>, user_id: &str) -> Result<Self, String> {
        let http = Client::builder().cookie_store(true).build().map_err(|why| why.to_string())?;
        let url = |path: &str| format!("http://{}{path}", servers[0]);
        let failed = |why: reqwest::Error| format!("{user_id}: {why}");
        let (email, password) = (format!("{user_id}@example.org"), PASSWORD);
        let account = json!({ "userID": user_id, "name": user_id, "email": email, "password": password });
        let response = http.post(url("/api/users")).json(&account).send().await.map_err(failed)?;
        if !matches!(response.status().as_u16(), 201 | 409) {
            return Err(format!("{user_id}: {}", response.text().await.map_err(failed)?));
        }
        let token = log_in(&http, servers[0], user_id).await?.map_err(|answer| format!("{user_id}: {answer}"))?;
        let page = http.get(url(&format!("/?jwt={token}"))).send().await.map_err(failed)?;
        let page = page.text().await.map_err(failed)?;
        let tag = page.split_once("data-me=\"").and_then(|(_, rest)| rest.split('"').next());
        let tag = tag.ok_or_else(|| format!("the page does not say whose it is: {page}"))?.to_owned();
        let (user_id, servers) = (user_id.to_owned(), Arc::clone(servers));
        Ok(Self {
            user_id,
            tag,
            token: Mutex::new(token),
            allows_new_tokens: AtomicBool::new(false),
            servers,
            next: AtomicUsize::default(),
            http,
        })
    }

    pub fn token(&self) -> String {
        lock(&self.token).clone()
    }

    /// From now on a refused token is replaced by a new one, as after a server's clock was set.
    pub fn allow_new_tokens(&self) {
        self.allows_new_tokens.store(true, Relaxed);
    }

    /// Logs in again at a server that refused the token, if that is allowed. Returns whether there is a new one.
    pub async fn renew_token(&self, server: SocketAddr) -> bool {
        if !self.allows_new_tokens.load(Relaxed) {
            return false;
        }
        let Ok(Ok(token)) = log_in(&self.http, server, &self.user_id).await else { return false };
        *lock(&self.token) = token;
        true
    }

    /// The first answer that is no failure, with JSON or null, and whether an earlier attempt may have been carried out.
    pub async fn request(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value, bool) {
        let body = if body.is_null() { Body::None } else { Body::Json(body) };
        let (status, bytes, is_repeat) = self.send(method, path, &body).await;
        (status, serde_json::from_slice(&bytes).unwrap_or_default(), is_repeat)
    }

    /// Uploads a file. Returns its id.
    pub async fn upload(&self, name: &str, content: &[u8]) -> Option<String> {
        let path = format!("/api/uploads?name={name}&size={}", content.len());
        let (_, answer, _) = self.send(Method::POST, &path, &Body::Bytes(content)).await;
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        answer["id"].as_str().map(str::to_owned)
    }

    /// What is at a path. `None` if the answer is an error.
    pub async fn download(&self, path: &str) -> Option<Vec<u8>> {
        let (status, bytes, _) = self.send(Method::GET, path, &Body::None).await;
        status.is_success().then_some(bytes)
    }

    /// Asks one process after the other, until one answers without a failure.
    async fn send(&self, method: Method, path: &str, body: &Body<'_>) -> (StatusCode, Vec<u8>, bool) {
        let mut is_repeat = false;
        loop {
            let server = self.servers[self.next.fetch_add(1, Relaxed) % self.servers.len()];
            let request = self.http.request(method.clone(), format!("http://{server}{path}"));
            let mut request = request.bearer_auth(self.token()).timeout(ANSWER_LIMIT);
            request = match body {
                Body::None => request,
                Body::Json(json) => request.json(json),
                Body::Bytes(bytes) => request.body(bytes.to_vec()),
            };
            if let Ok(response) = request.send().await
                && let status = response.status()
                && !(status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS)
                && let Ok(bytes) = response.bytes().await
            {
                // an account that is deleted gets no other
                if status == StatusCode::UNAUTHORIZED && self.renew_token(server).await {
                    sleep(RETRY_DELAY).await;
                    continue;
                }
                return (status, bytes.to_vec(), is_repeat);
            }
            is_repeat = true;
            sleep(RETRY_DELAY).await;
        }
    }

    pub async fn get(&self, path: &str) -> Result<Value, String> {
        let (status, answer, _) = self.request(Method::GET, path, &Value::Null).await;
        if status.is_success() { Ok(answer) } else { Err(format!("{} GET {path}: {status} {answer}", self.user_id)) }
    }

    /// All items of a list that comes in pages.
    pub async fn list(&self, path: &str, name: &str) -> Result<Vec<Value>, String> {
        let (mut items, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(path) = next {
            let mut page = self.get(&path).await?;
            items.extend(page[name].as_array_mut().map(std::mem::take).ok_or_else(|| format!("{path}: no {name}"))?);
            next = page["next"].as_str().map(str::to_owned);
        }
        Ok(items)
    }
}

/// The new token; the answer, if the server refuses.
async fn log_in(http: &Client, server: SocketAddr, user_id: &str) -> Result<Result<String, Value>, String> {
    let failed = |why: reqwest::Error| format!("{user_id}: {why}");
    let login = json!({ "userID": user_id, "password": PASSWORD });
    let request = http.post(format!("http://{server}/api/login")).json(&login).timeout(ANSWER_LIMIT);
    let answer = request.send().await.map_err(failed)?.json::<Value>().await.map_err(failed)?;
    Ok(answer["jwtToken"].as_str().map(str::to_owned).ok_or(answer))
}
