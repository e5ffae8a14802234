//! A page that was away while its room changed.

use std::time::Duration;

use natter_test_support::{eventually, until};

use super::support::{BrowserOptions, Natter, Person, Proxy, Random};

/// A page under a burst of changes may be behind for longer than others.
const LIMIT: Duration = Duration::from_secs(90);
const EMOJI: [&str; 5] = ["👍", "🎉", "❤️", "😄", "👀"];
const TEXTS: [&str; 12] = [
    "plain words",
    "*emphasis*, **more**, `code` and ~~less~~",
    "```rust\nfn main() {}\n```",
    "> a quote\n\nand an answer",
    "- one\n- two\n  - three",
    "|a|b|\n|-|-|\n|1|[2](https://example.com)|",
    "@ann, look",
    "@cyd or @room?",
    "🎉",
    "/me waves",
    "<b>no markup</b> & no &amp; entity",
    "two\nlines with https://example.org/?a=1&b=2",
];

/// A message that is not deleted.
struct Post {
    seq: u64,
    author: usize,
    is_pinned: bool,
    /// Who gave which emoji, as indexes.
    given: Vec<(usize, usize)>,
}

/// Changes the lobby at random, by several users.
struct Writers {
    tokens: Vec<String>,
    random: Random,
    posts: Vec<Post>,
    changes: usize,
}

impl Writers {
    async fn change(&mut self, natter: &Natter) {
        self.changes += 1;
        let kind = self.below(20);
        if kind < 3 || self.posts.is_empty() {
            return self.post(natter).await;
        }
        // mostly recent ones
        let age = if self.below(4) == 0 { self.posts.len() } else { self.posts.len().min(12) };
        let which = self.posts.len() - 1 - self.below(age);
        let who = self.below(self.tokens.len());
        let Post { seq, author, is_pinned, .. } = self.posts[which];
        let text = self.text();
        match kind {
            3..6 => {
                let reply = natter.reply(&self.tokens[who], seq, &text).await;
                self.add(reply, who);
            }
            6..9 => natter.edit(&self.tokens[author], seq, &text).await,
            9 => {
                natter.delete(&self.tokens[author], seq).await;
                self.posts.remove(which);
            }
            10..12 if is_pinned => {
                natter.unpin(&self.tokens[who], seq).await;
                self.posts[which].is_pinned = false;
            }
            10 if self.posts.iter().filter(|post| post.is_pinned).count() < 50 => {
                natter.pin(&self.tokens[who], seq).await;
                self.posts[which].is_pinned = true;
            }
            _ => self.react(natter, which, who).await,
        }
    }

    /// Gives an emoji, or takes it back if the user has given it.
    async fn react(&mut self, natter: &Natter, which: usize, who: usize) {
        let emoji = self.below(EMOJI.len());
        let Post { seq, given, .. } = &mut self.posts[which];
        if let Some(index) = given.iter().position(|&one| one == (who, emoji)) {
            given.remove(index);
            natter.take_back(&self.tokens[who], *seq, EMOJI[emoji]).await;
        } else {
            given.push((who, emoji));
            natter.react(&self.tokens[who], *seq, EMOJI[emoji]).await;
        }
    }

    async fn post(&mut self, natter: &Natter) {
        let (who, text) = (self.below(self.tokens.len()), self.text());
        let seq = natter.post(&self.tokens[who], &text).await;
        self.add(seq, who);
    }

    fn add(&mut self, seq: u64, author: usize) {
        self.posts.push(Post { seq, author, is_pinned: false, given: Vec::new() });
    }

    /// A text that no other change has.
    fn text(&mut self) -> String {
        let text = TEXTS[self.below(TEXTS.len())];
        if text == "🎉" { text.to_owned() } else { format!("{text}\n\nchange {}", self.changes) }
    }

    fn below(&mut self, end: usize) -> usize {
        self.random.below(end as u64) as usize
    }
}

