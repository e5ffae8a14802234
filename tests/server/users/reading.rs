//! Reading users over the API.

use crate::support::Natter;

#[tokio::test]
async fn users_are_listed_by_user_id_in_pages() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    for user_id in ["Dan", "bob", "Cyd", "eve"] {
        natter.register(user_id).await;
    }
    let mut pages = Vec::new();
    let mut next = Some("/api/users?limit=2".to_owned());
    while let Some(path) = next {
        let page = ada.get(&path).await.is(200).json;
        let users = page["users"].as_array().unwrap();
        pages.push(users.iter().map(|user| user["userID"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(pages, [vec!["ada", "bob"], vec!["Cyd", "Dan"], vec!["eve"]]);
    let all = ada.get("/api/users").await.is(200).json;
    assert_eq!(all["users"].as_array().unwrap().len(), 5);
    assert!(all.get("next").is_none());
    let after = ada.get("/api/users?after=CYD").await.is(200).json;
    assert_eq!(after["users"][0]["userID"], "Dan");

    for limit in ["0", "101"] {
        ada.get(&format!("/api/users?limit={limit}")).await.blames(422, "limit", "Use 1 to 100.");
    }
    ada.get("/api/users?after=a%20b").await.blames(422, "after", "Use letters, digits, and _ . - only.");
    ada.get("/api/users?limit=many").await.is(400);
    ada.get("/api/users?colour=red").await.is(400);
}

#[tokio::test]
async fn a_user_has_the_latest_hundred_messages_and_a_link_to_the_rest() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let mut sent = Vec::new();
    for n in 1..=103 {
        sent.push(ada.says(&format!("number {n}")).await);
    }
    bob.says("and one of bob's").await;
    let user = bob.get("/api/users/ADA").await.is(200).json;
    let messages = user["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 100);
    assert_eq!(messages[0]["message"], "number 4", "oldest first");
    assert_eq!(messages[99], serde_json::json!({ "sentTime": sent[102]["sentTime"], "message": "number 103" }));
    let rest = user["moreMessages"].as_str().unwrap();
    assert_eq!(rest, "/api/messages?author=ada&before=4");
    let rest = bob.get(rest).await.is(200).json;
    let rest: Vec<_> = rest["messages"].as_array().unwrap().iter().map(|message| &message["message"]).collect();
    assert_eq!(rest, ["number 1", "number 2", "number 3"]);

    let list = ada.get("/api/users").await.is(200).json;
    assert_eq!(list["users"][0]["messages"].as_array().unwrap().len(), 100);
    assert_eq!(list["users"][1]["messages"][0]["message"], "and one of bob's");
    assert!(list["users"][1].get("moreMessages").is_none());
}

#[tokio::test]
async fn the_api_requires_a_token() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    let nobody = natter.script();
    let hint = "Send a token: Authorization: Bearer TOKEN. POST /api/login gives one.";
    for path in ["/api/users", "/api/users/ada", "/api/messages"] {
        let answer = nobody.get(path).await.says(401, hint);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        nobody.with_token("x.y.z").get(path).await.says_token_did_not_match();
    }
    ada.get("/api/users/bob").await.says(404, "There is no such user.");
    ada.get("/api/users/a%20b").await.says(404, "There is no such user.");
}

#[tokio::test]
async fn no_response_contains_a_password_hash() {
    let natter = Natter::start().await;
    let browser = natter.browse_as("ada").await;
    let ada = natter.script().with_token(browser.token.as_deref().unwrap());
    let patched = ada.patch("/api/users/ada", serde_json::json!({ "name": "Ada L" })).await.is(200);
    let refused = ada.patch("/api/users/ada", serde_json::json!({ "password": "x" })).await.is(422);
    let mut shown = vec![patched.text, refused.text];
    for path in ["/api/users", "/api/users/ada", "/api/messages"] {
        shown.push(ada.get(path).await.is(200).text);
    }
    for path in ["/rooms/lobby", "/people/ada", "/account", "/admin/users", "/admin/users?edit=ada"] {
        shown.push(browser.visit(path).await.is(200).html);
    }
    for text in shown {
        assert!(!text.contains("$2b$") && !text.contains("hash"), "{text}");
    }
}
