//! axe finds nothing on any page, and the console is empty, in both themes and both languages.

use std::time::Duration;

use natter_test_support::poll;
use serde_json::json;

use super::{
    axe::{Axe, Rules},
    pages::{self, Page},
    site::Site,
    states::{self, State, TOOLS, WIDE},
};
use crate::support::{BrowserOptions, Person};

const LANGUAGES: [&str; 2] = ["en", "de"];

/// A browser that goes from page to page, and what it has found.
struct Checker<'a> {
    axe: &'a Axe,
    person: Person,
    language: &'static str,
    width: u32,
    found: Vec<String>,
}

impl Checker<'_> {
    /// Checks the present page in both themes. `expected`: a part of the messages that the console may have.
    async fn checks(&mut self, name: &str, expected: &str) {
        let Self { axe, person, language, found, .. } = self;
        for entry in person.driver.browser_log().await.unwrap() {
            let is_expected = !expected.is_empty() && entry.message.contains(expected);
            if !is_expected {
                found.push(format!("{name} ({language}): console, {}: {}", entry.level, entry.message));
            }
        }
        for theme in ["light", "dark"] {
            let features = json!([{ "name": "prefers-color-scheme", "value": theme }, { "name": "prefers-reduced-motion", "value": "reduce" }]);
            person.commands("Emulation.setEmulatedMedia", json!({ "features": features })).await;
            // a theme is colours only: the other rules find the same in both
            let rules = if theme == "light" { Rules::All } else { Rules::OfColors };
            let violations = axe.check(person, rules).await;
            found.extend(violations.iter().map(|violation| format!("{name} ({language}, {theme}): {violation}")));
        }
    }

    async fn opens(&mut self, page: &Page) {
        self.person.goes_to(&page.path).await;
        self.waits().await;
        let language: String = self.person.runs("return document.documentElement.lang").await;
        assert_eq!(language, self.language, "{}", page.name);
        let status = "return performance.getEntriesByType('navigation')[0].responseStatus";
        assert_eq!(self.person.runs::<u16>(status).await, page.status, "{} at {}", page.name, page.path);
        let expected = if page.status == 200 { String::new() } else { format!("status of {}", page.status) };
        self.checks(page.name, &expected).await;
    }

    async fn leads_to(&mut self, state: &State) {
        if self.width != state.width {
            self.person.is_wide(state.width, 800).await;
            self.width = state.width;
        }
        // what a tab keeps (drafts, messages not sent) is not for the next state
        let _: Option<bool> = self.person.runs("sessionStorage.clear()").await;
        self.person.goes_to(&state.path).await;
        self.waits().await;
        let _: Option<bool> = self.person.runs(&format!("{TOOLS}\n{}; return true", state.act)).await;
        let ready = format!("return !!({})", state.ready);
        let is_ready = async || self.person.runs::<bool>(&ready).await.then_some(());
        if poll(Duration::from_millis(20), Duration::from_secs(10), is_ready).await.is_none() {
            self.found.push(format!("{} ({}): this state is not reached", state.name, self.language));
        }
        self.checks(state.name, state.expected).await;
    }

    /// Waits until the script of the page, if it has one, is connected.
    async fn waits(&self) {
        let ready = "typeof natter === 'undefined' || natter.isOpen()";
        self.person.holds("a connection", ready).await;
    }
}

async fn checks_in(site: &Site, axe: &Axe, language: usize) -> Vec<String> {
    let person = site.natter.visitor(BrowserOptions::default()).await;
    person.commands("Network.enable", json!({})).await;
    let headers = json!({ "headers": { "Accept-Language": LANGUAGES[language] } });
    person.commands("Network.setExtraHTTPHeaders", headers).await;
    let mut checker = Checker { axe, person, language: LANGUAGES[language], width: 0, found: Vec::new() };
    checker.person.goes_to("/login").await;
    for page in pages::of_visitors() {
        checker.opens(&page).await;
    }
    for state in states::of_visitors() {
        checker.leads_to(&state).await;
    }
    checker.person.is_wide(WIDE, 800).await;
    checker.person.log_in("ann").await;
    for page in pages::of_ann(site, &site.news[language]) {
        checker.opens(&page).await;
    }
    for state in states::of_ann(site) {
        checker.leads_to(&state).await;
    }
    checker.person.driver.clone().quit().await.unwrap();
    checker.found
}

#[tokio::test]
async fn no_page_or_state_breaks_a_rule_or_writes_to_the_console() {
    let (site, axe) = (Site::start().await, Axe::load());
    let (english, german) = tokio::join!(checks_in(&site, &axe, 0), checks_in(&site, &axe, 1));
    let found = [english, german].concat();
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n"));
}
