//! Changes in the admin's user table.

use reqwest::Method;

use super::admin::rows;
use crate::support::{Natter, Page, Socket, password_of};

#[tokio::test]
async fn a_user_is_edited_in_its_row() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.register("bob").await);
    let page = ada.visit("/admin/users?q=b&edit=bob").await.is(200);
    assert_eq!((page.value_of("name"), page.value_of("email")), ("Bob".into(), "bob@example.org".into()));
    assert_eq!(page.text("option[selected]"), "member");
    let action = page.attribute("form#row", "action");
    assert_eq!(action, "/admin/users/bob?q=b");
    let form = [("name", "Robert"), ("email", "bob@example.org"), ("phone", "112"), ("role", "admin")];
    ada.submit(&action, &form).await.leads_to("/admin/users?q=b");
    let user = bob.get("/api/users/bob").await.is(200).json;
    assert_eq!((&user["name"], &user["phone"], &user["role"]), (&"Robert".into(), &"112".into(), &"admin".into()));
    natter.script().log_in("bob", &password_of("bob")).await; // the password is unchanged
}

#[tokio::test]
async fn a_refused_edit_keeps_its_input() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.register("bob").await);
    let form =
        [("name", "Robert"), ("email", "not an address"), ("phone", "112"), ("role", "admin"), ("password", "short")];
    let page = ada.submit("/admin/users/bob?sort=name", &form).await.is(422);
    assert_eq!((page.value_of("name"), page.value_of("email")), ("Robert".into(), "not an address".into()));
    assert_eq!((page.value_of("phone"), page.value_of("password")), ("112".into(), String::new()));
    assert_eq!(page.text("option[selected]"), "admin");
    let errors = page.texts("#users tr.open .error");
    assert_eq!(errors, ["Use an address like ada@example.org.", "Use 8 characters or more."]);
    assert_eq!(page.attribute("form#row", "action"), "/admin/users/bob?sort=name");
    assert_eq!(bob.get("/api/users/bob").await.json["name"], "Bob");

    let form = [("name", "Bob"), ("email", "ada@example.org"), ("role", "member")];
    let page = ada.submit("/admin/users/bob", &form).await.is(409);
    assert_eq!(page.text("#users tr.open .error"), "There is an account with this e-mail address already.");
    let form = [("name", "Ada"), ("email", "ada@example.org"), ("role", "member")];
    let page = ada.submit("/admin/users/ada", &form).await.is(409);
    assert_eq!(page.text("#users tr.open .error"), "This is the last admin. Make somebody else an admin first.");
    ada.submit("/admin/users/nobody", &form).await.is(404);
}

#[tokio::test]
async fn a_new_password_from_an_admin_signs_the_user_out() {
    let natter = Natter::start().await;
    let (ada, mut bob) = (natter.browse_as("ada").await, natter.sign_up("bob").await);
    let form = [("name", "Bob"), ("email", "bob@example.org"), ("password", "a new one for bob")];
    ada.submit("/admin/users/bob", &form).await.leads_to("/admin/users");
    assert_eq!(bob.socket.close_frame().await, (1008, "signed out".to_owned()));
    natter.script().log_in("bob", "a new one for bob").await;
}

#[tokio::test]
async fn deleting_a_user_requires_a_confirmation() {
    let natter = Natter::start().await;
    let (ada, mut bob) = (natter.browse_as("ada").await, natter.sign_up("bob").await);
    let mut tab = Socket::open_in(&ada, "").await;
    bob.says("hello").await;
    let sent = tab.sees("Bob: hello").await;
    let page = ada.visit("/admin/users?delete=bob").await.is(200);
    assert!(page.text("form.confirm").contains("Delete bob (Bob)? This cannot be undone."));
    bob.script.get("/api/users/bob").await.is(200);
    let action = page.attribute("form.confirm", "action");
    ada.submit(&action, &[("messages", "delete")]).await.leads_to("/admin/users");
    assert_eq!(rows(&ada.visit("/admin/users").await), ["ada"]);
    assert_eq!(bob.socket.close_frame().await.0, 1008);
    assert!(tab.sees_rev(sent.rev + 1).await.hidden);

    let page = ada.submit("/admin/users/ada/delete", &[]).await.is(409);
    assert_eq!(page.text("#users > .alert"), "This is the last admin. Make somebody else an admin first.");
    assert_eq!(rows(&page), ["ada"]);
}

#[tokio::test]
async fn admins_add_users() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    let page = ada.visit("/admin/users?new=true").await.is(200);
    assert_eq!(page.attribute("form.panel", "action"), "/admin/users");
    let form = [("userID", "bob"), ("name", "Bob"), ("email", "bob@"), ("password", "bob's long secret")];
    let page = ada.submit("/admin/users", &form).await.is(422);
    assert_eq!(
        (page.value_of("userID"), page.error_beside("email")),
        ("bob".into(), "Use an address like ada@example.org.".into())
    );
    assert!(!page.html.contains("bob's long secret") && !page.html.contains("long secret"));
    let form = [form[0], form[1], ("email", "bob@example.org"), form[3]];
    ada.submit("/admin/users", &form).await.leads_to("/admin/users");
    let bob = natter.script().log_in("bob", "bob's long secret").await;
    assert_eq!(bob.get("/api/users/bob").await.json["role"], "member");
}

#[tokio::test]
async fn htmx_gets_the_same_table_and_errors_as_fragments() {
    let natter = Natter::start().await;
    let (ada, _bob) = (natter.browse_as("ada").await, natter.register("bob").await);
    let ask = async |browser: &crate::support::Browser, method: Method, path: &str, form: &[(&str, &str)]| {
        let request = browser.request(method, path).header("hx-request", "true").header("origin", browser.url(""));
        Page::of(request.form(form).send().await.unwrap()).await
    };
    let page = ask(&ada, Method::GET, "/admin/users?q=bo", &[]).await.is(200);
    assert_eq!(page.texts("#users").len(), 1, "the element that hx-select selects");
    assert_eq!(rows(&page), ["bob"]);
    let form = [("name", ""), ("email", "bob@example.org")];
    let page = ask(&ada, Method::POST, "/admin/users/bob", &form).await.is(422);
    assert_eq!(page.text("#users tr.open .error"), "Use 1 to 64 characters.");

    let gone = ask(&ada, Method::POST, "/admin/users/nobody/delete", &[]).await.is(404);
    let alert = r##"<hx-partial hx-target="#alert" hx-swap="innerHTML"><p class="alert">"##;
    assert_eq!(gone.html.trim(), format!("{alert}There is no such user.</p></hx-partial>"));
    let signed_out = ask(&natter.browser(), Method::GET, "/admin/users", &[]).await.is(401);
    let told = "You are logged out. Reload the page to log in.";
    assert_eq!(signed_out.html.trim(), format!("{alert}{told}</p></hx-partial>"));
    let bob = natter.browser();
    bob.log_in("bob").await;
    let member = ask(&bob, Method::GET, "/admin/users", &[]).await.is(403);
    assert_eq!(member.html.trim(), format!("{alert}This page is for admins.</p></hx-partial>"));
}
