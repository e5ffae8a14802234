//! A person with a browser.

use std::path::Path;

use natter_test_support::eventually;
use serde_json::{Value, json};
use thirtyfour::{common::log::LoggingPrefsLogLevel, prelude::*};

use super::{Natter, natter::capitalized};

pub const PASSWORD: &str = "correct horse battery";
/// Where the chat opens.
pub const LOBBY: &str = "/rooms/lobby";

/// How a browser is set up.
#[derive(Debug, Clone, Copy, Default)]
pub struct BrowserOptions {
    /// Turns JavaScript off.
    pub no_script: bool,
    /// Opens natter under a host name that is no secure context, like an address in the local network.
    pub plain_address: bool,
    /// Makes the window as narrow as a phone.
    pub narrow: bool,
    /// Opens natter under this port, where a [`Proxy`](super::Proxy) is, and not under its own.
    pub port: Option<u16>,
}

pub struct Person {
    pub driver: WebDriver,
    base: String,
    /// Where chromedriver takes commands of the DevTools protocol.
    devtools: String,
    /// The browser's profile, which no other browser uses.
    profile: tempfile::TempDir,
}

impl Drop for Person {
    /// Ends the browser. A test that fails does not close its browsers, and chromedriver may leave them running.
    fn drop(&mut self) {
        let argument = format!("--user-data-dir={}", self.profile.path().display());
        if let Err(error) = std::process::Command::new("pkill").args(["-f", "--", &argument]).status() {
            eprintln!("pkill: {error}; a browser may still run. tests/run installs pkill");
        }
    }
}

impl Person {
    pub(super) async fn open(natter: &Natter, options: BrowserOptions) -> Self {
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
        chrome.add_arg(if options.narrow { "--window-size=400,800" } else { "--window-size=1100,800" }).unwrap();
        chrome.set_browser_log_level(LoggingPrefsLogLevel::All).unwrap();
        if options.no_script {
            let off = json!({ "profile.managed_default_content_settings.javascript": 2 });
            chrome.add_experimental_option("prefs", off).unwrap();
        }
        let driver = WebDriver::new(natter.driver_url(), chrome).await.expect("Chromium starts");
        let host = if options.plain_address { "natter.test" } else { "localhost" };
        let devtools = format!("{}/session/{}/goog/cdp/execute", natter.driver_url(), driver.session_id());
        Self { driver, devtools, base: format!("http://{host}:{}", options.port.unwrap_or(natter.port())), profile }
    }

    /// The number of DOM nodes, and the bytes of the JavaScript heap, after a garbage collection.
    pub async fn memory(&self) -> (f64, f64) {
        self.commands("Performance.enable", json!({})).await;
        self.commands("HeapProfiler.collectGarbage", json!({})).await;
        let metrics = self.commands("Performance.getMetrics", json!({})).await;
        let metric = |name: &str| {
            let metrics = metrics["value"]["metrics"].as_array().unwrap();
            metrics.iter().find(|metric| metric["name"] == name).unwrap()["value"].as_f64().unwrap()
        };
        (metric("Nodes"), metric("JSHeapUsedSize"))
    }

    /// The directory of the browser's profile.
    pub fn profile(&self) -> &Path {
        self.profile.path()
    }

    /// Gives the present tab the focus, which the driver leaves where it was.
    pub async fn comes_to_front(&self) {
        self.commands("Page.bringToFront", json!({})).await;
    }

