//! What one can do with messages: over the API, on pages without JavaScript, and by commands.

mod api;
mod commands;
mod completion;
mod editing;
mod forms;
mod lists;
mod many_people;
mod page;
mod rates;
mod threads;

use serde_json::{Value, json};

use crate::support::{Browser, Natter, Script};

/// A user with a browser and a script.
struct User {
    browser: Browser,
    script: Script,
}

impl User {
    async fn sign_up(natter: &Natter, user_id: &str) -> Self {
        let browser = natter.browse_as(user_id).await;
        let script = natter.script().with_token(browser.token.as_deref().unwrap());
        Self { browser, script }
    }

    /// Sends a form to a page below the lobby.
    async fn submits(&self, page: &str, form: &[(&str, &str)]) -> crate::support::Page {
        self.browser.submit(&format!("/rooms/lobby/{page}"), form).await
    }

    /// Types this into the message box of the lobby, without JavaScript.
    async fn types(&self, text: &str) -> crate::support::Page {
        let client_id = uuid::Uuid::new_v4().to_string();
        self.submits("messages", &[("message", text), ("clientID", &client_id)]).await
    }

    async fn pins(&self, seq: u64) -> crate::support::Answer {
        self.script.put(&format!("/api/rooms/lobby/messages/{seq}/pin"), Value::Null).await
    }

    async fn saves(&self, room: &str, seq: u64) -> crate::support::Answer {
        self.script.put(&format!("/api/rooms/{room}/messages/{seq}/saved"), Value::Null).await
    }

    /// The `seq`s of a list of the API.
    async fn seqs(&self, path: &str) -> Vec<u64> {
        let list = self.script.get(path).await.is(200).json;
        list["messages"].as_array().unwrap().iter().map(|message| message["seq"].as_u64().unwrap()).collect()
    }
}

/// A request as the page's script sends it.
async fn by_script(browser: &Browser, page: &str, form: &[(&str, &str)]) -> crate::support::Page {
    let request = browser.request(reqwest::Method::POST, &format!("/rooms/lobby/{page}"));
    let request = request.header("origin", browser.url("")).header("hx-request", "true").form(form);
    crate::support::Page::of(request.send().await.unwrap()).await
}

/// The reaction in the JSON of a message.
fn reaction(emoji: &str, count: u64, mine: bool) -> Value {
    json!({ "emoji": emoji, "count": count, "mine": mine })
}