/// Loads the whole log, scrolls back to its end, and makes the rows around the "new" line those of a page without it.
async fn loads_all(person: &Person) {
    let scroll = "
        const scroller = document.querySelector('#scroller'), list = document.querySelector('#messages');
        const isLater = !!list.querySelector(':scope > .later');
        scroller.scrollTop = isLater ? 0 : -scroller.scrollHeight;
        return !isLater && !list.querySelector(':scope > .older');";
    eventually("the whole log", || async { person.runs::<bool>(scroll).await.then_some(()) }).await;
    let script = "
        const line = document.querySelector('#new'), next = line?.nextElementSibling;
        line?.remove();
        if (next) natter.rows.groupAround(next);
        // rows that were the first when older ones came have kept their name
        for (const row of document.querySelectorAll('#messages > .message')) row.keepsName = false;
        natter.rows.groupAll(document.querySelector('#messages'));
        natter.list.toEnd(document.querySelector('#messages'));
        return true;";
    let _: bool = person.runs(script).await;
}

async fn head(person: &Person) -> u64 {
    person.runs("return +document.querySelector('#room').dataset.head").await
}

/// Waits until the page has exactly these rows.
async fn has_rows(person: &Person, what: &str, expected: &[String]) {
    let mut rows = Vec::new();
    for _ in 0..50 {
        rows = person.rows().await;
        if rows == expected {
            return;
        }
        // an own mark comes after its message
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    for (row, expected) in rows.iter().zip(expected) {
        assert_eq!(row, expected, "{what}");
    }
    assert_eq!(rows.len(), expected.len(), "{what}");
}

#[tokio::test]
async fn a_reader_who_was_away_during_1_000_changes_has_the_page_of_one_who_was_there() {
    let mut natter = Natter::start().await;
    let random = Random::new();
    let proxy = Proxy::start(natter.port(), &random).await;
    let mut tokens = vec![natter.token("robot").await, natter.token("cyd").await];
    let present = natter.person("Ann").await;
    tokens.push(natter.login("ann").await);
    let mut writers = Writers { tokens, random, posts: Vec::new(), changes: 0 };
    for _ in 0..30 {
        writers.post(&natter).await;
    }
    let away = natter.visitor(BrowserOptions { port: Some(proxy.port), ..BrowserOptions::default() }).await;
    away.log_in("ann").await;
    for page in [&present, &away] {
        page.waits_until_connected().await;
        loads_all(page).await;
    }
    // what was missed is read from the ring; after a restart from the store; and if it is more, the room is fetched anew
    for (missed, restarts, is_refetched) in [(500, false, false), (900, true, false), (1100, true, true)] {
        let mark = "window.before = natter.room(); return true";
        let _: bool = away.runs(mark).await;
        proxy.set_cut(true);
        away.holds("no connection", "!natter.isOpen()").await;
        for _ in 0..missed {
            writers.change(&natter).await;
        }
        let last = natter.post(&writers.tokens[0], &format!("the end of {missed}")).await;
        let is_there = format!("return !!document.querySelector('#messages > [data-seq=\"{last}\"]')");
        until("the end, where it is live", LIMIT, async || present.runs::<bool>(&is_there).await).await;
        assert!(away.rows().await.len() < present.rows().await.len(), "it was away");
        if restarts {
            natter.kill();
            natter.start_again();
            present.waits_until_connected().await;
        }
        proxy.set_cut(false);
        let _: bool = away.runs("document.dispatchEvent(new Event('visibilitychange')); return true").await;
        let end = head(&present).await;
        until("the end, where it was missed", LIMIT, async || head(&away).await == end).await;
        assert_eq!(away.runs::<bool>("return natter.room() !== window.before").await, is_refetched);
        for page in [&present, &away] {
            loads_all(page).await;
        }
        let expected = present.rows().await;
        assert!(expected.iter().any(|row| row.contains("mine")) && expected.iter().any(|row| row.contains("me\"")));
        has_rows(&away, &format!("after {missed} changes"), &expected).await;
    }
    // nor does any of them differ from a page that is loaded now
    let expected = present.rows().await;
    away.driver.refresh().await.unwrap();
    away.waits_until_connected().await;
    loads_all(&away).await;
    has_rows(&away, "a fresh page", &expected).await;
    for page in [present, away] {
        page.closes_browser(&["WebSocket connection to", "htmx: htmx:ws:error", "net::ERR_"]).await;
    }
}