    /// Sets what the device prefers: `light` or `dark`.
    pub async fn prefers_colors(&self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.commands("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Makes the processor slower by this factor.
    pub async fn throttles(&self, factor: f64) {
        self.commands("Emulation.setCPUThrottlingRate", json!({ "rate": factor })).await;
    }

    /// Gives the page this size, which can be smaller than that of a window.
    pub async fn is_wide(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.commands("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Sends a command of the DevTools protocol.
    pub async fn commands(&self, command: &str, params: Value) -> Value {
        let body = json!({ "cmd": command, "params": params });
        let response = reqwest::Client::new().post(&self.devtools).json(&body).send().await.unwrap();
        response.json().await.unwrap()
    }

    /// Opens a page of the chat server.
    pub async fn goes_to(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.base)).await.unwrap();
    }

    /// The path and query of the present page.
    pub async fn path(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    /// Waits until the present page has this path and query.
    pub async fn reaches(&self, path: &str) {
        eventually(&format!("at {path}"), || async { (self.path().await == path).then_some(()) }).await;
    }

    /// Waits until the present page has exactly this URL.
    pub async fn arrives_at(&self, url: &str) {
        let probe = || async { (self.driver.current_url().await.unwrap().as_str() == url).then_some(()) };
        eventually(&format!("at {url}"), probe).await;
    }

    /// Signs up as `name` and waits for the chat page.
    pub async fn sign_up(&self, natter: &Natter, name: &str) {
        let user_id = name.to_lowercase();
        if natter.users == natter.url("") {
            self.goes_to("/signup").await;
        } else {
            self.driver.goto(format!("{}/signup", natter.users)).await.unwrap();
        }
        self.fills("userID", &user_id).await;
        self.fills("name", &capitalized(&user_id)).await;
        self.fills("email", &format!("{user_id}@example.org")).await;
        self.fills("password", PASSWORD).await;
        self.finds("form[action='/signup'] button").await.click().await.unwrap();
        self.finds("#room").await;
    }

    /// Logs in as `name`, who has signed up elsewhere, and waits for the chat page.
    pub async fn log_in(&self, name: &str) {
        self.goes_to("/login").await;
        self.fills("userID", &name.to_lowercase()).await;
        self.fills("password", PASSWORD).await;
        self.finds("form[action='/login'] button").await.click().await.unwrap();
        self.finds("#room").await;
    }

    /// Waits for an element that matches.
    pub async fn finds(&self, css: &str) -> WebElement {
        eventually(css, || async { self.driver.find(By::Css(css)).await.ok() }).await
    }

    /// The texts of all elements that match.
    pub async fn texts(&self, css: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for element in self.driver.find_all(By::Css(css)).await.unwrap() {
            // an element that was replaced meanwhile has no text
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

    /// Replaces the content of an input.
    pub async fn fills(&self, name: &str, value: &str) {
        let input = self.finds(&format!("main [name='{name}']:not([type='hidden'])")).await;
        input.clear().await.unwrap();
        input.send_keys(value).await.unwrap();
    }

    /// The content of an input.
    pub async fn value(&self, name: &str) -> String {
        let input = self.finds(&format!("main [name='{name}']:not([type='hidden'])")).await;
        input.value().await.unwrap().unwrap_or_default()
    }

    /// Opens a room by its link in the sidebar.
    pub async fn opens(&self, room: &str) {
        // the address changes before the page: without the mark, the next step could still meet the room before
        self.driver.execute("document.getElementById('room')?.setAttribute('data-left', '')", vec![]).await.unwrap();
        self.finds(&format!("#sidebar [data-room='{room}'] > a")).await.click().await.unwrap();
        self.reaches(&format!("/rooms/{room}")).await;
        self.finds("#room:not([data-left])").await;
    }

    /// Clicks the button or link with this text or label.
    pub async fn presses(&self, text: &str) {
        let xpath = format!("//*[self::button or self::a][normalize-space()='{text}' or @aria-label='{text}']");
        // the element may be replaced between the search and the click: try again
        let click = || async {
            let found = self.driver.find(By::XPath(xpath.as_str())).await.ok()?;
            found.click().await.ok()
        };
        eventually(&format!("{text:?} to click"), click).await;
    }

    /// Chooses from the user's own menu, which is at the foot of the sidebar.
    pub async fn chooses(&self, text: &str) {
        let menu = self.finds("#menu").await;
        if menu.is_displayed().await.unwrap() {
            menu.click().await.unwrap();
        }
        self.finds(".own-menu:not([open]) > summary").await.click().await.unwrap();
        self.presses(text).await;
    }

    /// Writes a message and presses Enter.
    pub async fn says(&self, message: &str) {
        self.fills("message", message).await;
        self.finds("#message").await.send_keys("" + Key::Enter).await.unwrap();
    }

    /// Waits until the list has this message or notice, without what belongs to it.
    pub async fn sees(&self, text: &str) {
        let probe = || async { self.list().await.iter().any(|line| line == text).then_some(()) };
        eventually(&format!("{text:?} in the list"), probe).await;
    }

    /// The list of messages and notices, each without its time, quote, files, replies and reactions.
    pub async fn list(&self) -> Vec<String> {
        let script = "return Array.from(document.querySelectorAll('#messages > li:not([hidden], .older, .later, .new-line, .day)'), (item) => {
            const copy = item.cloneNode(true);
            for (const part of copy.querySelectorAll('time, small, :scope > blockquote, .files, .replies, .reactions')) part.remove();
            return copy.textContent.trim();
        });";
        self.runs(script).await
    }

    /// The HTML of each row of the log that is loaded. The places of deleted messages do not count, which a page from the
    /// server does not have; nor do the order of attributes, empty classes and what htmx and the page's own focus leave.
    pub async fn rows(&self) -> Vec<String> {
        let script =
            "return Array.from(document.querySelectorAll('#messages > [data-seq]:not([data-deleted])'), (row) => {
            const copy = row.cloneNode(true);
            copy.removeAttribute('tabindex');
            for (const one of [copy, ...copy.querySelectorAll('*')]) {
                one.classList.remove('htmx-added');
                if (!one.classList.length) one.removeAttribute('class');
                const all = [...one.attributes].map(({ name, value }) => [name, value]).sort();
                for (const [name] of all) one.removeAttribute(name);
                for (const [name, value] of all) one.setAttribute(name, value);
            }
            return copy.outerHTML;
        });";
        self.runs(script).await
    }

    /// Waits until the page has an open socket and, in the lobby, a roster.
    pub async fn waits_until_connected(&self) {
        let script = "const roster = document.querySelector('#roster');
            return natter.isOpen() && !document.querySelector('#status:not([hidden])') && (!roster || !!roster.querySelector('li'));";
        eventually("a connection", || async { self.runs::<bool>(script).await.then_some(()) }).await;
    }

    /// Waits until this JavaScript expression is true.
    pub async fn holds(&self, what: &str, condition: &str) {
        let script = format!("return !!({condition})");
        eventually(what, || async { self.runs::<bool>(&script).await.then_some(()) }).await;
    }

    /// Waits until the sidebar has the room, with this count beside it; empty: none.
    pub async fn counts(&self, room: &str, count: &str) {
        let shown =
            || async { (self.texts(&format!("#sidebar [data-room='{room}'] .count")).await == [count]).then_some(()) };
        eventually(&format!("the count {count:?} of {room}"), shown).await;
    }

    /// Runs JavaScript and returns its result.
    pub async fn runs<T: serde::de::DeserializeOwned>(&self, script: &str) -> T {
        self.driver.execute(script, Vec::new()).await.unwrap().convert().unwrap()
    }

    /// Closes the browser. Panics if its console has an error or warning that contains none of `expected`.
    pub async fn closes_browser(self, expected: &[&str]) {
        let console = self.driver.browser_log().await.unwrap();
        let unexpected: Vec<_> = console
            .iter()
            .filter(|entry| matches!(entry.level.as_str(), "SEVERE" | "WARNING"))
            .filter(|entry| !expected.iter().any(|known| entry.message.contains(known)))
            .collect();
        assert!(unexpected.is_empty(), "unexpected on the console: {unexpected:#?}");
        self.driver.clone().quit().await.unwrap();
    }
}
