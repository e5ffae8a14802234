//! Tokens.

use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use natter::{domain::Timestamp, security::tokens::Tokens};
use ring::hmac;
use serde_json::Value;

use crate::sample::ada;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

static TOKENS: LazyLock<Tokens> = LazyLock::new(|| Tokens::new(&SECRET.to_owned().into()));

/// Nothing is a token but what natter issued, byte by byte.
pub fn token(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    assert!(TOKENS.read(&text).is_err(), "nobody can sign it: {text}");

    let (valid, grant) = TOKENS.issue(&ada());
    assert_eq!(TOKENS.read(&valid), Ok(grant));
    if let [a, b, rest @ ..] = data {
        a_changed_token_is_refused(&valid, usize::from(u16::from_le_bytes([*a, *b])), rest);
    }
    let (header, claims) = text.split_once('\n').unwrap_or((r#"{"alg":"HS256"}"#, &text));
    a_signed_token_is_read_with_care(header, claims);
}

/// Puts `new` into a valid token, instead of as many characters and between them, and cuts the token there.
fn a_changed_token_is_refused(valid: &str, place: usize, new: &[u8]) {
    let new = String::from_utf8_lossy(new);
    let place = place % (valid.len() + 1);
    let (before, after) = valid.split_at(place);
    let replaced = format!("{before}{new}{}", after.get(new.len()..).unwrap_or_default());
    let inserted = format!("{before}{new}{after}");
    for changed in [&replaced, &inserted, before, after, &format!("{new}{valid}"), &format!("{valid}{new}")] {
        assert!(changed == valid || TOKENS.read(changed).is_err(), "{changed} for {valid}");
    }
}

/// Any header and claims, signed with the secret: a token that is read is of this algorithm, of natter, and valid now.
fn a_signed_token_is_read_with_care(header: &str, claims: &str) {
    let signed = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let token = format!("{signed}.{}", BASE64.encode(hmac::sign(&key, signed.as_bytes())));
    let Ok(grant) = TOKENS.read(&token) else { return };
    let read = |json: &str| serde_json::from_str::<Value>(json).unwrap_or_default();
    let (header, claims) = (read(header), read(claims));
    assert_eq!(header["alg"], "HS256");
    assert!(header.get("crit").is_none_or(Value::is_null) && header.get("b64").is_none(), "{header}");
    assert_eq!(claims["iss"], "natter", "{claims}");
    let audiences = claims["aud"].as_array().map_or_else(|| vec![&claims["aud"]], |all| all.iter().collect());
    assert!(audiences.iter().any(|audience| *audience == "natter"), "{claims}");
    assert!(grant.expires() > Timestamp::now().plus_secs(-1), "{claims}");
    assert_eq!(Some(grant.version()), claims["ver"].as_i64());
}
