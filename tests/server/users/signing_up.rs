//! Signing up over the API.

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::support::{Answer, Natter, Script, new_user};

fn ada_with(field: &str, value: &str) -> Value {
    let mut ada = json!({
        "userID": "ada", "name": "Ada", "email": "ada@example.org", "phone": "", "password": "a long secret of hers",
    });
    ada[field] = value.into();
    ada
}

#[tokio::test]
async fn the_first_to_sign_up_is_an_admin_and_the_second_a_member() {
    let natter = Natter::start().await;
    let answer = natter.script().post("/api/users", ada_with("phone", "+49 (0)30 123-456")).await.is(201);
    assert_eq!(answer.header("location"), "/api/users/ada");
    let created_at = answer.json["createdAt"].as_str().unwrap();
    assert!(created_at.starts_with("20") && created_at.ends_with('Z'), "{created_at}");
    let expected = json!({
        "userID": "ada", "name": "Ada", "email": "ada@example.org", "phone": "+49 (0)30 123-456", "about": "",
        "showsLastSeen": true, "role": "admin", "disabled": false, "createdAt": created_at, "messages": [],
    });
    assert_eq!(answer.json, expected, "no other field, no password and no hash");

    let bob = natter.register("bob").await;
    assert_eq!(bob.get("/api/users/bob").await.is(200).json["role"], "member");
    let ada = natter.script().log_in("ada", "a long secret of hers").await;
    assert_eq!(ada.get(answer.header("location")).await.is(200).json, expected, "Location is its URL");
}

#[tokio::test]
async fn every_field_is_validated() {
    let natter = Natter::start().await;
    let script = natter.script();
    let long = "x".repeat(72);
    let too_long =
        "Use at most 71 bytes (letters with accents and emoji count for two to four); this has 72.".to_owned();
    for (field, value, why) in [
        ("userID", "", "Use 3 to 32 characters."),
        ("userID", "ab", "Use 3 to 32 characters."),
        ("userID", &long[..33], "Use 3 to 32 characters."),
        ("userID", "ada lovelace", "Use letters, digits, and _ . - only."),
        ("userID", "ädä", "Use letters, digits, and _ . - only."),
        ("userID", "...", "Use at least one letter or digit."),
        ("name", " ", "Use 1 to 64 characters."),
        ("name", &long[..65], "Use 1 to 64 characters."),
        ("name", "Ada\u{7}", "Leave out control and text-direction characters."),
        ("name", "Ada\u{202E}", "Leave out control and text-direction characters."),
        ("name", "\u{200B}", "Use at least one visible character."),
        ("email", "", "Use an address like ada@example.org."),
        ("email", "ada@localhost", "Use an address like ada@example.org."),
        ("phone", "call me", "Use digits, spaces, and + ( ) - only."),
        ("phone", "12", "Use 3 to 32 characters, or leave it empty."),
        ("password", "seven77", "Use 8 characters or more."),
        ("password", &long, &too_long),
        ("password", "nul\0nulnul", "Leave out the NUL character."),
        ("password", "PassWord1", "This is one of the most common passwords. Use another."),
    ] {
        let answer = script.post("/api/users", ada_with(field, value)).await.blames(422, field, why);
        assert_eq!(answer.json["message"], format!("{field}: {why}"));
    }
    let answer = script.post("/api/users", json!({})).await.is(422);
    assert_eq!(answer.json["message"], "Some fields need attention.");
    let fields = answer.json["fields"].as_object().unwrap();
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["email", "name", "password", "userID"]);
    script.post("/api/users", ada_with("password", &long[..71])).await.is(201);
    script.try_log_in("ada", &long).await.is(401);
    script.try_log_in("ada", &long[..71]).await.is(200);
}

