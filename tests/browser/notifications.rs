//! Notifications and the sound while a page is open.

use natter_test_support::eventually;
use serde_json::json;

use super::support::{BrowserOptions, LOBBY, Natter, Person};

/// Takes the place of the browser's notifications, and notes what is shown, asked for and played.
const STUB: &str = "
    window.notes = [];
    window.tones = 0;
    window.Notification = class {
        static get permission() { return localStorage.getItem('stub') ?? 'default'; }
        static async requestPermission() {
            const asked = +(localStorage.getItem('asked') ?? 0) + 1;
            localStorage.setItem('asked', asked);
            if (this.permission === 'default') localStorage.setItem('stub', 'granted');
            return this.permission;
        }
        constructor(title, options) { window.notes.push(Object.assign(this, options, { title })); }
        close() { this.isClosed = true; }
    };
    const { createOscillator } = AudioContext.prototype;
    AudioContext.prototype.createOscillator = function () { window.tones++; return createOscillator.call(this); };";

/// Every page of the present tab has the stub.
async fn has_stub(person: &Person) {
    person.commands("Page.addScriptToEvaluateOnNewDocument", json!({ "source": STUB })).await;
}

/// Ticks the boxes of these names on the page of the notifications, and opens the lobby.
async fn turns_on(person: &Person, boxes: &[&str]) {
    has_stub(person).await;
    person.goes_to("/notifications").await;
    for name in boxes {
        person.finds(&format!("#notifications [name={name}]")).await.click().await.unwrap();
        person.holds("a box that is ticked", &format!("localStorage.getItem('natter.{name}') === 'on'")).await;
    }
    person.opens("lobby").await;
    person.waits_until_connected().await;
}

/// The title and the text of each notification.
async fn notes(person: &Person) -> Vec<String> {
    person.runs("return window.notes.map(({ title, body }) => `${title}: ${body}`)").await
}

async fn is_notified(person: &Person, expected: &[&str]) {
    let probe = || async { (notes(person).await == expected).then_some(()) };
    eventually(&format!("notifications {expected:?}"), probe).await;
}

async fn is_hidden(person: &Person, is: bool) {
    let script = format!(
        "Object.defineProperty(document, 'hidden', {{ configurable: true, value: {is} }});
        document.dispatchEvent(new Event('visibilitychange'));
        return true;"
    );
    person.runs::<bool>(&script).await;
}

fn sorted(mut notes: Vec<String>) -> Vec<String> {
    notes.sort();
    notes
}

#[tokio::test]
async fn the_browser_is_asked_by_a_box_of_the_settings_only() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    let room = natter.room(&robot, "design", "open", &["ann"]).await;
    has_stub(&ann).await;
    ann.goes_to(LOBBY).await;
    ann.waits_until_connected().await;
    natter.post_to(&robot, &room, "@ann hello").await;
    ann.counts(&room, "1").await;
    ann.goes_to("/account").await;
    ann.presses("Set up notifications").await;
    ann.reaches("/notifications").await;
    let state = "return [...document.querySelectorAll('#notifications input')].map((box) => box.checked)";
    ann.finds("#notifications").await;
    assert_eq!(ann.runs::<Vec<bool>>(state).await, [false, false]);
    assert!(ann.runs::<bool>("return localStorage.getItem('asked') === null && window.notes.length === 0").await);
    ann.finds("#notifications [name=desktop]").await.click().await.unwrap();
    ann.holds("the permission", "localStorage.getItem('asked') === '1' && Notification.permission === 'granted'").await;
    ann.driver.refresh().await.unwrap();
    ann.finds("#notifications").await;
    assert_eq!(ann.runs::<Vec<bool>>(state).await, [true, false]);
    // the permission is taken back in the browser's own settings
    ann.runs::<bool>("localStorage.setItem('stub', 'denied'); dispatchEvent(new Event('focus')); return true").await;
    assert_eq!(ann.runs::<Vec<bool>>(state).await, [false, false]);
    let hints =
        "return [...document.querySelectorAll('#notifications p:not([hidden])')].map((hint) => hint.dataset.when)";
    assert_eq!(ann.runs::<Vec<String>>(hints).await, ["denied"]);
    ann.closes_browser(&[]).await;

    let ben = natter.visitor(BrowserOptions { plain_address: true, ..BrowserOptions::default() }).await;
    ben.sign_up(&natter, "Ben").await;
    ben.goes_to("/notifications").await;
    ben.finds("#notifications").await;
    assert_eq!(ben.runs::<Vec<String>>(hints).await, ["none"]);
    ben.holds("boxes that are off", "document.querySelectorAll('#notifications input:disabled').length === 2").await;
    ben.closes_browser(&["Cross-Origin-Opener-Policy"]).await;
}

