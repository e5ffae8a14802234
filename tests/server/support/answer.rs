//! The response to a script.

use reqwest::{Response, header::HeaderMap};
use serde_json::{Value, json};

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// `Null` if the body is not JSON.
    pub json: Value,
}

impl Answer {
    pub async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or_default();
        Self { status, headers, text, json }
    }

    /// Asserts the status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Asserts that this is a refusal with this message and no other field.
    #[track_caller]
    pub fn says(self, status: u16, message: &str) -> Self {
        let answer = self.is(status);
        assert_eq!(answer.json, json!({ "message": message }));
        answer
    }

    /// Asserts that this is a refusal of one field, for this reason.
    #[track_caller]
    pub fn blames(self, status: u16, field: &str, why: &str) -> Self {
        let answer = self.is(status);
        assert_eq!(answer.json["fields"], json!({ field: why }), "{}", answer.text);
        answer
    }

    /// Asserts that the token was missing or void.
    #[track_caller]
    pub fn says_token_did_not_match(self) -> Self {
        self.says(401, "Token didn't match")
    }

    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers)).to_str().unwrap()
    }
}
