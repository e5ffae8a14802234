//! The claims, the validity and the expiry of tokens.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::support::{Natter, SECRET, Script, Socket, refused_handshake};

fn claims(token: &str) -> Value {
    jsonwebtoken::dangerous::insecure_decode::<Value>(token).unwrap().claims
}

fn sign(algorithm: Algorithm, claims: &Value, secret: &str) -> String {
    encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

fn signed_with(change: impl FnOnce(&mut Header), claims: &Value) -> String {
    let mut header = Header::new(Algorithm::HS256);
    change(&mut header);
    encode(&header, claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

/// The claims with some replaced.
fn with(claims: &Value, changes: Value) -> Value {
    let mut claims = claims.clone();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn without(claims: &Value, name: &str) -> Value {
    let mut claims = claims.clone();
    claims.as_object_mut().unwrap().remove(name).unwrap();
    claims
}

/// A token with any header and claims, signed with HMAC-SHA-256 whatever the header says.
fn forge(header: &Value, claims: &str, secret: &str) -> String {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let signed = format!("{}.{}", part(&header.to_string()), part(claims));
    let key = EncodingKey::from_secret(secret.as_bytes());
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{signed}.{signature}")
}

#[tokio::test]
async fn a_token_has_exactly_the_documented_claims() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    let header = jsonwebtoken::decode_header(ada.token()).unwrap();
    assert_eq!(header.alg, Algorithm::HS256);
    let claims = claims(ada.token());
    let mut names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["aud", "exp", "iat", "iss", "jti", "name", "nbf", "sub", "userID", "ver"]);
    assert_eq!((&claims["userID"], &claims["name"]), (&json!("ada"), &json!("Ada")));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
}

#[tokio::test]
async fn one_token_is_valid_for_the_chat_page_the_socket_and_the_api() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    let token = ada.token();
    ada.get("/api/users/ada").await.is(200);
    ada.says("by the API").await;
    let page = natter.browser().visit(&format!("/?jwt={token}")).await.is(200);
    assert_eq!(page.messages(), ["You: by the API"]);
    let mut by_address = Socket::open(&natter.script(), &format!("?jwt={token}&after=0")).await;
    by_address.sees("Ada: by the API").await;
    let mut by_header = Socket::open(&ada, "?after=0").await;
    by_header.sees("Ada: by the API").await;
}

async fn assert_refused_everywhere(natter: &Natter, token: &str) {
    natter.script().with_token(token).get("/api/users").await.says_token_did_not_match();
    natter.script().get(&format!("/?jwt={token}")).await.says_token_did_not_match();
    let address = format!("ws://{}/ws?jwt={token}", natter.address);
    let refusal = (401, json!({ "message": "Token didn't match" }).to_string());
    assert_eq!(refused_handshake(address.into_client_request().unwrap()).await, refusal);
    let mut request = format!("ws://{}/ws", natter.address).into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    assert_eq!(refused_handshake(request).await, refusal);
}

async fn natter_with_secret() -> (Natter, Script, Value) {
    let natter = Natter::with(&["--access-token-secret", SECRET]).await;
    let ada = natter.register("ada").await;
    let claims = claims(ada.token());
    (natter, ada, claims)
}

#[tokio::test]
async fn only_tokens_issued_by_this_natter_are_valid() {
    let (natter, ada, claims) = natter_with_secret().await;
    let same = sign(Algorithm::HS256, &claims, SECRET);
    natter.script().with_token(&same).get("/api/users").await.is(200);
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let (header, rest) = ada.token().split_once('.').unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", rest.split_once('.').unwrap().0);
    let unknown = "00000000-0000-7000-8000-000000000000";
    for (what, token) in [
        ("another secret", sign(Algorithm::HS256, &claims, "another secret, of 32 bytes or more")),
        ("HS384", sign(Algorithm::HS384, &claims, SECRET)),
        ("HS512", sign(Algorithm::HS512, &claims, SECRET)),
        ("no signature", unsigned),
        ("tampered with", format!("{header}.x{rest}")),
        ("expired", sign(Algorithm::HS256, &with(&claims, json!({ "exp": now - 1 })), SECRET)),
        ("not valid yet", sign(Algorithm::HS256, &with(&claims, json!({ "nbf": now + 60 })), SECRET)),
        ("another issuer", sign(Algorithm::HS256, &with(&claims, json!({ "iss": "chatter" })), SECRET)),
        ("another audience", sign(Algorithm::HS256, &with(&claims, json!({ "aud": "chatter" })), SECRET)),
        ("an older version of the account", sign(Algorithm::HS256, &with(&claims, json!({ "ver": 0 })), SECRET)),
        ("an unknown user", sign(Algorithm::HS256, &with(&claims, json!({ "sub": unknown })), SECRET)),
        ("an extension that must be understood", signed_with(|header| header.crit = Some(vec!["exp".into()]), &claims)),
        ("another kind of token", signed_with(|header| header.typ = Some("at+jwt".into()), &claims)),
        ("a nested token", signed_with(|header| header.cty = Some("JWT".into()), &claims)),
        ("issued in the future", sign(Algorithm::HS256, &with(&claims, json!({ "iat": now + 90 })), SECRET)),
        ("rubbish", "rubbish".to_owned()),
    ] {
        println!("{what}");
        assert_refused_everywhere(&natter, &token).await;
    }
    natter.script().get("/?jwt=").await.says_token_did_not_match();
}

#[tokio::test]
async fn no_forged_token_is_valid_or_an_error_of_the_server() {
    let (natter, ada, claims) = natter_with_secret().await;
    let token = ada.token();
    let plain = json!({ "alg": "HS256", "typ": "JWT" });
    let own_key = json!({ "kty": "oct", "k": BASE64_URL_SAFE_NO_PAD.encode("their own key") });
    let text = claims.to_string();
    let [_, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    natter.script().with_token(&forge(&plain, &text, SECRET)).get("/api/users").await.is(200);
    let end = claims["exp"].to_string();
    let ends = |exp: &str| forge(&plain, &text.replace(&end, exp), SECRET);
    for (what, token) in [
        ("an empty key", forge(&plain, &text, "")),
        ("its own key", forge(&with(&plain, json!({ "jwk": own_key })), &text, "their own key")),
        ("a key elsewhere", forge(&with(&plain, json!({ "jku": "http://127.0.0.1:1/jwks.json" })), &text, "theirs")),
        ("a key of a file", forge(&with(&plain, json!({ "kid": "../../../../dev/null" })), &text, "")),
        ("the algorithm None", forge(&with(&plain, json!({ "alg": "None" })), &text, SECRET)),
        ("the algorithm none, signed", forge(&with(&plain, json!({ "alg": "none" })), &text, SECRET)),
        ("RS256 with the secret as its key", forge(&with(&plain, json!({ "alg": "RS256" })), &text, SECRET)),
        ("no algorithm", forge(&json!({ "typ": "JWT" }), &text, SECRET)),
        ("no end", forge(&plain, &without(&claims, "exp").to_string(), SECRET)),
        ("an end in words", ends("\"tomorrow\"")),
        ("an end as a string", ends(&format!("\"{end}\""))),
        ("an end beyond all time", ends("1e300")),
        ("an end beyond a number", ends("1e400")),
        ("an end that is a list", ends(&format!("[{end}]"))),
        ("two ends", ends(&format!("1, \"exp\": {end}"))),
        ("no subject", forge(&plain, &without(&claims, "sub").to_string(), SECRET)),
        ("claims that are a list", forge(&plain, "[]", SECRET)),
        ("claims that are no JSON", forge(&plain, "{", SECRET)),
        ("claims that nest", forge(&plain, &"[".repeat(1_000), SECRET)),
        ("a truncated signature", token[..token.len() - 1].to_owned()),
        ("no signature after the dot", format!("{}.", token.rsplit_once('.').unwrap().0)),
        ("a padded signature", format!("{token}=")),
        ("four parts", format!("{token}.{signature}")),
        ("two parts", format!("{payload}.{signature}")),
        ("five parts, as if encrypted", format!("{token}.{payload}.{signature}")),
    ] {
        println!("{what}");
        assert_refused_everywhere(&natter, &token).await;
    }
    // HTTP has its own limit of a header
    let long = natter.script().with_token(&"a".repeat(1 << 20)).get("/api/users").await;
    assert_eq!(long.status, 431);
    ada.get("/api/users").await.is(200);
}

#[tokio::test]
async fn a_socket_with_only_a_token_closes_when_the_token_expires() {
    let (natter, _ada, claims) = natter_with_secret().await;
    let soon = OffsetDateTime::now_utc().unix_timestamp() + 2;
    let token = sign(Algorithm::HS256, &with(&claims, json!({ "exp": soon })), SECRET);
    let mut by_token = Socket::open(&natter.script().with_token(&token), "").await;
    let visitor = natter.browser();
    visitor.visit(&format!("/?jwt={token}")).await.is(200);
    let mut tab = Socket::open_in(&visitor, "").await;
    let lasting = natter.browser();
    lasting.log_in("ada").await;
    lasting.visit(&format!("/?jwt={token}")).await.is(200);

    assert_eq!(by_token.close_frame().await, (1008, "token expired".to_owned()));
    assert_eq!(tab.close_frame().await, (1008, "token expired".to_owned()));
    visitor.visit("/").await.leads_to("/login");
    assert!(lasting.is_signed_in().await, "the session of a login outlives the token of a link");
}