#[tokio::test]
async fn user_ids_and_emails_are_unique_regardless_of_case() {
    let natter = Natter::start().await;
    let script = natter.script();
    script.post("/api/users", ada_with("userID", "Ada.L")).await.is(201);
    let again = script.post("/api/users", ada_with("userID", "aDA.l")).await;
    again.blames(409, "userID", "This user ID is taken. Use another.");
    let other = script.post("/api/users", ada_with("email", "ADA@example.org")).await;
    other.blames(409, "email", "There is an account with this e-mail address already.");
}

#[tokio::test]
async fn one_of_many_concurrent_sign_ups_gets_the_user_id() {
    let natter = Natter::start().await;
    let script = natter.script();
    let tries = (0..8).map(|n| script.post("/api/users", ada_with("email", &format!("ada{n}@example.org"))));
    let tries = tries.collect::<Vec<_>>();
    let mut statuses: Vec<u16> =
        futures_util::future::join_all(tries).await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
}

async fn post_raw(script: &Script, content_type: &str, body: String) -> Answer {
    let request = script.request(Method::POST, "/api/users").header(CONTENT_TYPE, content_type);
    Answer::of(request.body(body).send().await.unwrap()).await
}

#[tokio::test]
async fn an_invalid_body_is_refused_with_the_matching_status() {
    let natter = Natter::start().await;
    let script = natter.script();
    let answer = script.post("/api/users", ada_with("nickname", "Addie")).await.is(422);
    let why = answer.json["fields"]["nickname"].as_str().unwrap();
    assert!(why.starts_with("unknown field `nickname`, expected one of `userID`"), "{why}");
    let answer = script.post("/api/users", json!({ "userID": 5 })).await.is(422);
    let why = answer.json["fields"]["userID"].as_str().unwrap();
    assert!(why.starts_with("invalid type: integer `5`, expected a string"), "{why}");

    for body in ["{", "", "{\"userID\": \"ada\"} and more", "\u{1}"] {
        let answer = post_raw(&script, "application/json", body.to_owned()).await.is(400);
        let message = answer.json["message"].as_str().unwrap();
        assert!(message.starts_with("The body is not JSON: "), "{message}");
    }
    let form = post_raw(&script, "application/x-www-form-urlencoded", "userID=ada".to_owned()).await;
    form.says(415, "Send JSON, with Content-Type: application/json.");
    let large = post_raw(&script, "application/json", ada_with("name", &"x".repeat(70_000)).to_string()).await;
    large.says(413, "The request body is too large. Shorten it and send it again.");
    let method = script.delete("/api/users").await.says(405, "This address does not take that method.");
    let mut allowed: Vec<_> = method.header("allow").split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    let nothing = script.get("/api/nothing").await.is(404);
    assert!(nothing.json["message"].is_string(), "{}", nothing.text);
}

#[tokio::test]
async fn reserved_names_are_refused() {
    let mut natter = Natter::start().await;
    let why = "The chat itself calls people \"You\" and \"deleted user\". Use another name.";
    for name in ["You", " you ", "Y\u{200B}OU", "deleted  user"] {
        let mut user = new_user("ada");
        user["name"] = json!(name);
        natter.script().post("/api/users", user).await.blames(422, "name", why);
    }
    let ada = natter.browse_as("ada").await;
    let page = ada.submit("/account", &[("name", "you"), ("email", "ada@example.org")]).await.is(422);
    assert_eq!(page.error_beside("name"), why);

    // a user who has such a name keeps it, even if a form sends it again
    natter.stop().await;
    natter.rename("ada", "You");
    natter.start_again().await;
    let form = [("name", "You"), ("email", "ada@example.org"), ("phone", "112")];
    ada.submit("/account", &form).await.leads_to("/account?saved=profile");
    let page = ada.visit("/account").await;
    assert_eq!((page.value_of("name"), page.value_of("phone")), ("You".to_owned(), "112".to_owned()));
    ada.submit("/account", &[("name", "YOU"), ("email", "ada@example.org")]).await.is(422);
}
