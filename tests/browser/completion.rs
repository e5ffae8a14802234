//! Completion of names, emoji and commands in the message box.

use thirtyfour::Key;

use super::support::{BrowserOptions, Natter, Person};

impl Person {
    /// Sends keys to the message box.
    pub async fn types(&self, keys: impl Into<thirtyfour::TypingData>) {
        self.finds("#message").await.send_keys(keys).await.unwrap();
    }

    /// Waits until the message box has this content.
    pub async fn has_typed(&self, expected: &str) {
        let expected = serde_json::to_string(expected).unwrap();
        self.holds(&expected, &format!("document.querySelector('#message').value === {expected}")).await;
    }

    /// Waits until these options are shown.
    async fn is_offered(&self, expected: &[&str]) {
        let shown = "Array.from(document.querySelectorAll('#completion:popover-open .name'), (name) => name.textContent).join('|')";
        let expected = expected.join("|");
        self.holds(&format!("the options {expected:?}"), &format!("{shown} === '{expected}'")).await;
    }

    /// The option that is chosen, as a screen reader learns of it.
    async fn chosen(&self) -> String {
        let script = "const box = document.querySelector('#message');
            const option = document.getElementById(box.getAttribute('aria-activedescendant'));
            return option?.ariaSelected === 'true' && box.getAttribute('aria-controls') === option.parentElement.id
                ? option.querySelector('.name').textContent : ''";
        self.runs(script).await
    }
}

