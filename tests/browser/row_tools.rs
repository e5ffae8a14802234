//! The bar at a row, and what its buttons do.

use natter_test_support::eventually;

use super::support::{BrowserOptions, Natter, Person};

impl Person {
    /// Puts the pointer on the row of a message, and waits for the bar.
    pub async fn points_at(&self, seq: u64) {
        let row = self.finds(&format!("#messages > [data-seq='{seq}'] > .text")).await;
        self.driver.action_chain().move_to_element_center(&row).perform().await.unwrap();
        let bar = "const bar = document.querySelector('#row-tools'), { top } = bar.getBoundingClientRect();
            const row = document.querySelector(`#messages > [data-seq='SEQ']`).getBoundingClientRect();
            return !bar.hidden && top < row.bottom && top > row.top - 30"
            .replace("SEQ", &seq.to_string());
        eventually("the bar", || async { self.runs::<bool>(&bar).await.then_some(()) }).await;
    }

    /// Presses this button of the bar at a row.
    pub async fn does(&self, seq: u64, what: &str) {
        self.points_at(seq).await;
        self.finds(&format!("#row-tools [data-do='{what}']")).await.click().await.unwrap();
    }

    /// Chooses from the menu of the bar at a row.
    pub async fn chooses_at(&self, seq: u64, what: &str) {
        self.points_at(seq).await;
        self.finds("#row-tools [popovertarget='row-menu']").await.click().await.unwrap();
        self.finds(&format!("#row-menu:popover-open [data-do='{what}']")).await.click().await.unwrap();
    }
}

/// The names of the buttons that are offered.
async fn offered(person: &Person) -> Vec<String> {
    let script = "return Array.from(document.querySelectorAll('#row-tools [data-do]:not([hidden]), #row-menu [data-do]:not([hidden])'),
        (button) => button.dataset.do)";
    person.runs(script).await
}

/// Waits until the only chip of the page says this.
async fn chip(person: &Person, expected: &str, is_mine: bool) {
    let probe = || async {
        let chips = person.texts("#messages [data-emoji]").await;
        let mine = person.texts("#messages [data-emoji].mine").await;
        (chips == [expected] && mine.len() == usize::from(is_mine)).then_some(())
    };
    eventually(expected, probe).await;
}

#[tokio::test]
async fn the_bar_is_at_the_row_of_the_pointer_or_the_focus_and_offers_what_is_allowed() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let other = natter.post(&robot, "of another").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let own = natter.post(&natter.login("ann").await, "own").await;
    ann.sees("You: own").await;
    assert!(ann.runs::<bool>("return document.querySelector('#row-tools').hidden").await);
    ann.points_at(other).await;
    assert_eq!(offered(&ann).await, ["react", "reply", "unread", "thread", "pin", "save", "copyText", "copy"]);
    ann.points_at(own).await;
    assert_eq!(
        offered(&ann).await,
        ["react", "reply", "edit", "unread", "thread", "pin", "save", "copyText", "copy", "delete"]
    );
    // the focus goes to the last row, and the bar with it
    ann.points_at(other).await;
    ann.finds("#message").await.send_keys("" + thirtyfour::Key::Shift + thirtyfour::Key::Up).await.unwrap();
    let focused = "return document.activeElement.dataset.seq";
    assert_eq!(ann.runs::<String>(focused).await, own.to_string());
    assert!(offered(&ann).await.contains(&"edit".to_owned()));
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn a_reaction_is_given_from_the_bar_and_toggled_at_its_chip_in_every_tab() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let seq = natter.post(&robot, "news").await;
    let ann = natter.person("Ann").await;
    let other = natter.visitor(BrowserOptions::default()).await;
    other.log_in("ann").await;
    for page in [&ann, &other] {
        page.waits_until_connected().await;
    }
    ann.does(seq, "react").await;
    ann.finds("#row-emoji:popover-open [data-give='👍']").await.click().await.unwrap();
    ann.holds("no popover", "!document.querySelector('#row-emoji:popover-open')").await;
    for page in [&ann, &other] {
        chip(page, "👍 1", true).await;
    }
    natter.react(&robot, seq, "👍").await;
    for page in [&ann, &other] {
        chip(page, "👍 2", true).await;
    }
    ann.finds("#messages [data-emoji] > a").await.click().await.unwrap();
    for page in [&ann, &other] {
        chip(page, "👍 1", false).await;
    }
    other.finds("#messages [data-emoji] > a").await.click().await.unwrap();
    for page in [&ann, &other] {
        chip(page, "👍 2", true).await;
    }
    assert_eq!(ann.path().await, "/rooms/lobby");
    ann.closes_browser(&[]).await;
    other.closes_browser(&[]).await;
}

