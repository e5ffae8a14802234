use crate::support::Natter;

#[tokio::test]
async fn a_link_with_somebody_elses_token_asks_before_it_switches() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.register("bob").await);
    let page = ada.visit(&format!("/?jwt={}", bob.token())).await.is(200);
    assert_eq!(page.text("h1"), "Switch account?");
    assert_eq!(page.texts("main b"), ["Ada", "Bob"]);
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(!page.headers.contains_key("set-cookie"));
    assert_eq!(ada.visit("/account").await.text("h1"), "ada", "nothing has happened so far");

    assert_eq!(page.attribute("main form", "action"), "/switch");
    ada.submit("/switch", &[("jwt", &page.typed("jwt"))]).await.leads_to("/");
    assert_eq!(ada.visit("/account").await.text("h1"), "bob");
    let token = ada.token.clone().unwrap();
    natter.script().with_token(&token).get("/api/users").await.says_token_did_not_match();
}

#[tokio::test]
async fn a_bad_token_switches_nothing() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    let page = ada.submit("/switch", &[("jwt", "x.y.z")]).await.is(401);
    assert!(page.text("main").contains("Token didn't match"));
    ada.visit("/?jwt=x.y.z").await.is(401);
    assert_eq!(ada.visit("/account").await.text("h1"), "ada");
}

#[tokio::test]
async fn a_link_with_ones_own_token_just_opens() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    let other = natter.script().log_in("ada", &crate::support::password_of("ada")).await;
    let page = ada.visit(&format!("/?jwt={}", other.token())).await.is(200);
    assert_eq!(page.attribute("#chat", "data-user"), "ada");
    other.request(reqwest::Method::POST, "/logout").send().await.unwrap().error_for_status().unwrap();
    assert!(ada.is_signed_in().await, "the session is the login's own, not the link's");
}
