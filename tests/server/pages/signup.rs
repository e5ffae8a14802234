//! The sign-up form.

use serde_json::json;

use crate::support::{Browser, Natter, name_of, new_user, password_of};

#[tokio::test]
async fn signing_up_opens_the_chat() {
    let natter = Natter::start().await;
    let browser = natter.browser();
    browser.visit("/").await.leads_to("/login");
    let form = browser.visit("/signup").await.is(200);
    assert_eq!(form.attribute("main form", "action"), "/signup");
    assert_eq!(form.attribute("main form", "method"), "post");

    let browser = natter.browse_as("ada").await;
    let token = browser.token.clone().unwrap();
    let chat = browser.visit(&format!("/?jwt={token}")).await.is(200);
    assert_eq!(chat.text("#sidebar .own-menu summary .name"), "Ada");
    assert!(browser.is_signed_in().await);
    natter.script().with_token(&token).get("/api/users/ada").await.is(200);
}

const TYPED: [(&str, &str); 5] = [
    ("userID", "a b"),
    ("name", "<b>Ada</b> \"A\""),
    ("email", "ada@"),
    ("phone", "call me"),
    ("password", "correct horse battery"),
];

#[tokio::test]
async fn a_rejected_form_keeps_its_input_except_the_password() {
    let natter = Natter::start().await;
    let page = natter.browser().submit("/signup", &TYPED).await.is(422);
    for (name, value) in &TYPED[..4] {
        assert_eq!(page.value_of(name), *value);
    }
    assert_eq!(page.value_of("password"), "");
    assert!(!page.html.contains("correct horse"), "{}", page.html);
    assert!(!page.html.contains("<b>Ada"), "the input is escaped");
    assert_eq!(page.error_beside("userID"), "Use letters, digits, and _ . - only.");
    assert_eq!(page.error_beside("email"), "Use an address like ada@example.org.");
    assert_eq!(page.error_beside("phone"), "Use digits, spaces, and + ( ) - only.");
    assert!(page.texts("#name-note.error").is_empty(), "nothing is wrong with the name");
    assert_eq!(page.attribute("label[for=userID]", "for"), "userID");
    assert_eq!(page.texts(".alert"), ["Some fields need attention."]);
    assert!(!page.headers.contains_key("set-cookie"));
}

async fn sign_up(browser: &Browser, user_id: &str, email: &str) -> crate::support::Page {
    let (name, password) = (name_of(user_id), password_of(user_id));
    let form = [("userID", user_id), ("name", &name), ("email", email), ("password", &password)];
    browser.submit("/signup", &form).await
}

#[tokio::test]
async fn a_taken_user_id_or_email_is_reported_at_its_field() {
    let natter = Natter::start().await;
    natter.register("ada").await;
    let page = sign_up(&natter.browser(), "Ada", "other@example.org").await.is(409);
    assert_eq!(page.error_beside("userID"), "This user ID is taken. Use another.");
    assert_eq!(page.value_of("email"), "other@example.org");
    let page = sign_up(&natter.browser(), "bob", "ada@example.org").await.is(409);
    assert_eq!(page.error_beside("email"), "There is an account with this e-mail address already.");
}

#[tokio::test]
async fn with_sign_up_closed_only_admins_create_users() {
    let mut natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    natter.restart_with(&["--signup", "closed"]).await;
    let page = natter.browser().visit("/signup").await.is(403);
    assert!(page.texts("main form").is_empty());
    assert!(page.text("main").contains("Signing up is closed here. Ask an admin for an account."));
    assert!(natter.browser().visit("/login").await.texts("a[href='/signup']").is_empty());
    sign_up(&natter.browser(), "cyd", "cyd@example.org").await.is(403);
    let why = "Signing up is closed here. An admin's token is needed.";
    natter.script().post("/api/users", new_user("cyd")).await.says(403, why);
    bob.post("/api/users", new_user("cyd")).await.says(403, why);
    ada.get("/api/users/cyd").await.is(404);

    assert_eq!(ada.post("/api/users", new_user("cyd")).await.is(201).json["role"], json!("member"));
    natter.script().log_in("cyd", &password_of("cyd")).await;
}