#[tokio::test]
async fn a_reaction_moves_nothing_takes_no_focus_announces_nothing_and_makes_nothing_unread() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let mut last = 0;
    for n in 1..=50 {
        last = natter.post(&robot, &format!("number {n}")).await;
    }
    let ann = natter.person("Ann").await;
    natter.read(&natter.login("ann").await, "lobby", last).await;
    ann.driver.refresh().await.unwrap();
    ann.waits_until_connected().await;
    ann.counts("lobby", "").await;
    let scroll = "const scroller = document.querySelector('#scroller');
        scroller.scrollTop = -(scroller.scrollHeight - scroller.clientHeight) / 2;
        document.querySelector('#message').focus();
        const { left, top, width } = scroller.getBoundingClientRect();
        window.seen = document.elementFromPoint(left + width / 2, top + 20).closest('.messages > li');
        return +window.seen.dataset.seq";
    let seen: u64 = ann.runs(scroll).await;
    // a browser scrolls by whole pixels; the rows have parts of one
    let top = "return window.seen.getBoundingClientRect().top";
    let before_top: f64 = ann.runs(top).await;
    let state = "return [document.activeElement.id,
        document.querySelector('#said').childElementCount, document.querySelector('#newer').hidden,
        document.querySelector('#sidebar [data-room=lobby]').dataset.unread, document.title].join()";
    let before: String = ann.runs(state).await;
    assert!(seen > 3 && seen < last - 3, "{seen} is in the middle");
    assert!(before.starts_with("message,0,true,0,"), "{before}");
    for seq in [1, 2, seen + 1, last - 1, last] {
        natter.react(&robot, seq, "👍").await;
        ann.finds(&format!("#messages > [data-seq='{seq}'] [data-emoji='👍']")).await;
        assert_eq!(ann.runs::<String>(state).await, before, "after a reaction to {seq}");
        let moved = ann.runs::<f64>(top).await - before_top;
        assert!(moved.abs() < 2.0, "{moved} pixels after a reaction to {seq}");
    }
    // the news of the sidebar come within a second
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    natter.take_back(&robot, last, "👍").await;
    ann.holds("no chip", &format!("!document.querySelector('#messages > [data-seq=\"{last}\"] [data-emoji]')")).await;
    assert_eq!(ann.runs::<String>(state).await, before);
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn deleting_asks_first() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let seq = natter.post(&natter.login("ann").await, "a mistake").await;
    ann.chooses_at(seq, "delete").await;
    let asked = ann.driver.get_alert_text().await.unwrap();
    assert_eq!(asked, "The text is deleted for everybody. This cannot be undone.");
    ann.driver.dismiss_alert().await.unwrap();
    ann.sees("You: a mistake").await;
    ann.chooses_at(seq, "delete").await;
    ann.driver.accept_alert().await.unwrap();
    ann.finds(&format!("#messages > [data-seq='{seq}'][data-deleted]")).await;
    assert!(!ann.list().await.contains(&"You: a mistake".to_owned()));
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn the_menu_pins_and_unpins_saves_and_copies_the_link() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let seq = natter.post(&robot, "the plan").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    ann.chooses_at(seq, "pin").await;
    ann.finds(&format!("#messages > [data-seq='{seq}'][data-pinned]")).await;
    assert_eq!(ann.texts("#messages small").await, ["pinned"]);
    ann.points_at(seq).await;
    assert!(!offered(&ann).await.contains(&"pin".to_owned()));
    ann.chooses_at(seq, "unpin").await;
    ann.finds(&format!("#messages > [data-seq='{seq}']:not([data-pinned])")).await;
    let catch = "navigator.clipboard.writeText = async (text) => { window.copied = text; }; return true";
    let _: bool = ann.runs(catch).await;
    ann.chooses_at(seq, "copy").await;
    let address = natter.url(&format!("/rooms/lobby/{seq}"));
    ann.holds("the address", &format!("window.copied === '{address}'")).await;
    ann.chooses_at(seq, "save").await;
    ann.finds(&format!("#messages > [data-seq='{seq}'][data-saved]")).await;
    natter.react(&robot, seq, "👍").await;
    ann.holds("a reaction", "document.querySelector('#messages .reactions')").await;
    assert_eq!(ann.texts("#messages small").await, ["saved"], "also after a change");
    ann.chooses_at(seq, "unsave").await;
    ann.finds(&format!("#messages > [data-seq='{seq}']:not([data-saved])")).await;
    assert_eq!(ann.texts("#messages small").await.len(), 0);
    ann.chooses_at(seq, "save").await;
    ann.finds(&format!("#messages > [data-seq='{seq}'][data-saved]")).await;
    ann.driver.refresh().await.unwrap();
    assert_eq!(ann.texts("#messages small").await, ["saved"]);
    let saved = || async {
        ann.goes_to("/saved").await;
        ann.texts(".messages .text").await.contains(&"the plan".to_owned()).then_some(())
    };
    eventually("a saved message", saved).await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn at_an_address_that_is_no_secure_context_the_link_is_copied_too() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let seq = natter.post(&robot, "the plan").await;
    let ann = natter.visitor(BrowserOptions { plain_address: true, ..BrowserOptions::default() }).await;
    ann.sign_up(&natter, "Ann").await;
    ann.waits_until_connected().await;
    assert!(ann.runs::<bool>("return !navigator.clipboard").await);
    let catch = "addEventListener('copy', ({ target }) => { window.copied = target.value; }); return true";
    let _: bool = ann.runs(catch).await;
    ann.chooses_at(seq, "copy").await;
    let path = format!("/rooms/lobby/{seq}");
    ann.holds("the address", &format!("window.copied === location.origin + '{path}'")).await;
    ann.closes_browser(&["Cross-Origin-Opener-Policy"]).await;
}
