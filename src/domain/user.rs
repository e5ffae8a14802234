//! Users, and the rules for their fields.

use std::{collections::HashSet, fmt, ops::RangeInclusive, sync::LazyLock};

use secrecy::{ExposeSecret, SecretString};

use super::{
    FileId, Invalid, Settings, Timestamp, UserId, UserKey,
    visible::{as_read, is_deceptive, is_visible},
};

/// An account. The password's hash is deliberately not here: only the store's credentials carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub key: UserKey,
    pub user_id: UserId,
    pub name: Name,
    pub email: Email,
    pub phone: Phone,
    /// What the user says about themselves.
    pub about: About,
    /// The picture of the user: a new id with each picture.
    pub avatar: Option<FileId>,
    /// Whether others may see when the user was last online.
    pub shows_last_seen: bool,
    /// What the user has set for themselves. Others do not see it.
    pub settings: Settings,
    pub role: Role,
    /// Whether an admin has disabled the account: nobody can log in to it.
    pub disabled: bool,
    /// Raised by a changed password: tokens and sessions of an earlier version are void.
    pub version: i64,
    pub created_at: Timestamp,
}

impl User {
    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }
}

/// What other users see of an account in lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub key: UserKey,
    pub user_id: String,
    pub name: String,
    pub avatar: Option<FileId>,
}

impl From<&User> for Person {
    fn from(user: &User) -> Self {
        Self { key: user.key, user_id: user.user_id.to_string(), name: user.name.to_string(), avatar: user.avatar }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Member,
    Admin,
    /// A program, with the rights of a member.
    Bot,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Bot => "bot",
        }
    }

    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        match raw {
            "member" => Ok(Self::Member),
            "admin" => Ok(Self::Admin),
            "bot" => Ok(Self::Bot),
            _ => Err(Invalid::new("role-unknown")),
        }
    }
}

macro_rules! text_newtype {
    ($name:ident) => {
        impl $name {
            /// A value from the store, which was checked when it was written. It is not checked again: a rule
            /// that changes must not lock accounts out.
            pub(crate) fn stored(raw: String) -> Self {
                Self(raw)
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// The names that pages give to the reader and to a deleted user, in every language of the catalogue, as
/// [`as_read`] spells them. A test of `render::words` fails when a language is missing here.
const RESERVED: [&str; 4] = ["you", "deleted user", "du", "gelöschtes konto"];

/// The name shown beside messages: 1–[`Name::MAX`] characters. Control and text-direction characters are refused,
/// because they can make one name look like another; so are the names that pages use themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);
text_newtype!(Name);

impl Name {
    /// Longest name, in characters.
    pub const MAX: usize = 64;

    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let name = raw.trim();
        if !(1..=Self::MAX).contains(&name.chars().count()) {
            return Err(Invalid::new("name-length").arg("max", Self::MAX));
        }
        if name.chars().any(is_deceptive) {
            return Err(Invalid::new("name-control-characters"));
        }
        if !is_visible(name) {
            return Err(Invalid::new("name-invisible"));
        }
        if RESERVED.contains(&as_read(name).as_str()) {
            return Err(Invalid::new("name-reserved"));
        }
        Ok(Self(name.to_owned()))
    }
}

/// An e-mail address (RFC 5321 and its limits, with a dotted domain), unique without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);
text_newtype!(Email);

impl Email {
    /// Longest address, in bytes: what fits a path of RFC 5321 (4.5.3.1.3), less its angle brackets.
    pub const MAX: usize = 254;

    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        if raw.trim().len() > Self::MAX {
            return Err(Invalid::new("email-too-long").arg("max", Self::MAX));
        }
        let options =
            email_address::Options::default().with_required_tld().without_display_text().without_domain_literal();
        email_address::EmailAddress::parse_with_options(raw.trim(), options)
            .map(|email| Self(email.as_str().to_owned()))
            .map_err(|_| Invalid::new("email-format"))
    }
}

/// A phone number as people write it, or empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Phone(String);
text_newtype!(Phone);

impl Phone {
    /// Characters of a phone number that is not empty.
    pub const LENGTH: RangeInclusive<usize> = 3..=32;

    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let phone = raw.trim();
        if !phone.chars().all(|c| c.is_ascii_digit() || " +()-".contains(c)) {
            return Err(Invalid::new("phone-characters"));
        }
        if !phone.is_empty() && !Self::LENGTH.contains(&phone.len()) {
            return Err(Invalid::new("phone-length").arg("min", *Self::LENGTH.start()).arg("max", *Self::LENGTH.end()));
        }
        Ok(Self(phone.to_owned()))
    }
}

/// What a user says about themselves: at most [`About::MAX`] characters, or empty. Line breaks are `\n`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About(String);
text_newtype!(About);

impl About {
    /// Longest text, in characters.
    pub const MAX: usize = 200;

    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let about = raw.trim().replace("\r\n", "\n");
        if about.chars().count() > Self::MAX {
            return Err(Invalid::new("about-too-long").arg("max", Self::MAX));
        }
        if about.chars().any(|c| c != '\n' && is_deceptive(c)) {
            return Err(Invalid::new("name-control-characters"));
        }
        Ok(Self(about))
    }
}

