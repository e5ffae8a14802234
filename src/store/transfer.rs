//! Whole rows, as `natter copy` carries them from one store to another and `natter import` brings them in.

use std::collections::VecDeque;

use async_trait::async_trait;
use serde_json::json;

use super::{PasswordHash, Posted, Result, SessionRow};
use crate::domain::{Post, Timestamp, TokenId, User, UserKey};

/// Why a store is not opened that a copy was begun into.
pub(super) const UNFINISHED: &str = "a natter copy into it was not finished; the same command again begins anew";

/// What a store holds, in the order in which it is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    Accounts,
    /// The lobby's log.
    Messages,
    Sessions,
    /// Tokens voided before their end.
    Revocations,
}

impl Table {
    pub const ALL: [Self; 4] = [Self::Accounts, Self::Messages, Self::Sessions, Self::Revocations];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Messages => "messages",
            Self::Sessions => "sessions",
            Self::Revocations => "voided tokens",
        }
    }
}

/// A user with the hash of their password.
#[derive(Clone)]
pub struct Account {
    pub user: User,
    pub password: PasswordHash,
}

/// A message with all that the log keeps of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    pub seq: u64,
    pub rev: u64,
    /// The number that the message was posted under in the log of changes, where it has moved on from that one.
    /// Only [`Numbers`] tells; no store reads it back.
    pub first_rev: Option<u64>,
    pub author: UserKey,
    pub client: String,
    pub sent_at: Timestamp,
    /// `None` once the message is deleted.
    pub text: Option<String>,
}

/// A token voided until it would have expired anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    pub token: TokenId,
    pub expires: Timestamp,
}

#[derive(Clone)]
pub enum Row {
    Account(Account),
    Message(MessageRow),
    Session(SessionRow),
    Revocation(Revocation),
}

impl Row {
    /// The row in the one form that is the same whichever store it is in: a JSON array on a line of its own.
    pub fn canonical(&self) -> String {
        let value = match self {
            Self::Account(Account { user: u, password }) => json!([
                "account",
                u.key.0,
                u.user_id.as_str(),
                u.name.as_str(),
                u.email.as_str(),
                u.phone.as_str(),
                password.0,
                u.role.as_str(),
                u.version,
                u.created_at.0
            ]),
            Self::Message(m) => json!(["message", m.seq, m.rev, m.author.0, m.client, m.sent_at.0, m.text]),
            Self::Session(s) => json!(["session", s.id, s.data, s.expires.0]),
            Self::Revocation(r) => json!(["voided token", r.token.0, r.expires.0]),
        };
        format!("{value}\n")
    }
}

#[async_trait]
pub trait Transfer {
    async fn count(&self, table: Table) -> Result<u64>;
    /// Rows behind `after`: messages in order of `rev`, all others by their key.
    async fn rows(&self, table: Table, after: Option<&Row>, limit: u32) -> Result<Vec<Row>>;
    async fn has_account(&self, key: UserKey) -> Result<bool>;
    /// Adds an account as it is. `false` where its key is there already.
    ///
    /// # Errors
    /// [`Error::Conflict`](super::Error::Conflict) where the userID or the e-mail address is taken.
    async fn add_account(&self, account: &Account) -> Result<bool>;
    /// Posts many, which stand in the log in this order. `None` where the author's account is gone.
    ///
    /// # Errors
    /// Where the database fails; any of them may be there then. A repeat does no harm.
    async fn post_all(&self, posts: Vec<Post>) -> Result<Vec<Option<Posted>>>;
    /// Whether a copy into this store was begun and not finished. Such a one is opened for nothing else.
    async fn is_unfinished(&self) -> Result<bool>;
    /// Begins a copy: marks the store as unfinished, and removes what an unfinished copy left.
    async fn begin_copy(&self) -> Result<()>;
    /// Adds rows of one table, in the order of [`Transfer::rows`]. All of them, or it fails.
    async fn put(&self, rows: Vec<Row>) -> Result<()>;
    /// Takes the mark away: the store is whole.
    async fn finish_copy(&self) -> Result<()>;
}

/// Tells which number a message that was deleted had before, from the numbers that no message has any more.
///
/// A post takes the next number, a deletion moves the message to a later one and leaves a hole. Each deleted
/// message gets a hole from before it: whose it was makes no difference, it only must not look free.
#[derive(Default)]
pub struct Numbers {
    last: u64,
    holes: VecDeque<u64>,
}

impl Numbers {
    /// Completes messages, which come in order of `rev`.
    pub fn complete(&mut self, rows: &mut [Row]) {
        for row in rows {
            let Row::Message(message) = row else { continue };
            self.holes.extend(self.last + 1..message.rev);
            self.last = message.rev;
            if message.text.is_none() {
                message.first_rev = self.holes.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(seq: u64, rev: u64, text: Option<&str>) -> Row {
        Row::Message(MessageRow {
            seq,
            rev,
            first_rev: None,
            author: UserKey(uuid::Uuid::nil()),
            client: "c".into(),
            sent_at: Timestamp(0),
            text: text.map(str::to_owned),
        })
    }

    /// Posted 1 to 5, then 2, 5 and 3 were deleted, over two pages.
    #[test]
    fn every_number_is_somebodys() {
        let mut first = vec![message(1, 1, Some("a")), message(4, 4, Some("d")), message(2, 6, None)];
        let mut second = vec![message(5, 7, None), message(3, 8, None), message(6, 9, Some("f"))];
        let mut numbers = Numbers::default();
        numbers.complete(&mut first);
        numbers.complete(&mut second);
        let mut all: Vec<u64> = Vec::new();
        for row in first.iter().chain(&second) {
            let Row::Message(m) = row else { unreachable!() };
            assert_eq!(m.first_rev.is_some(), m.text.is_none());
            all.extend(m.first_rev.into_iter().chain([m.rev]));
        }
        all.sort_unstable();
        assert_eq!(all, (1..=9).collect::<Vec<_>>());
    }

    #[test]
    fn the_canonical_form_is_one_line() {
        let line = message(1, 2, Some("two\nlines \"quoted\"")).canonical();
        let nil = "00000000-0000-0000-0000-000000000000";
        assert_eq!(line, format!("[\"message\",1,2,\"{nil}\",\"c\",0,\"two\\nlines \\\"quoted\\\"\"]\n"));
    }
}
