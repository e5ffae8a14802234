//! A connection that posts, edits and reacts over the API, one request at a time, and measures each.

use std::time::Instant;

use serde_json::{Value, json};

use crate::{
    http::{self, Http},
    natter::Natter,
    writer::TEXT,
};

/// A thumb, as an address spells it.
const EMOJI: &str = "%F0%9F%91%8D";

pub struct Client<'a> {
    natter: &'a Natter,
    http: Http,
    /// The `Authorization` header.
    bearer: String,
    user: usize,
}

/// A request's answer, and its time in milliseconds.
pub type Timed = (Value, f64);

impl<'a> Client<'a> {
    pub async fn open(natter: &'a Natter, user: usize) -> Result<Self, String> {
        let http = Http::open(natter.address).await.map_err(|why| why.to_string())?;
        Ok(Self { natter, http, bearer: natter.bearer(user), user })
    }

    /// Whether this natter has edits and reactions. Older binaries do not.
    pub async fn has_changes(&mut self) -> Result<bool, String> {
        let request = http::get("/api/rooms/lobby/messages?limit=1", &self.bearer);
        Ok(self.http.send(&request).await.map_err(|why| why.to_string())?.status == 200)
    }

    pub async fn post(&mut self) -> Result<Timed, String> {
        self.send(&self.natter.post_request(self.user)).await
    }

    /// Gives a message of this user another text.
    pub async fn edit(&mut self, seq: u64, text_rev: u64, number: usize) -> Result<Timed, String> {
        let edit = json!({ "message": format!("{TEXT} {number}"), "textRev": text_rev }).to_string();
        let path = format!("/api/rooms/lobby/messages/{seq}");
        self.send(&http::with_body("PATCH", &path, &self.bearer, &edit)).await
    }

    /// Gives an emoji to a message, or takes it back.
    pub async fn react(&mut self, seq: u64, gives: bool) -> Result<Timed, String> {
        self.send(&reaction(if gives { "PUT" } else { "DELETE" }, seq, &self.bearer)).await
    }

    pub async fn get(&mut self, path: &str) -> Result<Timed, String> {
        let request = http::get(path, &self.bearer);
        self.send(&request).await
    }

    async fn send(&mut self, request: &[u8]) -> Result<Timed, String> {
        let sent = Instant::now();
        let response = self.http.send(request).await.map_err(|why| why.to_string())?;
        let ms = sent.elapsed().as_secs_f64() * 1000.0;
        if !matches!(response.status, 200 | 201) {
            return Err(format!("{}: {}", response.status, response.body));
        }
        Ok((serde_json::from_str(response.body).map_err(|why| why.to_string())?, ms))
    }
}

/// A request that gives an emoji to a message (`PUT`), or takes it back (`DELETE`).
pub fn reaction(method: &str, seq: u64, bearer: &str) -> Vec<u8> {
    http::with_body(method, &format!("/api/rooms/lobby/messages/{seq}/reactions/{EMOJI}"), bearer, "")
}

/// A number in an answer.
pub fn number(answer: &Value, field: &str) -> u64 {
    answer[field].as_u64().unwrap_or_default()
}
