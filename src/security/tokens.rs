//! JSON Web Tokens (RFC 7519): HS256 only, valid for one hour on the chat, users and auth servers.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Grant, jwt_hmac};
use crate::domain::{Timestamp, User};

/// How long a token is valid, in seconds.
pub const LIFETIME: i64 = 3600;
/// Largest difference between the clocks of two machines with which a fresh token is valid on both, in seconds.
const SKEW: i64 = 30;
const ISSUER: &str = "natter";
const TYPE: &str = "JWT";

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: Uuid,
    #[serde(rename = "userID")]
    user_id: String,
    name: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    iss: String,
    aud: String,
    jti: Uuid,
    /// [`User::version`] when the token was issued.
    ver: i64,
}

/// The token was issued by another server, was changed, or is not valid at this time. The error deliberately does not
/// say which.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("Token didn't match")]
pub struct BadToken;

pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Tokens {
    /// `secret` signs and verifies the tokens. All servers on one database must share it.
    pub fn new(secret: &SecretString) -> Self {
        jwt_hmac::install();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["sub", "iat", "nbf", "exp", "iss", "aud", "jti"]);
        let secret = secret.expose_secret().as_bytes();
        Self { encoding: EncodingKey::from_secret(secret), decoding: DecodingKey::from_secret(secret), validation }
    }

    /// Issues a token for `user`, with a fresh grant.
    pub fn issue(&self, user: &User) -> (String, Grant) {
        self.issue_at(user, Timestamp::now())
    }

    /// Issues another token with the token id of `grant`.
    pub fn reissue(&self, user: &User, grant: &Grant, expires: Timestamp) -> String {
        let grant = Grant::from_parts(grant.user().0, grant.version(), grant.token().0, expires.as_secs());
        self.encode(user, &grant, Timestamp::now())
    }

    fn issue_at(&self, user: &User, now: Timestamp) -> (String, Grant) {
        let grant = Grant::new(user, now.plus_secs(LIFETIME));
        (self.encode(user, &grant, now), grant)
    }

    fn encode(&self, user: &User, grant: &Grant, now: Timestamp) -> String {
        let claims = Claims {
            sub: user.key.0,
            user_id: user.user_id.to_string(),
            name: user.name.to_string(),
            iat: now.as_secs(),
            nbf: now.as_secs() - SKEW,
            exp: grant.expires().as_secs(),
            iss: ISSUER.into(),
            aud: ISSUER.into(),
            jti: grant.token().0,
            ver: grant.version(),
        };
        let token = encode(&Header::new(Algorithm::HS256), &claims, &self.encoding);
        token.expect("claims of plain strings and numbers can be encoded")
    }

    /// Verifies a token and returns its grant. The store decides whether the grant is still valid.
    ///
    /// # Errors
    /// See [`BadToken`].
    pub fn read(&self, token: &str) -> Result<Grant, BadToken> {
        let read = decode::<Claims>(token, &self.decoding, &self.validation).map_err(|_| BadToken)?;
        let claims = read.claims;
        if !is_plain(&read.header) || claims.iat > Timestamp::now().as_secs() + SKEW {
            return Err(BadToken);
        }
        Ok(Grant::from_parts(claims.sub, claims.ver, claims.jti, claims.exp))
    }
}

