//! The admin's user table, updated by htmx.

use natter_test_support::eventually;

use super::support::Natter;

#[tokio::test]
async fn an_admin_searches_edits_and_deletes_in_the_table() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await; // the first user is an admin
    for user in ["bob", "cyd", "dan"] {
        natter.token(user).await;
    }
    ann.chooses("Administration").await;
    ann.reaches("/admin/users").await;
    let ids = || async { ann.texts("tbody tr td:first-child").await };
    let rows = |expected: &'static [&'static str]| {
        eventually("rows", move || async move { (ids().await == expected).then_some(()) })
    };
    rows(&["ann (you)", "bob", "cyd", "dan"]).await;
    // all that follows is swapped into the page, which must not be loaded again
    let _: Option<bool> = ann.runs("window.stays = true; return true").await;

    ann.presses("User ID").await;
    rows(&["dan", "cyd", "bob", "ann (you)"]).await;
    ann.fills("q", "CY").await;
    rows(&["cyd"]).await;

    ann.presses("Edit cyd").await;
    ann.finds("tr.open").await;
    ann.fills("email", "cyd@localhost").await; // valid for the browser
    ann.fills("name", "Cyd the Second").await;
    ann.presses("Save cyd").await;
    let refused = || async { (ann.texts("tr.open .error").await.len() == 1).then_some(()) };
    eventually("an error at the field", refused).await;
    assert_eq!(ann.value("name").await, "Cyd the Second", "the input is kept");
    ann.fills("email", "cyd2@example.org").await;
    ann.presses("Save cyd").await;
    let saved = || async { ann.texts("tbody td").await.contains(&"cyd2@example.org".to_owned()).then_some(()) };
    eventually("the new address", saved).await;

    ann.presses("More cyd").await;
    ann.presses("Delete cyd").await;
    ann.finds("form.confirm").await;
    ann.presses("Cancel").await;
    rows(&["cyd"]).await;
    ann.presses("More cyd").await;
    ann.presses("Delete cyd").await;
    ann.finds("form.confirm").await;
    ann.presses("Delete cyd").await;
    rows(&["No users found"]).await;
    assert!(ann.runs::<bool>("return window.stays === true").await, "the page was not loaded again");
    ann.closes_browser(&["status of 422"]).await;
}

#[tokio::test]
async fn an_admin_keeps_the_focus_in_the_table() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    natter.token("robot").await;
    ann.goes_to("/admin/users").await;
    let is_at = |what: &'static str, css: &'static str| {
        let condition = format!("document.activeElement.matches(`{css}`)");
        let ann = &ann;
        async move { ann.holds(what, &condition).await }
    };
    for (pressed, what, css) in [
        ("#edit-robot", "the first field", "#row [name=name]"),
        ("#edit-robot", "the same row", ".actions > #edit-robot"),
        ("#more-robot", "the acts are open", "tr:has(+ .acts) #more-robot"),
        ("[action$='/robot/disable'] button", "what was done", "#users .done"),
        ("#by-name", "the order", "[aria-sort=ascending] #by-name"),
        ("#new", "the first field", "#users [name=userID]"),
        ("#new", "the button", ".above > #new"),
    ] {
        ann.finds(pressed).await.send_keys("" + thirtyfour::Key::Enter).await.unwrap();
        is_at(what, css).await;
    }
    ann.closes_browser(&[]).await;
}
