//! The settings of the account page: theme, time format, Enter.

use thirtyfour::Key;

use super::support::{LOBBY, Natter, Person};

/// Chooses these values on the account page and saves them.
async fn saves(person: &Person, values: &[(&str, &str)]) {
    person.goes_to("/account").await;
    for (name, value) in values {
        person.finds(&format!("[name='{name}'][value='{value}']")).await.click().await.unwrap();
    }
    person.finds("form[action='/account/settings'] button").await.click().await.unwrap();
    person.reaches("/account?saved=settings").await;
}

async fn presses_with(person: &Person, modifier: Key) {
    let keys = person.driver.action_chain().key_down(modifier.clone()).send_keys(Key::Enter).key_up(modifier);
    keys.perform().await.unwrap();
}

/// The lightness of the page's ground as it is painted: 0 to 1.
async fn ground(person: &Person) -> f64 {
    let script = "const canvas = document.createElement('canvas').getContext('2d');
        canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
        canvas.fillRect(0, 0, 1, 1);
        return canvas.getImageData(0, 0, 1, 1).data[1] / 255;";
    person.runs(script).await
}

#[tokio::test]
async fn the_chosen_theme_goes_before_that_of_the_device() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    for (device, dark_by_default) in [("light", false), ("dark", true)] {
        ann.prefers_colors(device).await;
        for (theme, is_dark) in [("auto", dark_by_default), ("light", false), ("dark", true)] {
            saves(&ann, &[("theme", theme)]).await;
            for path in ["/account", LOBBY, "/nowhere"] {
                ann.goes_to(path).await;
                assert_eq!(ground(&ann).await < 0.5, is_dark, "{theme} on a {device} device at {path}");
            }
        }
    }
    ann.closes_browser(&["status of 404"]).await;
}

#[tokio::test]
async fn enter_breaks_the_line_if_it_is_set_so_and_ctrl_enter_sends() {
    let natter = Natter::start().await;
    natter.token("robot").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    ann.fills("message", "by default").await;
    presses_with(&ann, Key::Control).await;
    ann.sees("You: by default").await;
    // the box is ticked
    saves(&ann, &[("enterSends", "true")]).await;
    for address in [LOBBY, "/direct/robot"] {
        ann.goes_to(address).await;
        ann.waits_until_connected().await;
        ann.fills("message", "one").await;
        ann.driver.action_chain().send_keys(Key::Enter).send_keys("two").perform().await.unwrap();
        assert_eq!(ann.value("message").await, "one\ntwo");
        presses_with(&ann, Key::Control).await;
        ann.sees("You: one\ntwo").await;
    }
    ann.fills("message", "three").await;
    presses_with(&ann, Key::Meta).await;
    ann.sees("You: three").await;
    assert_eq!(ann.value("message").await, "");
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn the_clock_has_the_chosen_hours_in_every_language() {
    let natter = Natter::start().await;
    natter.post(&natter.token("robot").await, "hello").await;
    let ann = natter.person("Ann").await;
    for (language, hours, expected) in
        [("en", "12", true), ("en", "24", false), ("de", "24", false), ("de", "12", true), ("de", "auto", false)]
    {
        saves(&ann, &[("language", language), ("timeFormat", hours)]).await;
        ann.goes_to(LOBBY).await;
        let at = ann.text("#messages .message > .at time").await;
        assert_eq!(at.ends_with("AM") || at.ends_with("PM"), expected, "{language} {hours}: {at:?}");
        let hour: u32 = at.split(':').next().unwrap().parse().unwrap();
        assert!(if expected { (1..=12).contains(&hour) } else { hour < 24 }, "{at:?}");
    }
    ann.closes_browser(&[]).await;
}
