//! What the page does to a live fragment, which is the same for all readers.

use natter_test_support::eventually;

use super::support::Natter;

#[tokio::test]
async fn a_live_row_is_equal_to_the_row_of_a_page() {
    let natter = Natter::with(&["--language", "de"]).await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let token = natter.login("ann").await;
    let own = natter.post(&token, "own").await;
    let edited = natter.post(&robot, "first").await;
    natter.edit(&robot, edited, "edited").await;
    let reply = natter.reply(&robot, own, "a *reply* to **you**").await;
    natter.reply(&robot, reply, "> quoted\n\n@ann `code` @room\n\n|a|b|\n|-|-|\n|1|[2](https://example.com)|").await;
    natter.post(&robot, "/me waves").await;
    natter.post(&robot, "🎉").await;
    for reader in [&robot, &token] {
        natter.react(reader, edited, "👍").await;
    }
    natter.react(&robot, edited, "🎉").await;
    ann.finds("[data-emoji='🎉']").await;
    let live = ann.rows().await;
    assert_eq!(live.len(), 6);
    assert!(live[0].contains("sent-by-user") && live[0].contains(">Du<span>: </span></b>"), "{}", live[0]);
    assert!(live[1].contains("<small>bearbeitet <time"), "{}", live[1]);
    assert!(live[2].contains("<cite>Du</cite>: own</a>"), "{}", live[2]);
    assert!(live[0].contains(">2 Antworten</a>"), "{}", live[0]);
    assert!(live[3].contains("<cite>Robot</cite>: a reply to you</a>"), "{}", live[3]);
    assert!(live[3].contains("mentions-me") && live[3].contains("class=\"mention me\""), "{}", live[3]);
    assert!(live[4].contains("action") && live[5].contains("emoji"), "{}{}", live[4], live[5]);
    assert_eq!(ann.texts("#messages .mine").await, ["👍 2"]);
    // else the "new" line comes between two rows
    natter.is_read(&token, "lobby", 6).await;
    ann.driver.refresh().await.unwrap();
    ann.waits_until_connected().await;
    assert_eq!(ann.rows().await, live);
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn the_viewers_own_reaction_is_marked_although_many_follow() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let token = natter.login("ann").await;
    let seq = natter.post(&robot, "good news").await;
    let chips = |expected: &'static str, is_mine: bool| {
        let ann = &ann;
        eventually(expected, move || async move {
            let chip = ann.texts("#messages [data-emoji]").await;
            let mine = ann.texts("#messages [data-emoji].mine").await;
            (chip == [expected] && mine.len() == usize::from(is_mine)).then_some(())
        })
    };
    natter.react(&token, seq, "👍").await;
    chips("👍 1", true).await;
    natter.react(&robot, seq, "👍").await;
    chips("👍 2", true).await;
    natter.take_back(&token, seq, "👍").await;
    chips("👍 1", false).await;
    natter.react(&token, seq, "👍").await;
    for n in 1..=21 {
        let fan = natter.token(&format!("fan{n}")).await;
        natter.react(&fan, seq, "👍").await;
    }
    chips("👍 23", true).await; // the fragment names the last 20 only
    ann.driver.refresh().await.unwrap();
    chips("👍 23", true).await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn a_new_name_reaches_an_open_page() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let seq = natter.post(&robot, "hello").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let token = natter.login("ann").await;
    let own = natter.post(&token, "mine").await;
    natter.reply(&token, seq, "hi").await;
    natter.reply(&robot, own, "yours").await;
    ann.sees("Robot: yours").await;
    natter.rename(&robot, "robot", "Marvin <b>").await;
    ann.sees("Marvin <b>: hello").await;
    ann.sees("Marvin <b>: yours").await;
    let initials = "return document.querySelector('#messages .message').dataset.initials";
    assert_eq!(ann.runs::<String>(initials).await, "MB");
    assert_eq!(ann.texts("#messages blockquote").await, ["Marvin <b>: hello", "You: mine"]);
    natter.rename(&token, "ann", "Annika").await;
    natter.post(&robot, "the end").await;
    ann.sees("Marvin <b>: the end").await;
    assert_eq!(ann.texts("#messages .sent-by-user b").await, ["You:"; 2]);
    let cyd = natter.token("cyd").await;
    natter.post(&cyd, "goodbye").await;
    ann.sees("Cyd: goodbye").await;
    natter.delete_account(&cyd, "cyd").await;
    ann.sees("deleted user: goodbye").await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn the_hidden_log_has_a_line_for_each_live_message_of_others() {
    let natter = Natter::start().await;
    let robot = natter.token("robot").await;
    let seq = natter.post(&robot, "before").await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    assert_eq!(ann.runs::<String>("return document.querySelector('[role=log]').id").await, "said");
    ann.says("own").await;
    ann.sees("You: own").await;
    natter.edit(&robot, seq, "edited").await;
    for n in 1..=30 {
        natter.post(&robot, &format!("number {n}")).await;
    }
    ann.sees("Robot: number 30").await;
    let expected: Vec<String> = (11..=30).map(|n| format!("Robot: number {n}")).collect();
    assert_eq!(ann.texts("#said p").await, expected, "the last 20");
    // a text that was edited or deleted does not live on in it
    natter.edit(&robot, seq + 2, "edited too").await;
    natter.delete(&robot, seq + 31).await;
    natter.post(&robot, "the end").await;
    ann.sees("Robot: the end").await;
    let said = ann.texts("#said p").await;
    assert!(
        said.contains(&"Robot: number 29".to_owned()) && !said.contains(&"Robot: number 30".to_owned()),
        "{said:?}"
    );
    ann.closes_browser(&[]).await;
}
