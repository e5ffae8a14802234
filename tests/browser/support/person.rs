//! Somebody in front of a browser.

use thirtyfour::{common::log::LoggingPrefsLogLevel, prelude::*};

use super::{Natter, eventually, natter::capital};

pub const PASSWORD: &str = "correct horse battery";

/// How somebody's browser is set up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    /// JavaScript off.
    pub no_script: bool,
    /// natter under a name that is no secure context, as an address in the local network is none.
    pub plain_address: bool,
    pub narrow: bool,
}

pub struct Person {
    pub driver: WebDriver,
    base: String,
    /// A browser's profile: nobody shares it.
    profile: tempfile::TempDir,
}

impl Drop for Person {
    /// A test that fails does not get to close its browsers, and chromedriver leaves them running.
    fn drop(&mut self) {
        let ours = format!("--user-data-dir={}", self.profile.path().display());
        if let Err(why) = std::process::Command::new("pkill").args(["-f", "--", &ours]).status() {
            eprintln!("pkill: {why}; a browser may be left: tests/run installs what is missing");
        }
    }
}

impl Person {
    pub(super) async fn open(natter: &Natter, look: Look) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut chrome = DesiredCapabilities::chrome();
        for arg in [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--host-resolver-rules=MAP natter.test 127.0.0.1",
        ] {
            chrome.add_arg(arg).unwrap();
        }
        chrome.add_arg(&format!("--user-data-dir={}", profile.path().display())).unwrap();
        chrome.add_arg(if look.narrow { "--window-size=400,800" } else { "--window-size=1100,800" }).unwrap();
        chrome.set_browser_log_level(LoggingPrefsLogLevel::All).unwrap();
        if look.no_script {
            let off = serde_json::json!({ "profile.managed_default_content_settings.javascript": 2 });
            chrome.add_experimental_option("prefs", off).unwrap();
        }
        let driver = WebDriver::new(natter.driver_url(), chrome).await.expect("Chromium starts");
        let host = if look.plain_address { "natter.test" } else { "localhost" };
        Self { driver, base: format!("http://{host}:{}", natter.port()), profile }
    }

    pub async fn goes_to(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.base)).await.unwrap();
    }

    pub async fn path(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    pub async fn reaches(&self, path: &str) {
        eventually(&format!("at {path}"), || async { (self.path().await == path).then_some(()) }).await;
    }

    /// Waits until the browser is at this whole address.
    pub async fn arrives(&self, url: &str) {
        let look = || async { (self.driver.current_url().await.unwrap().as_str() == url).then_some(()) };
        eventually(&format!("at {url}"), look).await;
    }

    /// Signs up as `name` and waits for the chat.
    pub async fn sign_up(&self, natter: &Natter, name: &str) {
        let user_id = name.to_lowercase();
        if natter.users == natter.url("") {
            self.goes_to("/signup").await;
        } else {
            self.driver.goto(format!("{}/signup", natter.users)).await.unwrap();
        }
        self.fills("userID", &user_id).await;
        self.fills("name", &capital(&user_id)).await;
        self.fills("email", &format!("{user_id}@example.org")).await;
        self.fills("password", PASSWORD).await;
        self.presses("Sign up").await;
        self.finds("#chat").await;
    }

    pub async fn finds(&self, css: &str) -> WebElement {
        eventually(css, || async { self.driver.find(By::Css(css)).await.ok() }).await
    }

    /// The texts of all elements that match, as they are shown.
    pub async fn texts(&self, css: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for element in self.driver.find_all(By::Css(css)).await.unwrap() {
            // one that was replaced meanwhile is not there any more
            if let Ok(Some(text)) = element.prop("textContent").await {
                texts.push(text.trim().to_owned());
            }
        }
        texts
    }

    /// The text of the first element that matches, if there is one.
    pub async fn text(&self, css: &str) -> String {
        self.texts(css).await.into_iter().next().unwrap_or_default()
    }

    pub async fn fills(&self, name: &str, value: &str) {
        let input = self.finds(&format!("main [name='{name}']:not([type='hidden'])")).await;
        input.clear().await.unwrap();
        input.send_keys(value).await.unwrap();
    }

    pub async fn value(&self, name: &str) -> String {
        let input = self.finds(&format!("main [name='{name}']:not([type='hidden'])")).await;
        input.value().await.unwrap().unwrap_or_default()
    }

    /// Presses the button, or follows the link, that says this.
    pub async fn presses(&self, text: &str) {
        let xpath = format!("//*[self::button or self::a][normalize-space()='{text}']");
        // found and replaced before the click: look again
        let press = || async {
            let found = self.driver.find(By::XPath(xpath.as_str())).await.ok()?;
            found.click().await.ok()
        };
        eventually(&format!("{text:?} to press"), press).await;
    }

    /// Writes a message and presses Enter.
    pub async fn says(&self, message: &str) {
        self.fills("message", message).await;
        self.finds("#message").await.send_keys("" + Key::Enter).await.unwrap();
    }

    /// Waits for a message or notice, without its time.
    pub async fn sees(&self, text: &str) {
        let look = || async { self.list().await.iter().any(|line| line == text).then_some(()) };
        eventually(&format!("{text:?} in the list"), look).await;
    }

    /// The list of messages and notices, each without its time.
    pub async fn list(&self) -> Vec<String> {
        let script = "return Array.from(document.querySelectorAll('#messages > li:not([hidden], .older)'), (item) => {
            const copy = item.cloneNode(true);
            copy.querySelector('time')?.remove();
            return copy.textContent.trim();
        });";
        self.runs(script).await
    }

    pub async fn waits_until_connected(&self) {
        let script = "return document.querySelector('#status').hidden && !!document.querySelector('#here li');";
        eventually("a connection", || async { self.runs::<bool>(script).await.then_some(()) }).await;
    }

    pub async fn runs<T: serde::de::DeserializeOwned>(&self, script: &str) -> T {
        self.driver.execute(script, Vec::new()).await.unwrap().convert().unwrap()
    }

    /// Closes the browser; its console may hold errors that contain one of `expected`, and no others.
    pub async fn leaves(self, expected: &[&str]) {
        let console = self.driver.browser_log().await.unwrap();
        let surprises: Vec<_> = console
            .iter()
            .filter(|entry| matches!(entry.level.as_str(), "SEVERE" | "WARNING"))
            .filter(|entry| !expected.iter().any(|known| entry.message.contains(known)))
            .collect();
        assert!(surprises.is_empty(), "on the console: {surprises:#?}");
        self.driver.clone().quit().await.unwrap();
    }
}
