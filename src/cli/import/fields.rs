//! Makes an account from a document of the Node application, which checked no values. Values that natter refuses are
//! replaced, and each replacement is reported.

use ring::digest::{SHA256, digest};
use uuid::Builder;

use super::report::quote;
use crate::{
    domain::{Email, Name, Phone, Role, Settings, Timestamp, User, UserId, UserKey},
    security::passwords,
    store::{Account, NodeUser, NodeValue, PasswordHash},
};

/// The domain of placeholder addresses. No mail is ever delivered there (RFC 2606).
const PLACEHOLDER_DOMAIN: &str = "imported.invalid";

/// The account, and a description of each replacement. No password matches `unusable_hash`.
pub fn account(user: &NodeUser, unusable_hash: &PasswordHash) -> (Account, Vec<String>) {
    let mut repairs = Vec::new();
    let user_id = user_id(user, &mut repairs);
    let name = name(user, &user_id, &mut repairs);
    let phone = phone(user, &mut repairs);
    let email = text("e-mail address", &user.email, &mut repairs);
    let valid = email.as_deref().and_then(|email| Email::parse(email).ok());
    let mut account = User {
        key: key(user),
        user_id,
        name,
        email: valid.clone().unwrap_or_else(|| Email::stored(String::new())),
        phone,
        about: crate::domain::About::default(),
        avatar: None,
        shows_last_seen: true,
        settings: Settings::default(),
        role: Role::Member,
        disabled: false,
        version: 1,
        created_at: user.created.unwrap_or_else(Timestamp::now),
    };
    if valid.is_none() {
        account.email = placeholder(&account, false);
        let found =
            email.map_or("no e-mail address".into(), |email| format!("{} for an e-mail address", quote(&email)));
        repairs.push(format!("it has {found}, it is {} now", account.email));
    }
    let password = match &user.password {
        NodeValue::Text(hash) if passwords::is_hash(hash) => PasswordHash(hash.clone()),
        _ => {
            repairs.push(
                "its password is not a bcrypt hash of cost 4 to 16; the user cannot log in until natter user password sets one"
                    .into(),
            );
            unusable_hash.clone()
        }
    };
    (Account { user: account, password, last_seen: None, link: None }, repairs)
}

/// The key of the account: the same for the same document at every import. Like every key, it begins with the time when
/// the account was created.
pub fn key(user: &NodeUser) -> UserKey {
    let digest = digest(&SHA256, format!("natter import, user {}", user.id).as_bytes());
    let mut random = [0; 10];
    random.copy_from_slice(&digest.as_ref()[..10]);
    let created = user.created.map_or(0, |created| created.0.unsigned_abs());
    UserKey(Builder::from_unix_timestamp_millis(created, &random).into_uuid())
}

fn user_id(user: &NodeUser, repairs: &mut Vec<String>) -> UserId {
    let found = text("userID", &user.user_id, repairs);
    if let Some(user_id) = found.as_deref().and_then(|raw| UserId::parse(raw).ok().filter(|id| id.as_str() == raw)) {
        return user_id;
    }
    let mut cleaned: String =
        found.as_deref().unwrap_or_default().trim().chars().map(allowed_or_underscore).take(UserId::MAX).collect();
    while !cleaned.is_empty() && cleaned.len() < 3 {
        cleaned.push('_');
    }
    let id: String = user.id.chars().filter(char::is_ascii_alphanumeric).take(UserId::MAX - 5).collect();
    let user_id = UserId::parse(&cleaned).unwrap_or_else(|_| UserId::stored(format!("user-{id}")));
    match found {
        Some(found) => repairs.push(format!("the userID {} is invalid, it is {user_id} now", quote(&found))),
        None => repairs.push(format!("it has no userID, it is {user_id} now")),
    }
    user_id
}

fn allowed_or_underscore(c: char) -> char {
    if c.is_ascii_alphanumeric() || "_.-".contains(c) { c } else { '_' }
}

/// The userID with a number appended, if the userID itself is taken.
pub fn numbered(wanted: &UserId, number: u32) -> UserId {
    let suffix = format!("-{number}");
    let end = wanted.as_str().len().min(UserId::MAX - suffix.len());
    UserId::stored(format!("{}{suffix}", &wanted.as_str()[..end]))
}

/// An address without delivery, made from the userID, or from the key (`by_key`) if that one is taken.
pub fn placeholder(user: &User, by_key: bool) -> Email {
    let by_id = Email::parse(&format!("{}@{PLACEHOLDER_DOMAIN}", user.user_id)).ok().filter(|_| !by_key);
    by_id.unwrap_or_else(|| Email::stored(format!("{}@{PLACEHOLDER_DOMAIN}", user.key.0)))
}

fn name(user: &NodeUser, user_id: &UserId, repairs: &mut Vec<String>) -> Name {
    let found = text("name", &user.name, repairs);
    if let Some(name) = found.as_deref().and_then(|name| Name::parse(name).ok()) {
        return name;
    }
    let allowed = |c: &char| Name::parse(&format!("x{c}x")).is_ok();
    let kept: String = found.as_deref().unwrap_or_default().trim().chars().filter(allowed).take(Name::MAX).collect();
    // "you" is a valid userID, but not a valid name
    let name = Name::parse(&kept).or_else(|_| Name::parse(user_id.as_str()));
    let name = name.unwrap_or_else(|_| Name::stored(format!("{user_id} (imported)")));
    repairs.push(match found {
        Some(found) => format!("the name {} is invalid, it is {} now", quote(&found), quote(name.as_str())),
        None => format!("it has no name, it is {} now", quote(name.as_str())),
    });
    name
}

