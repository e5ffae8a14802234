//! JSON Web Tokens (RFC 7519): HS256 and nothing else, one hour, good for the chat, users and auth servers.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Grant, jwt_hmac};
use crate::domain::{Timestamp, User};

/// How long a token is valid, in seconds.
pub const LIFETIME: i64 = 3600;
/// How far the clocks of two machines may be apart for a fresh token to be good on both, in seconds.
const SKEW: i64 = 30;
const ISSUER: &str = "natter";

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

/// The token is not one of ours, was tampered with, or is not valid at this time. Which of them it is,
/// is deliberately not told.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("Token didn't match")]
pub struct BadToken;

pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Tokens {
    /// Signs and checks with `secret`, which every server of one database has to share.
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

    /// A fresh token for `user`, and the grant it carries.
    pub fn issue(&self, user: &User) -> (String, Grant) {
        self.issue_at(user, Timestamp::now())
    }

    /// Another token under the id of `grant`.
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

    /// What the token stands for. Whether that still holds, only the store can tell.
    pub fn read(&self, token: &str) -> Result<Grant, BadToken> {
        let claims = decode::<Claims>(token, &self.decoding, &self.validation).map_err(|_| BadToken)?.claims;
        Ok(Grant::from_parts(claims.sub, claims.ver, claims.jti, claims.exp))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Email, Name, Phone, Role, UserId, UserKey};

    fn ada() -> User {
        User {
            key: UserKey::generate(),
            user_id: UserId::parse("ada").unwrap(),
            name: Name::parse("Ada").unwrap(),
            email: Email::parse("ada@example.org").unwrap(),
            phone: Phone::default(),
            role: Role::Member,
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
    fn a_token_for_another_server_ends_with_the_login_it_came_of() {
        let ada = ada();
        let (_, old) = tokens().issue_at(&ada, Timestamp::now().plus_secs(-LIFETIME - 1));
        let again = tokens().read(&tokens().reissue(&ada, &old, Timestamp::now().plus_secs(60))).unwrap();
        assert_eq!((again.user(), again.version(), again.token()), (old.user(), old.version(), old.token()));
        assert!(again.expires() > Timestamp::now());
    }

    #[test]
    fn foreign_and_forged_tokens_do_not_match() {
        let (token, _) = tokens().issue(&ada());
        let other = Tokens::new(&SecretString::from("another secret, 32 bytes or more".to_owned()));
        assert_eq!(other.read(&token), Err(BadToken));
        let (header, rest) = token.split_once('.').unwrap();
        assert_eq!(tokens().read(&format!("{header}.x{rest}")), Err(BadToken));
        // {"alg":"none","typ":"JWT"}
        assert_eq!(tokens().read(&format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{rest}")), Err(BadToken));
        for rubbish in ["", ".", "..", "a.b.c", "\u{0}"] {
            assert_eq!(tokens().read(rubbish), Err(BadToken));
        }
    }

    #[test]
    fn only_hs256_is_taken() {
        let key = EncodingKey::from_secret(b"0123456789abcdef0123456789abcdef");
        let (token, _) = tokens().issue(&ada());
        let claims = jsonwebtoken::dangerous::insecure_decode::<Claims>(&token).unwrap().claims;
        let hs384 = encode(&Header::new(Algorithm::HS384), &claims, &key).unwrap();
        assert_eq!(tokens().read(&hs384), Err(BadToken));
    }
}
