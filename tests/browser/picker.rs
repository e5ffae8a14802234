//! The emoji picker, the counter of the message box, and the list of the keys.

use thirtyfour::Key;

use super::support::{BrowserOptions, LOBBY, Natter, Person};

async fn opens_picker(person: &Person) {
    person.finds("#send .pick").await.click().await.unwrap();
    person.holds("the emoji", "document.querySelectorAll('#picker:popover-open button').length > 1000").await;
}

/// Presses keys where the focus is.
async fn presses(person: &Person, keys: impl Into<thirtyfour::TypingData>) {
    person.driver.action_chain().send_keys(keys).perform().await.unwrap();
}

async fn focused(person: &Person) -> String {
    person.runs("return document.activeElement.title || document.activeElement.id || document.activeElement.type").await
}

#[tokio::test]
async fn an_emoji_is_picked_by_the_keyboard() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    ann.types("a b" + Key::Left + Key::Left).await;
    opens_picker(&ann).await;
    assert_eq!((focused(&ann).await.as_str(), ann.texts("#picker h2").await.len()), ("search", 9));
    // in the grid
    for (key, on) in [
        (Key::Down, ":grinning:"),
        (Key::Right, ":smiley:"),
        (Key::Left, ":grinning:"),
        (Key::Left, ":grinning:"),
        (Key::Up, "search"),
    ] {
        presses(&ann, "" + key).await;
        assert_eq!(focused(&ann).await, on);
    }
    presses(&ann, "" + Key::Down + Key::Right + Key::Down).await;
    let under =
        "const all = [...document.querySelectorAll('#picker button')], [, second] = all, now = document.activeElement;
        const next = all.find((one) => one.offsetTop > second.offsetTop);
        return now.offsetLeft === second.offsetLeft && now.offsetTop === next.offsetTop";
    assert!(ann.runs::<bool>(under).await);
    // one stop of the Tab key, whatever was chosen
    assert_eq!(ann.runs::<u64>("return document.querySelectorAll('#picker button[tabindex=\"0\"]').length").await, 1);
    presses(&ann, "" + Key::Escape).await;
    ann.holds("no picker", "!document.querySelector('#picker:popover-open')").await;
    assert_eq!(focused(&ann).await, "message");
    opens_picker(&ann).await;
    presses(&ann, "party pop").await;
    ann.holds("one", "document.querySelectorAll('#picker button').length === 1").await;
    presses(&ann, "" + Key::Enter).await;
    ann.has_typed("a🎉 b").await;
    assert_eq!(focused(&ann).await, "message");
    ann.types(Key::Control + "z").await;
    ann.has_typed("a b").await;
    // all of them are there again
    opens_picker(&ann).await;
    ann.finds("#picker [title=':heart_eyes:']").await.click().await.unwrap();
    ann.has_typed("a😍 b").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn any_emoji_is_given_to_a_message_in_a_narrow_window_too() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let seq = natter.post(&robot, "news").await;
    for narrow in [false, true] {
        let person = natter.visitor(BrowserOptions { narrow, ..BrowserOptions::default() }).await;
        person.sign_up(&natter, if narrow { "Bob" } else { "Ann" }).await;
        if narrow {
            person.is_wide(320, 560).await;
        }
        person.waits_until_connected().await;
        person.does(seq, "react").await;
        person.finds("#row-emoji:popover-open .row-page").await.click().await.unwrap();
        person.holds("the emoji", "document.querySelectorAll('#picker:popover-open button').length > 1000").await;
        let inside = "const { left, right, top, bottom } = document.querySelector('#picker').getBoundingClientRect();
            return left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight";
        assert!(person.runs::<bool>(inside).await);
        assert_eq!(person.path().await, LOBBY);
        presses(&person, "" + Key::Escape).await;
        person.holds("the row", &format!("document.activeElement.dataset.seq === '{seq}'")).await;
        person.does(seq, "react").await;
        person.finds("#row-emoji:popover-open .row-page").await.click().await.unwrap();
        presses(&person, "rocket").await;
        person.holds("a rocket", "document.querySelector('#picker button')?.textContent === '🚀'").await;
        presses(&person, "" + Key::Enter).await;
        let count = if narrow { 2 } else { 1 };
        let chip =
            format!("document.querySelector('#messages .mine[data-emoji=\"🚀\"]')?.textContent.includes('{count}')");
        person.holds("the chip", &chip).await;
        person.has_typed("").await;
        person.closes_browser(&[]).await;
    }
}

#[tokio::test]
async fn what_is_left_is_counted_as_the_server_counts_and_seldom_said() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let fill = async |text: &str| {
        let script = format!(
            "const box = document.querySelector('#message');
            box.value = {text};
            box.dispatchEvent(new Event('input', {{ bubbles: true }}));
            return ['left', 'left-said'].map((id) => document.getElementById(id).textContent).join('|')"
        );
        ann.runs::<String>(&script).await
    };
    assert_eq!(fill("'x'.repeat(3499)").await, "|");
    assert_eq!(fill("'x'.repeat(3500)").await, "500 left|500 left");
    assert_eq!(fill("'x'.repeat(3501) + ' \\n '").await, "499 left|500 left", "trimmed, and not said again");
    assert_eq!(fill("'x'.repeat(3910)").await, "90 left|90 left");
    assert_eq!(fill("'🎉'.repeat(3911)").await, "89 left|90 left", "an emoji is one character");
    assert_eq!(fill("'x'.repeat(4001)").await, "−1 left|−1 left");
    assert_eq!(fill("'x'.repeat(4002)").await, "−2 left|−1 left");
    ann.types("" + Key::Enter).await;
    ann.holds("refused", "document.querySelector('#refused').textContent.includes('4000')").await;
    assert_eq!(fill("'x'.repeat(4000)").await, "0 left|");
    ann.types("" + Key::Enter).await;
    ann.holds("sent, and nothing to count", "document.querySelector('#left').textContent === ''").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn the_keys_are_shown_and_a_message_can_begin_with_a_question_mark() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    natter.post(&robot, "hello").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    ann.types("?").await;
    ann.has_typed("?").await;
    ann.holds("no dialog", "!document.querySelector('#keys').open").await;
    ann.fills("message", "").await;
    ann.types(Key::Control + "/").await;
    ann.holds(
        "the dialog",
        "document.querySelector('#keys').open && document.querySelectorAll('#keys dl').length === 3",
    )
    .await;
    presses(&ann, "" + Key::Escape).await;
    ann.holds("no dialog", "!document.querySelector('#keys').open").await;
    assert_eq!((ann.value("message").await.as_str(), focused(&ann).await.as_str()), ("", "message"));
    // at a row, too
    ann.types("" + Key::Shift + Key::Up).await;
    presses(&ann, "?").await;
    ann.holds("the dialog", "document.querySelector('#keys').open").await;
    ann.presses("Close").await;
    ann.holds("the row", "!document.querySelector('#keys').open && document.activeElement.matches('#messages > li')")
        .await;
    // a page of its own is in the menu
    ann.chooses("Keyboard shortcuts").await;
    ann.reaches("/keys").await;
    assert_eq!(ann.text("main h1").await, "Keyboard shortcuts");
    ann.closes_browser(&[]).await;
}
