//! A natter in this process with three addresses, and its clients.

use clap::Parser;
use natter::{
    app::{Server, StartError, roles::ServerRole},
    cli::Cli,
};
use reqwest::{Client, RequestBuilder, Response, redirect::Policy};
use serde_json::{Value, json};

pub const PASSWORD: &str = "correct horse battery";

pub struct Natter {
    _dir: tempfile::TempDir,
    server: Server,
    pub users: String,
    pub auth: String,
    pub chat: String,
}

/// Starts a process with `args` and a data directory of its own.
pub async fn serve(args: &[&str]) -> Result<(tempfile::TempDir, Server), StartError> {
    let dir = tempfile::tempdir().unwrap();
    let common = ["natter", "--bcrypt-cost", "4", "--rate-limits", "off", "--listen", "127.0.0.1:0", "--data-dir"];
    let args = [&common[..], &[dir.path().to_str().unwrap()], args].concat();
    let server = Server::start(Cli::try_parse_from(args).map_err(|e| e.to_string()).unwrap().config).await?;
    Ok((dir, server))
}

/// Starts natter with `args` and all three roles.
pub async fn start(args: &[&str]) -> Result<Natter, StartError> {
    let (dir, server) = serve(args).await?;
    let url = |role| format!("http://{}", server.address_of(role).unwrap()).replace("127.0.0.1", "localhost");
    let [users, auth, chat] = ServerRole::ALL.map(url);
    Ok(Natter { _dir: dir, server, users, auth, chat })
}

impl Natter {
    /// Three ports of one host: a browser sends the same cookies to all three.
    pub async fn on_one_host(more: &[&str]) -> Self {
        let (one, args) = ("127.0.0.1:0", ["--users-addr", "--auth-addr", "--chat-addr"]);
        let args = args.iter().flat_map(|flag| [flag, one]).chain(more.iter().copied());
        start(&args.collect::<Vec<_>>()).await.unwrap()
    }

    /// Three hosts: a browser sends the cookies of one to none of the others.
    pub async fn on_three_hosts() -> Self {
        let users = ["--users-addr", "127.0.0.2:0", "--auth-addr", "127.0.0.3:0", "--chat-addr", "127.0.0.4:0"];
        start(&users).await.unwrap()
    }

    pub async fn stop(self) {
        self.server.stop().await;
    }

    /// Signs up over the API of the users server.
    pub async fn user(&self, user_id: &str) {
        let user = json!({ "userID": user_id, "name": user_id, "email": format!("{user_id}@example.org"),
            "password": PASSWORD });
        let response = Client::new().post(format!("{}/api/users", self.users)).json(&user).send().await.unwrap();
        assert_eq!(response.status(), 201);
    }

    /// Logs in over the API of the auth server; returns a token.
    pub async fn token(&self, user_id: &str) -> String {
        let login = json!({ "userID": user_id, "password": PASSWORD });
        let response = Client::new().post(format!("{}/api/login", self.auth)).json(&login).send().await.unwrap();
        response.json::<Value>().await.unwrap()["jwtToken"].as_str().unwrap().to_owned()
    }
}

/// A client that keeps cookies and follows no redirects.
pub struct Browser(Client);

impl Browser {
    pub fn new() -> Self {
        Self(Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap())
    }

    /// Opens a URL that the user typed or pasted.
    pub async fn get(&self, url: &str) -> Answer {
        Self::send(self.0.get(url).header("Sec-Fetch-Site", "none")).await
    }

    /// Follows a link on the page `referer` over plain http, where a browser sends no other header about it.
    pub async fn follow_link(&self, url: &str, referer: &str) -> Answer {
        Self::send(self.0.get(url).header("Referer", referer)).await
    }

    /// Follows a link on a page of another site.
    pub async fn follow_foreign_link(&self, url: &str) -> Answer {
        Self::send(self.0.get(url).header("Sec-Fetch-Site", "cross-site")).await
    }

    pub async fn post(&self, url: &str, form: &[(&str, &str)]) -> Answer {
        Self::send(self.0.post(url).form(form)).await
    }

    /// Submits a form on a page of `origin`.
    pub async fn post_from(&self, origin: &str, url: &str, form: &[(&str, &str)]) -> Answer {
        Self::send(self.0.post(url).header("Origin", origin).form(form)).await
    }

    pub async fn log_in(&self, natter: &Natter, user_id: &str, next: Option<&str>) -> Answer {
        let mut form = vec![("userID", user_id), ("password", PASSWORD)];
        form.extend(next.map(|next| ("next", next)));
        self.post(&format!("{}/login", natter.auth), &form).await
    }

    async fn send(request: RequestBuilder) -> Answer {
        let response = request.header("Accept", "text/html").send().await.unwrap();
        let header = |response: &Response, name: &str| {
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        Answer {
            status: response.status().as_u16(),
            location: header(&response, "location"),
            cookie: header(&response, "set-cookie"),
            policy: header(&response, "content-security-policy"),
            referrer: header(&response, "referrer-policy"),
            body: response.text().await.unwrap(),
        }
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub location: String,
    pub cookie: String,
    pub policy: String,
    pub referrer: String,
    pub body: String,
}