fn phone(user: &NodeUser, repairs: &mut Vec<String>) -> Phone {
    let Some(found) = text("phone number", &user.phone, repairs) else { return Phone::default() };
    Phone::parse(&found).unwrap_or_else(|_| {
        // slashes and dots are common in some countries
        let dashed = Phone::parse(&found.replace(['/', '.'], "-")).ok();
        let replacement = dashed.as_ref().map_or("it is empty now".into(), |phone| format!("it is {phone} now"));
        repairs.push(format!("the phone number {} is invalid, {replacement}", quote(&found)));
        dashed.unwrap_or_default()
    })
}

/// The field as text, if it exists and has a text form.
fn text(field: &str, value: &NodeValue, repairs: &mut Vec<String>) -> Option<String> {
    match value {
        NodeValue::Missing => None,
        NodeValue::Text(text) => Some(text.clone()),
        NodeValue::Plain(text) => {
            repairs.push(format!("the {field} was not text, it is {} now", quote(text)));
            Some(text.clone())
        }
        NodeValue::Other(kind) => {
            repairs.push(format!("the {field} was {kind}"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(field: &str, value: NodeValue) -> NodeUser {
        let ok = |name: &str, text: &str| if name == field { value.clone() } else { NodeValue::Text(text.into()) };
        NodeUser {
            id: "507f1f77bcf86cd799439011".into(),
            created: Some(Timestamp(1_350_844_279_000)),
            user_id: ok("userID", "ada"),
            name: ok("name", "Ada"),
            email: ok("email", "ada@example.org"),
            phone: ok("phone", "112"),
            password: ok("password", "$2b$10$abcdefghijklmnopqrstuuG5GQSuY7zIXUaWIfYcPfHdBZJ6Q2q3W"),
            messages: Ok(0),
        }
    }

    fn imported(field: &str, value: &str) -> (User, Vec<String>) {
        let (account, repairs) = account(&user(field, NodeValue::Text(value.into())), &passwords::unusable_hash(4));
        (account.user, repairs)
    }

    #[test]
    fn valid_values_are_imported_unchanged() {
        let (first, repairs) = imported("", "");
        assert_eq!(repairs, Vec::<String>::new());
        assert_eq!((first.user_id.as_str(), first.name.as_str(), first.role), ("ada", "Ada", Role::Member));
        assert_eq!(first.created_at.day(), "2012-10-21");
        assert_eq!(imported("userID", "bob").0.key, first.key, "the key depends on the document's id alone");
    }

    #[test]
    fn invalid_values_are_replaced_and_reported() {
        for (field, value, expected) in [
            ("userID", "jürgen", "it is j_rgen now"),
            ("userID", " al", "it is al_ now"),
            ("userID", "...", "it is user-507f1f77bcf86cd799439011"),
            ("userID", &"x".repeat(40), &"x".repeat(32)),
            ("name", "a\nb", r#"it is "ab" now"#),
            ("name", "\u{202e}", r#"it is "ada" now"#),
            ("name", &"n".repeat(99), &"n".repeat(40)),
            ("name", "You", r#"it is "ada" now"#),
            ("name", "Deleted  User", r#"it is "ada" now"#),
            ("email", "nonsense", "ada@imported.invalid now"),
            ("phone", "030/1234.5", "it is 030-1234-5 now"),
            ("phone", "call me", "it is empty now"),
            ("password", "correct horse", "not a bcrypt hash"),
            ("password", "$2x$10$abcdefghijklmnopqrstuuG5GQSuY7zIXUaWIfYcPfHdBZJ6Q2q3W", "not a bcrypt hash"),
        ] {
            let (user, repairs) = imported(field, value);
            assert!(repairs.len() == 1 && repairs[0].contains(expected), "{repairs:?}");
            assert!(UserId::parse(user.user_id.as_str()).is_ok() && Name::parse(user.name.as_str()).is_ok());
            assert!(Email::parse(user.email.as_str()).is_ok() && Phone::parse(user.phone.as_str()).is_ok());
        }
        let both = NodeUser { user_id: NodeValue::Text("You".into()), ..user("name", NodeValue::Text("you".into())) };
        let (account, repairs) = super::account(&both, &passwords::unusable_hash(4));
        assert!(
            Name::parse(account.user.name.as_str()).is_ok() && repairs[0].contains(r#"it is "You (imported)" now"#)
        );
        let (_, repairs) =
            super::account(&user("email", NodeValue::Other("a list".into())), &passwords::unusable_hash(4));
        assert_eq!(repairs.len(), 2, "{repairs:?}");
    }

    #[test]
    fn a_numbered_user_id_is_not_longer_than_allowed() {
        let long = UserId::parse(&"x".repeat(32)).unwrap();
        assert_eq!(numbered(&long, 12).as_str(), format!("{}-12", "x".repeat(29)));
    }
}
