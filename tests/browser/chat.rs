//! Sending and receiving messages.

use natter_test_support::eventually;

use super::support::{BrowserOptions, LOBBY, Natter};

#[tokio::test]
async fn two_people_sign_up_and_exchange_messages() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    ann.reaches(LOBBY).await; // without the token in the URL
    ann.waits_until_connected().await;
    let bob = natter.person("Bob").await;
    ann.sees("Bob has entered the chat").await;
    // the first name is one's own, which is not announced
    assert_eq!(ann.texts("#messages li.user-connect-or-disconnect").await, ["Bob has entered the chat"]);

    ann.says("Hello, Bob").await;
    bob.sees("Ann: Hello, Bob").await;
    ann.sees("You: Hello, Bob").await;
    bob.says("<script>document.title = 'owned'</script><img src=x onerror=alert(1)>").await;
    ann.sees("Bob: <script>document.title = 'owned'</script><img src=x onerror=alert(1)>").await;
    assert_eq!(ann.driver.title().await.unwrap(), "Lobby · natter");
    let probe = || async { (ann.texts("#roster li").await == ["Ann", "Bob"]).then_some(()) };
    eventually("both are in the roster", probe).await;

    // an acknowledged message is shown once, and the form is empty
    assert_eq!(ann.value("message").await, "");
    assert_eq!(ann.texts("#outbox li").await, [""; 0]);
    assert_eq!(ann.texts("#messages .sent-by-user b").await, ["You:"]);

    // a reload shows everything again, and is not announced
    ann.driver.refresh().await.unwrap();
    ann.waits_until_connected().await;
    assert_eq!(ann.list().await[0], "You: Hello, Bob");
    bob.says("Still there?").await;
    ann.sees("Bob: Still there?").await;
    let notices = bob.texts("#messages .user-connect-or-disconnect").await;
    assert!(notices.is_empty(), "{notices:?}");

    ann.closes_browser(&[]).await;
    bob.sees("Ann has left the chat").await;
    bob.closes_browser(&[]).await;
}

#[tokio::test]
async fn all_tabs_of_a_user_show_a_sent_message() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let first = ann.driver.window().await.unwrap();
    let second = ann.driver.new_tab().await.unwrap();
    ann.driver.switch_to_window(second).await.unwrap();
    ann.goes_to("/").await;
    ann.waits_until_connected().await;
    ann.says("from the second tab").await;
    ann.sees("You: from the second tab").await;
    ann.driver.switch_to_window(first).await.unwrap();
    ann.sees("You: from the second tab").await;
    assert_eq!(ann.texts("#roster li").await, ["Ann"]);

    // a logout in one tab leads the other to the login, too; what is typed there goes
    ann.fills("message", "half a sentence").await;
    let tabs = ann.driver.windows().await.unwrap();
    ann.driver.switch_to_window(tabs[1].clone()).await.unwrap();
    ann.chooses("Log out").await;
    ann.reaches("/login").await;
    ann.driver.switch_to_window(tabs[0].clone()).await.unwrap();
    ann.holds("the login", "document.querySelector('[name=password]')").await;
    ann.fills("userID", "ann").await;
    ann.fills("password", super::support::PASSWORD).await;
    ann.presses("Log in").await;
    ann.finds("#room").await;
    ann.waits_until_connected().await;
    assert_eq!(ann.value("message").await, "", "a logout wipes the drafts of all tabs");
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn a_refused_message_stays_in_the_form() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    ann.presses("Send").await; // nothing
    let refused = |why: &'static str| {
        let ann = &ann;
        eventually(why, move || async move { ann.text("#refused").await.contains(why).then_some(()) })
    };
    assert_eq!(ann.text("#refused").await, "");
    // typing 4,001 characters would take a minute
    let _: Option<bool> = ann.runs("document.querySelector('#message').value = 'x'.repeat(4001); return true;").await;
    ann.presses("Send").await;
    refused("at most 4000 characters; this one has 4001").await;
    assert_eq!(ann.value("message").await.len(), 4001);
    assert_eq!(ann.texts("#outbox li").await, [""; 0]);
    ann.says("shorter").await;
    ann.sees("You: shorter").await;
    ann.closes_browser(&[]).await;
}

const KEEP_SENT_FRAMES: &str = "
    const send = WebSocket.prototype.send;
    window.sent = [];
    WebSocket.prototype.send = function (frame) { window.sent.push(frame); send.call(this, frame); };
    return true;";

#[tokio::test]
async fn the_chat_works_on_an_insecure_origin() {
    let natter = Natter::start().await;
    let ann = natter.visitor(BrowserOptions { plain_address: true, narrow: true, ..BrowserOptions::default() }).await;
    ann.sign_up(&natter, "Ann").await;
    ann.waits_until_connected().await;
    assert!(!ann.runs::<bool>("return isSecureContext").await, "this test needs an insecure context");
    let roster_is_above = "
        const edges = (css) => document.querySelector(css).getBoundingClientRect();
        return edges('#roster').bottom <= edges('#scroller').top;";
    assert!(ann.runs::<bool>(roster_is_above).await, "on a narrow page");
    let _: bool = ann.runs(KEEP_SENT_FRAMES).await;
    ann.says("no crypto.randomUUID here").await;
    ann.sees("You: no crypto.randomUUID here").await;
    let id: String = ann.runs("return window.sent.map(JSON.parse).find((frame) => frame.clientID).clientID").await;
    let id = uuid::Uuid::parse_str(&id).expect("a UUID");
    assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122), "{id}");
    let (secs, _) = id.get_timestamp().unwrap().to_unix();
    assert!(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs().abs_diff(secs) < 60, "{id}");
    ann.chooses("Log out").await;
    ann.reaches("/login").await;
    // Chromium logs that it ignores the opener policy on such an origin
    ann.closes_browser(&["Cross-Origin-Opener-Policy"]).await;
}

#[tokio::test]
async fn frames_are_shown_in_the_language_of_the_page() {
    let natter = Natter::with(&["--language", "de"]).await;
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    let bob = natter.person("Bob").await;
    ann.sees("Bob hat den Chat betreten").await;
    ann.says("Hallo").await;
    ann.sees("Du: Hallo").await;
    bob.says("Servus").await;
    ann.sees("Bob: Servus").await;
    assert_eq!(ann.text("#roster h2").await, "2 online");

    bob.closes_browser(&[]).await;
    ann.sees("Bob hat den Chat verlassen").await;
    let probe = || async { (ann.text("#roster h2").await == "1 online").then_some(()) };
    eventually("Bob is not in the roster", probe).await;
    ann.closes_browser(&[]).await;
}