/// Whether the header has no parameter that [`Tokens::read`] would have to obey. The library leaves this check to its
/// caller.
///
/// - `crit` names extensions that must be supported (RFC 7515, 4.1.11); natter supports none. `b64` is one of them (RFC
///   7797), and would change the signed text.
/// - `typ` is the type of the token (RFC 8725, 3.11); another type is refused. It is optional (RFC 7519, 5.1), and
///   without it `iss` and `aud` identify the token as one of natter's.
/// - `cty` marks a token inside the token (RFC 7519, 5.2), which natter never issues.
fn is_plain(header: &Header) -> bool {
    let is_jwt = header.typ.as_deref().is_none_or(|typ| typ.eq_ignore_ascii_case(TYPE));
    is_jwt && header.crit.is_none() && header.cty.is_none() && !header.extras.inner().contains_key("b64")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;
    use crate::domain::{About, Email, Name, Phone, Role, Settings, UserId, UserKey};

    fn ada() -> User {
        User {
            key: UserKey::generate(),
            user_id: UserId::parse("ada").unwrap(),
            name: Name::parse("Ada").unwrap(),
            email: Email::parse("ada@example.org").unwrap(),
            phone: Phone::default(),
            about: About::default(),
            avatar: None,
            shows_last_seen: true,
            settings: Settings::default(),
            role: Role::Member,
            disabled: false,
            version: 3,
            created_at: Timestamp::now(),
        }
    }

    fn tokens() -> Tokens {
        Tokens::new(&SecretString::from("0123456789abcdef0123456789abcdef".to_owned()))
    }

    #[test]
    fn a_token_carries_its_grant_for_an_hour() {
        let (token, grant) = tokens().issue(&ada());
        assert_eq!(tokens().read(&token), Ok(grant));
        assert_eq!(grant.version(), 3);
        let (old, _) = tokens().issue_at(&ada(), Timestamp::now().plus_secs(-LIFETIME - 1));
        assert_eq!(tokens().read(&old), Err(BadToken));
        let (early, _) = tokens().issue_at(&ada(), Timestamp::now().plus_secs(SKEW + 60));
        assert_eq!(tokens().read(&early), Err(BadToken));
    }

    #[test]
    fn a_reissued_token_keeps_the_token_id_of_the_login() {
        let ada = ada();
        let (_, old) = tokens().issue_at(&ada, Timestamp::now().plus_secs(-LIFETIME - 1));
        let reissued = tokens().read(&tokens().reissue(&ada, &old, Timestamp::now().plus_secs(60))).unwrap();
        assert_eq!((reissued.user(), reissued.version(), reissued.token()), (old.user(), old.version(), old.token()));
        assert!(reissued.expires() > Timestamp::now());
    }

    #[test]
    fn tokens_of_others_and_forged_tokens_are_refused() {
        let (token, _) = tokens().issue(&ada());
        let other = Tokens::new(&SecretString::from("another secret, 32 bytes or more".to_owned()));
        assert_eq!(other.read(&token), Err(BadToken));
        let (header, rest) = token.split_once('.').unwrap();
        assert_eq!(tokens().read(&format!("{header}.x{rest}")), Err(BadToken));
        // {"alg":"none","typ":"JWT"}
        assert_eq!(tokens().read(&format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{rest}")), Err(BadToken));
        for invalid in ["", ".", "..", "a.b.c", "\u{0}"] {
            assert_eq!(tokens().read(invalid), Err(BadToken));
        }
    }

    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

    /// The claims of a valid token with some changes: a value replaces the claim, null repeats it.
    struct ChangedClaims(Vec<(&'static str, Value)>);

    impl Serialize for ChangedClaims {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let (token, _) = tokens().issue(&ada());
            let claims = jsonwebtoken::dangerous::insecure_decode::<BTreeMap<String, Value>>(&token).unwrap().claims;
            let repeated: Vec<_> = self.0.iter().filter(|(_, value)| value.is_null()).map(|(name, _)| *name).collect();
            let changed = |name: &str| self.0.iter().any(|(other, _)| *other == name) && !repeated.contains(&name);
            let kept = claims.iter().filter(|(name, _)| !changed(name)).map(|(name, value)| (name.as_str(), value));
            let again = repeated.iter().map(|name| (*name, &claims[*name]));
            let new = self.0.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (*name, value));
            serializer.collect_map(kept.chain(again).chain(new))
        }
    }

    fn signed(header: impl FnOnce(&mut Header), changes: &[(&'static str, Value)]) -> Result<Grant, BadToken> {
        let mut plain = Header::new(Algorithm::HS256);
        header(&mut plain);
        tokens().read(&encode(&plain, &ChangedClaims(changes.to_vec()), &EncodingKey::from_secret(KEY)).unwrap())
    }

    #[test]
    fn a_header_with_unsupported_parameters_is_refused() {
        for (typ, is_valid) in [(Some("JWT"), true), (Some("jwt"), true), (None, true), (Some("at+jwt"), false)] {
            let read = signed(|header| header.typ = typ.map(str::to_owned), &[]);
            assert_eq!(read.is_ok(), is_valid, "{typ:?}");
        }
        assert!(signed(|header| header.crit = Some(vec!["exp".into()]), &[]).is_err());
        assert!(signed(|header| header.crit = Some(vec![]), &[]).is_err());
        assert!(signed(|header| header.cty = Some("JWT".into()), &[]).is_err());
        assert!(signed(|header| header.extras.insert("b64", false), &[]).is_err());
        assert!(signed(|header| header.extras.insert("typ", "JWT"), &[]).is_err(), "twice");
        assert!(
            signed(|header| header.kid = Some("1".into()), &[]).is_ok(),
            "parameters that are not critical are ignored"
        );
    }

    #[test]
    fn a_token_from_the_future_and_a_repeated_claim_are_refused() {
        let now = Timestamp::now().as_secs();
        assert!(signed(|_| {}, &[("iat", json!(now + SKEW - 5))]).is_ok());
        assert!(signed(|_| {}, &[("iat", json!(now + SKEW + 60))]).is_err());
        let endless = signed(|_| {}, &[("exp", json!(i64::MAX))]);
        assert!(endless.is_ok_and(|grant| grant.expires() > Timestamp::now()), "whoever has the secret may sign it");
        for name in ["sub", "iat", "exp", "jti", "ver", "aud"] {
            assert!(signed(|_| {}, &[(name, Value::Null)]).is_err(), "{name}");
        }
    }

    #[test]
    fn only_hs256_is_accepted() {
        let key = EncodingKey::from_secret(KEY);
        let (token, _) = tokens().issue(&ada());
        let claims = jsonwebtoken::dangerous::insecure_decode::<Claims>(&token).unwrap().claims;
        let hs384 = encode(&Header::new(Algorithm::HS384), &claims, &key).unwrap();
        assert_eq!(tokens().read(&hs384), Err(BadToken));
    }
}