#[tokio::test]
async fn rooms_notify_by_their_level_but_not_the_one_that_is_read() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    let own = natter.login("ann").await;
    let mut rooms = Vec::new();
    for (name, level) in [("design", "mentions"), ("news", "everything"), ("noise", "nothing")] {
        let room = natter.room(&robot, name, "open", &["ann"]).await;
        natter.set_level(&own, &room, level).await;
        rooms.push(room);
    }
    let [design, news, noise] = [&rooms[0], &rooms[1], &rooms[2]];
    turns_on(&ann, &["desktop", "sound"]).await;
    natter.post_to(&robot, design, "for nobody").await;
    natter.post_to(&robot, noise, "@ann not wanted").await;
    natter.post(&robot, "@ann here").await;
    ann.sees("Robot: @ann here").await;
    ann.counts(design, "1").await;
    ann.counts(noise, "1").await;
    natter.post_to(&robot, design, "@ann **look**").await;
    is_notified(&ann, &["Robot · design: @ann look"]).await;
    natter.post_to(&own, news, "my own").await;
    natter.post_to(&robot, news, "for all").await;
    is_notified(&ann, &["Robot · design: @ann look", "Robot · news: for all"]).await;
    // a conversation that was not in the list
    let direct = natter.direct(&robot, &["ann"]).await;
    let seq = natter.post_to(&robot, &direct, "for you").await;
    let all = ["Robot · design: @ann look", "Robot · news: for all", "Robot: for you"];
    is_notified(&ann, &all).await;
    assert_eq!(ann.runs::<u32>("return window.tones").await, 3);
    let tags: Vec<String> = ann.runs("return window.notes.map(({ tag }) => tag)").await;
    assert_eq!(tags, [design.as_str(), news, &direct]);
    // the click opens the message
    ann.runs::<bool>("window.notes.at(-1).onclick(); return true").await;
    ann.reaches(&format!("/rooms/{direct}/{seq}")).await;
    ann.sees("Robot: for you").await;
    // the lobby is no longer read, nor is any room while the page is hidden
    natter.post(&robot, "@ann again").await;
    is_notified(&ann, &[&all[..], &["Robot · Lobby: @ann again"]].concat()).await;
    is_hidden(&ann, true).await;
    natter.post_to(&robot, &direct, "are you there").await;
    is_notified(&ann, &[&all[..], &["Robot · Lobby: @ann again", "Robot: are you there"]].concat()).await;
    is_hidden(&ann, false).await;
    ann.holds("no notification that is read", "window.notes.at(-1).isClosed && !window.notes.at(-2).isClosed").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn one_of_two_tabs_notifies_and_none_if_one_shows_the_room() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    let room = natter.room(&robot, "design", "open", &["ann"]).await;
    turns_on(&ann, &["desktop"]).await;
    let second = ann.driver.new_tab().await.unwrap();
    ann.driver.switch_to_window(second).await.unwrap();
    has_stub(&ann).await;
    ann.goes_to(&format!("/rooms/{room}")).await;
    ann.waits_until_connected().await;
    let tabs = ann.driver.windows().await.unwrap();
    let in_both = async |is: bool| {
        let mut all = Vec::new();
        for tab in &tabs {
            ann.driver.switch_to_window(tab.clone()).await.unwrap();
            is_hidden(&ann, is).await;
            all.extend(notes(&ann).await);
        }
        all
    };
    let counts_in_both = async |count: &str| {
        for tab in &tabs {
            ann.driver.switch_to_window(tab.clone()).await.unwrap();
            let item = format!("document.querySelector('#sidebar [data-room=\"{room}\"]').dataset");
            ann.holds("the news", &format!("+{item}.seq >= {count}")).await;
        }
    };
    assert_eq!(in_both(true).await, [""; 0]);
    let first = natter.post_to(&robot, &room, "@ann one").await;
    counts_in_both(&first.to_string()).await;
    let second = natter.post_to(&robot, &room, "@ann two").await;
    counts_in_both(&second.to_string()).await;
    let all =
        eventually("two notifications", || async { Some(in_both(true).await).filter(|all| all.len() >= 2) }).await;
    assert_eq!(sorted(all), ["Robot · design: @ann one", "Robot · design: @ann two"]);
    // the second tab shows the room now
    in_both(false).await;
    let third = natter.post_to(&robot, &room, "@ann three").await;
    counts_in_both(&third.to_string()).await;
    // what comes after it has been notified of
    let direct = natter.direct(&robot, &["ann"]).await;
    natter.post_to(&robot, &direct, "four").await;
    let all = eventually("a third", || async { Some(in_both(false).await).filter(|all| all.len() > 2) }).await;
    assert_eq!(sorted(all), ["Robot · design: @ann one", "Robot · design: @ann two", "Robot: four"]);
    ann.closes_browser(&[]).await;
}