/// A new password: [`Password::MIN`] characters or more, at most [`Password::MAX_BYTES`] bytes (all that bcrypt
/// reads), and not one of the most common.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

/// The 3,000 most common passwords of 8 characters and more, lower case: the head of the list that
/// Django 5.2 ships (BSD-3-Clause, compiled by Royce Williams from leaked passwords).
static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

impl Password {
    /// Fewest characters of a password.
    pub const MIN: usize = 8;
    /// Most bytes that bcrypt reads of a password, one less than its buffer for the closing NUL.
    pub const MAX_BYTES: usize = 71;

    pub fn parse(raw: SecretString) -> Result<Self, Invalid> {
        let password = raw.expose_secret();
        if password.chars().count() < Self::MIN {
            return Err(Invalid::new("password-too-short").arg("min", Self::MIN));
        }
        if password.len() > Self::MAX_BYTES {
            return Err(Invalid::new("password-too-long").arg("max", Self::MAX_BYTES).arg("bytes", password.len()));
        }
        if password.contains('\0') {
            return Err(Invalid::new("password-nul"));
        }
        if COMMON.contains(password.to_lowercase().as_str()) {
            return Err(Invalid::new("password-common"));
        }
        Ok(Self(raw))
    }

    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(raw: &str) -> Result<Password, Invalid> {
        Password::parse(SecretString::from(raw.to_owned()))
    }

    #[test]
    fn names_cannot_deceive() {
        assert_eq!(Name::parse(" Ada Lovelace ").unwrap().as_str(), "Ada Lovelace");
        for good in ["李", "O'Brien", "<b>", "👩‍💻"] {
            assert!(Name::parse(good).is_ok(), "{good:?}");
        }
        for bad in ["", "  ", "a\nb", "a\u{202E}b", "\u{2066}x", "\u{200B}", &"x".repeat(65)] {
            assert!(Name::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_that_pages_use_themselves_are_refused() {
        for taken in ["Du", "You", "you", " YOU ", "Y\u{200B}ou", "yo\u{FE0F}u", "Deleted user", "deleted \u{A0} USER"]
        {
            assert!(Name::parse(taken).unwrap_err().0.key == "name-reserved", "{taken:?}");
        }
        for free in ["Youssef", "You and I", "Deleted", "deleteduser"] {
            assert!(Name::parse(free).is_ok(), "{free:?}");
        }
    }

    #[test]
    fn emails_and_phones_are_plausible() {
        for good in ["ada@example.org", "a.b+c@sub.example.co"] {
            assert!(Email::parse(good).is_ok(), "{good:?}");
        }
        for bad in ["", "ada", "ada@", "@example.org", "ada@localhost", "Ada <ada@example.org>", "a b@example.org"] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
        let of = |length: usize| {
            format!("a@{}.{}.{}.{}.org", "x".repeat(63), "x".repeat(63), "x".repeat(63), "x".repeat(length - 198))
        };
        assert!(Email::parse(&of(Email::MAX)).is_ok());
        assert_eq!(Email::parse(&of(Email::MAX + 1)).unwrap_err(), Invalid::new("email-too-long").arg("max", 254usize));
        for good in ["", "+49 (0)30 123-456", "112"] {
            assert!(Phone::parse(good).is_ok(), "{good:?}");
        }
        for bad in ["call me", "12", "1;2", &"1".repeat(33)] {
            assert!(Phone::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_about_is_short_and_cannot_deceive() {
        assert_eq!(About::parse(" bees\r\nand honey ").unwrap().as_str(), "bees\nand honey");
        assert_eq!(About::parse(" ").unwrap(), About::default());
        assert!(About::parse(&"é".repeat(About::MAX)).is_ok());
        for bad in ["a\u{202E}b", "\u{1b}[31m", &"x".repeat(About::MAX + 1)] {
            assert!(About::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_bad_password_is_refused_and_never_truncated() {
        assert!(password("correct horse").is_ok());
        assert!(password(&"x".repeat(71)).is_ok());
        let too_long = Invalid::new("password-too-long").arg("max", 71usize).arg("bytes", 72usize);
        assert_eq!(password(&"x".repeat(72)).unwrap_err(), too_long);
        assert!(password(&"é".repeat(36)).is_err(), "36 characters, 72 bytes");
        assert!(password("seven77").is_err());
        assert_eq!(password("Password1").unwrap_err(), Invalid::new("password-common"));
        assert_eq!(COMMON.len(), 3000);
    }

    #[test]
    fn debug_output_does_not_show_the_password() {
        assert!(!format!("{:?}", password("correct horse").unwrap()).contains("correct"));
    }
}
