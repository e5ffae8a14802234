//! The chat page.

use crate::support::{Natter, Page};

#[tokio::test]
async fn a_token_in_the_url_opens_the_chat_and_a_session() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    let browser = natter.browser();
    let page = browser.visit(&format!("/?jwt={}", ada.token())).await.is(200);
    assert_eq!(page.attribute("body", "data-user"), "ada");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("cache-control"), "no-store");
    let cookie = page.header("set-cookie").to_owned();
    assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"), "{cookie}");
    assert!(!page.html.contains(ada.token()), "the page itself does not carry the token");
    let page = browser.visit("/rooms/lobby").await.is(200);
    assert_eq!(page.header("referrer-policy"), "same-origin");
}

#[tokio::test]
async fn an_invalid_token_is_refused_as_json_or_as_a_page() {
    let natter = Natter::start().await;
    natter.script().get("/?jwt=bad").await.says_token_did_not_match();
    let page = natter.browser().visit("/?jwt=bad").await.is(401);
    assert!(page.header("content-type").starts_with("text/html"));
    assert_eq!(page.text("h1"), "This link does not work");
    assert!(page.text("main").contains("Token didn't match"));
    assert_eq!(page.text("main a[href='/login']"), "Log in");
    assert!(!page.headers.contains_key("set-cookie"));
    for page in [&page, &natter.browser().visit("/?jwt=eyJhbGciOiJIUzI1NiJ9.e30.x").await] {
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
    }
}

#[tokio::test]
async fn without_javascript_a_form_sends_messages() {
    let natter = Natter::start().await;
    let (ada, mut bob) = (natter.browse_as("ada").await, natter.sign_up("bob").await);
    let page = ada.visit("/rooms/lobby").await.is(200);
    assert_eq!(page.attribute("form#send", "action"), "/rooms/lobby/messages");
    assert_eq!(page.attribute("form#send", "method"), "post");
    let form = [("message", "two\r\nlines"), ("clientID", &page.value_of("clientID"))];
    ada.submit("/rooms/lobby/messages", &form).await.leads_to("/rooms/lobby");
    bob.sees("Ada: two\nlines").await;
    ada.submit("/rooms/lobby/messages", &form).await.leads_to("/rooms/lobby");
    let page = ada.visit("/rooms/lobby").await;
    assert_eq!(page.messages(), ["You: two\nlines"], "once, although the form was sent twice");
    assert_eq!(page.texts("li.message.sent-by-user").len(), 1);
}

/// The text in the message form.
fn draft(page: &Page) -> String {
    page.text("textarea#message")
}

#[tokio::test]
async fn a_refused_message_stays_in_the_form_with_the_reason() {
    let natter = Natter::with(&["--message-rate", "1"]).await;
    let ada = natter.browse_as("ada").await;
    let page = ada.submit("/rooms/lobby/messages", &[("message", " \n "), ("clientID", "1")]).await.is(422);
    assert_eq!(page.text("#refused"), "Write something first.");

    let long = "long ".repeat(801);
    let page = ada.submit("/rooms/lobby/messages", &[("message", &long), ("clientID", "2")]).await.is(422);
    let why = "A message has at most 4000 characters; this one has 4004. Split it in two.";
    assert_eq!(page.text("#refused"), why);
    assert_eq!(draft(&page), long.trim());
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");

    for n in 3..=5 {
        ada.submit("/rooms/lobby/messages", &[("message", "quick"), ("clientID", &n.to_string())])
            .await
            .leads_to("/rooms/lobby");
    }
    let page = ada.submit("/rooms/lobby/messages", &[("message", "too quick"), ("clientID", "6")]).await.is(429);
    assert_eq!(page.header("retry-after"), "1");
    assert_eq!(page.text("#refused"), "You are sending too much too fast. Wait a moment, then try again.");
    assert_eq!(draft(&page), "too quick");
    assert_eq!(page.messages(), ["You: quick", "You: quick", "You: quick"], "the page is complete");

    let form = [("message", "another"), ("clientID", "3")];
    let page = natter.browser().submit("/rooms/lobby/messages", &form).await.is(401);
    assert_eq!(page.attribute("main form", "action"), "/rooms/lobby/messages");
    assert_eq!((page.text("textarea"), page.value_of("clientID")), (form[0].1.to_owned(), form[1].1.to_owned()));
}

#[tokio::test]
async fn a_message_far_over_the_limit_stays_in_the_form() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    let long = "Größe ".repeat(10_000);
    let page = ada.submit("/rooms/lobby/messages", &[("message", &long), ("clientID", "1")]).await.is(422);
    let why = "A message has at most 4000 characters; this one has 59999. Split it in two.";
    assert_eq!(page.text("#refused"), why);
    assert_eq!(draft(&page), long.trim());
    let form = [("message", long.as_str()), ("clientID", "1")];
    assert_eq!(draft(&natter.browser().submit("/rooms/lobby/messages", &form).await.is(401)), long.trim());
}

#[tokio::test]
async fn a_reused_client_id_is_refused_and_the_form_gets_a_new_one() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    ada.submit("/rooms/lobby/messages", &[("message", "first"), ("clientID", "1")]).await.leads_to("/rooms/lobby");
    let page = ada.submit("/rooms/lobby/messages", &[("message", "second"), ("clientID", "1")]).await.is(409);
    assert_eq!(page.text("#refused"), "This clientID was used for another message. Use a fresh one for each.");
    let form = [("message", draft(&page)), ("clientID", page.value_of("clientID"))];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    ada.submit("/rooms/lobby/messages", &form).await.leads_to("/rooms/lobby");
    assert_eq!(ada.visit("/rooms/lobby").await.messages(), ["You: first", "You: second"]);
}

#[tokio::test]
async fn older_messages_have_pages_of_their_own() {
    let natter = Natter::unlimited().await;
    let ada = natter.browse_as("ada").await;
    let script = natter.script().with_token(ada.token.as_deref().unwrap());
    for n in 1..=52 {
        script.says(&format!("number {n}")).await;
    }
    let page = ada.visit("/rooms/lobby").await.is(200);
    assert_eq!(page.messages().len(), 50);
    assert_eq!(page.attribute("li.older a", "href"), "/rooms/lobby?before=3");
    assert_eq!(page.attribute("#room", "data-head"), "52");
    let page = ada.visit("/rooms/lobby?before=3").await.is(200);
    assert_eq!(page.messages(), ["You: number 1", "You: number 2"]);
    assert!(page.texts("li.older").is_empty());
    assert_eq!(page.attribute("p.latest a", "href"), "/rooms/lobby?before=53");
}

#[tokio::test]
async fn what_one_sends_is_shown_although_more_is_unread() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.register("bob").await);
    for number in 0..80 {
        bob.says(&format!("number {number}")).await;
    }
    let to = ada.submit("/rooms/lobby/messages", &[("message", "mine"), ("clientID", "1")]).await.is(303);
    let to = to.location();
    let messages = ada.visit(to).await.is(200).messages();
    assert_eq!(messages.last().map(String::as_str), Some("You: mine"), "{to}");
}