#[tokio::test]
async fn a_name_is_taken_by_the_keyboard_and_can_be_undone() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    natter.token("rosa").await;
    let last = natter.post(&robot, "hello").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    ann.sees("Robot: hello").await;
    let at = format!("return document.querySelector('#messages > [data-seq=\"{last}\"]').getBoundingClientRect().top");
    let before: f64 = ann.runs(&at).await;
    ann.types("hi @ro").await;
    ann.is_offered(&["Robot", "Rosa", "@room"]).await;
    assert_eq!(ann.runs::<f64>(&at).await, before, "nothing moves");
    assert_eq!(ann.chosen().await, "Robot");
    for (key, chosen) in
        [(Key::Down, "Rosa"), (Key::Down, "@room"), (Key::Down, "Robot"), (Key::Up, "@room"), (Key::Up, "Rosa")]
    {
        ann.types("" + key).await;
        assert_eq!(ann.chosen().await, chosen);
    }
    ann.types("" + Key::Enter).await;
    ann.has_typed("hi @rosa ").await;
    ann.is_offered(&[]).await;
    assert_eq!((ann.chosen().await, ann.list().await.len()), (String::new(), 1), "nothing was sent");
    // what is taken is an input as any other: the draft has it, and it can be undone
    assert_eq!(ann.runs::<String>("return natter.load('draft.lobby')").await, "hi @rosa ");
    ann.types(Key::Control + "z").await;
    ann.has_typed("hi @ro").await;
    ann.types("" + Key::End + "b").await;
    ann.is_offered(&["Robot"]).await;
    ann.types("" + Key::Tab).await;
    ann.has_typed("hi @robot ").await;
    assert_eq!(ann.runs::<String>("return document.activeElement.id").await, "message");
    // a word that is whole already is sent
    ann.types("and @rosa").await;
    ann.is_offered(&["Rosa"]).await;
    ann.types("" + Key::Enter).await;
    ann.sees("You: hi @robot and @rosa").await;
    ann.is_offered(&[]).await;
    // without options the keys do what they did
    ann.types("@nobody" + Key::Enter).await;
    ann.sees("You: @nobody").await;
    ann.types("" + Key::Up).await;
    ann.has_typed("@nobody").await; // the last message is edited
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn emoji_and_commands_are_taken_and_nothing_else_is_completed() {
    let natter = Natter::start().await;
    natter.token("robot").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    ann.types("done :tad").await;
    ann.is_offered(&[":tada:"]).await;
    ann.types("" + Key::Enter).await;
    ann.has_typed("done 🎉").await;
    ann.fills("message", "/to").await;
    ann.is_offered(&["/topic"]).await;
    ann.types("" + Key::Tab).await;
    ann.has_typed("/topic ").await;
    // who is invited or written to need not be a member
    let room = natter.room(&natter.login("ann").await, "design", "closed", &[]).await;
    ann.counts(&room, "").await;
    ann.opens(&room).await;
    ann.types("@rob").await;
    ann.types(" ").await;
    ann.fills("message", "/invite @rob").await;
    ann.is_offered(&["Robot"]).await;
    for other in ["a@ro", "10:30", "so :)", "x /to", "//to", ":t", "@robot ", "see :tada: "] {
        ann.fills("message", other).await;
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        assert!(ann.runs::<bool>("return !document.querySelector('#completion:popover-open')").await, "{other}");
    }
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn escape_closes_the_options_first_and_other_places_close_them_too() {
    let natter = Natter::start().await;
    natter.token("robot").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let seq = natter.post(&natter.login("ann").await, "mine").await;
    ann.does(seq, "edit").await;
    ann.has_typed("mine").await;
    ann.types(" @ro").await;
    ann.is_offered(&["Robot", "@room"]).await;
    ann.types("" + Key::Escape).await;
    ann.is_offered(&[]).await;
    ann.has_typed("mine @ro").await;
    ann.holds("the edit", "!document.querySelector('#context').hidden").await;
    // it stays closed for this word, and opens for the next
    ann.types("b").await;
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    ann.is_offered(&[]).await;
    ann.types(" @ro").await;
    ann.is_offered(&["Robot", "@room"]).await;
    ann.types("" + Key::Left).await;
    ann.is_offered(&[]).await;
    ann.types("" + Key::End + Key::Backspace).await;
    ann.is_offered(&["Robot", "@room"]).await;
    // the keys of an input method are its own
    let composing = "document.querySelector('#message').dispatchEvent(new KeyboardEvent('keydown',
        { key: 'Enter', isComposing: true, bubbles: true, cancelable: true }))";
    ann.holds("not handled", composing).await;
    ann.is_offered(&["Robot", "@room"]).await;
    ann.finds("#messages .text").await.click().await.unwrap();
    ann.is_offered(&[]).await;
    ann.types("" + Key::Escape).await;
    ann.has_typed("").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn an_option_is_taken_by_a_click_in_a_narrow_window() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    for n in 1..=9 {
        natter.token(&format!("a-person-with-a-name-{n}")).await;
    }
    natter.post(&robot, "hello").await;
    let ann = natter.visitor(BrowserOptions { narrow: true, ..BrowserOptions::default() }).await;
    ann.sign_up(&natter, "Ann").await;
    ann.is_wide(320, 480).await;
    ann.waits_until_connected().await;
    ann.types("@name").await;
    ann.holds("eight", "document.querySelectorAll('#completion:popover-open > li').length === 8").await;
    let inside = "const { left, right, top, bottom } = document.querySelector('#completion').getBoundingClientRect();
        const box = document.querySelector('#send').getBoundingClientRect();
        return left >= 0 && right <= innerWidth && top >= 0 && bottom <= box.top
            && document.documentElement.scrollWidth <= innerWidth";
    assert!(ann.runs::<bool>(inside).await);
    ann.finds("#completion > li:nth-child(2)").await.click().await.unwrap();
    ann.has_typed("@a-person-with-a-name-2 ").await;
    assert_eq!(ann.runs::<String>("return document.activeElement.id").await, "message");
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn a_late_answer_is_dropped_and_typing_goes_on_meanwhile() {
    let natter = Natter::start().await;
    natter.token("robot").await;
    natter.token("bob").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    // the answer for "@r" comes after that for "@b", and one comes when there is no word any more
    let slow = "const real = fetch;
        window.answered = 0;
        window.fetch = async (address, ...more) => {
            const response = await real(address, ...more);
            if (/q=%40r/.test(address)) await new Promise((resolve) => setTimeout(resolve, 700));
            window.answered++;
            return response;
        };
        return true";
    ann.runs::<bool>(slow).await;
    ann.types("@r").await;
    tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    ann.types("" + Key::Backspace + "bob").await;
    ann.is_offered(&["Bob"]).await;
    ann.holds("both answers", "window.answered >= 2").await;
    ann.is_offered(&["Bob"]).await;
    ann.fills("message", "").await;
    ann.types("@ro").await;
    tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    ann.types("" + Key::Enter).await;
    ann.sees("You: @ro").await;
    ann.holds("the answer", "window.answered >= 3").await;
    ann.is_offered(&[]).await;
    ann.closes_browser(&[]).await;
}
