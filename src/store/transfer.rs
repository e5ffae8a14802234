//! Whole rows, as `natter copy` copies them between stores and `natter import` adds them.

use std::collections::VecDeque;

use async_trait::async_trait;
use serde_json::json;

use super::{PasswordHash, Posted, Result, SessionRow};
use crate::domain::{Post, Timestamp, TokenId, User, UserKey};

/// The error for a store that an unfinished copy left.
pub(super) const UNFINISHED_COPY: &str =
    "a natter copy into it was not finished; run the same command again to start over";

/// The tables of a store, in the order in which they are copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    Accounts,
    /// The lobby's log.
    Messages,
    Sessions,
    /// Tokens that were voided before they expired.
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

/// A user and the hash of their password.
#[derive(Clone)]
pub struct Account {
    pub user: User,
    pub password: PasswordHash,
}

/// A message with every stored field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    pub seq: u64,
    pub rev: u64,
    /// The `rev` of the message before it was deleted. Only [`FirstRevs`] sets it. No store returns it.
    pub first_rev: Option<u64>,
    pub author: UserKey,
    pub client: String,
    pub sent_at: Timestamp,
    /// `None` once the message is deleted.
    pub text: Option<String>,
}

/// A voided token, and when it expires.
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
    /// The row in a form that does not depend on the store: a JSON array on its own line.
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
    /// The first `limit` rows after `after`: messages in order of `rev`, all other rows in order of their key.
    async fn rows(&self, table: Table, after: Option<&Row>, limit: u32) -> Result<Vec<Row>>;
    async fn has_account(&self, key: UserKey) -> Result<bool>;
    /// Adds an account unchanged. `false` if an account with its key exists.
    ///
    /// # Errors
    /// [`Error::Conflict`](super::Error::Conflict) if the userID or the e-mail address is taken.
    async fn add_account(&self, account: &Account) -> Result<bool>;
    /// Appends many messages to their rooms' logs, in this order. `None` in place of a message whose author's account
    /// is deleted.
    ///
    /// # Errors
    /// [`Error::Busy`](super::Error::Busy) or [`Error::Failed`](super::Error::Failed) if the database fails. Any of
    /// the messages may be stored then. A repeat stores none of them twice.
    async fn post_all(&self, posts: Vec<Post>) -> Result<Vec<Option<Posted>>>;
    /// Whether a copy into this store was started and not finished. Such a store opens only as the target of a copy.
    async fn is_unfinished(&self) -> Result<bool>;
    /// Starts a copy: marks the store as unfinished, and removes the rows of an earlier unfinished copy.
    async fn begin_copy(&self) -> Result<()>;
    /// Adds rows of one table, in the order of [`Transfer::rows`].
    ///
    /// # Errors
    /// [`Error::Busy`](super::Error::Busy) or [`Error::Failed`](super::Error::Failed) if not all rows were added.
    async fn insert_rows(&self, rows: Vec<Row>) -> Result<()>;
    /// Finishes a copy: removes the mark.
    async fn finish_copy(&self) -> Result<()>;
}

/// Sets [`MessageRow::first_rev`] of deleted messages, from the numbers that no message has any more.
///
/// A post takes the next number. A deletion moves the message to a later number and leaves its old one unused. Each
/// deleted message gets one of the unused numbers before its `rev`. It does not matter which message had that number;
/// the target only has to see it as taken.
#[derive(Default)]
pub struct FirstRevs {
    last_rev: u64,
    unused: VecDeque<u64>,
}

impl FirstRevs {
    /// Completes the messages among `rows`. Over all calls they come in order of `rev`.
    pub fn complete(&mut self, rows: &mut [Row]) {
        for row in rows {
            let Row::Message(message) = row else { continue };
            self.unused.extend(self.last_rev + 1..message.rev);
            self.last_rev = message.rev;
            if message.text.is_none() {
                message.first_rev = self.unused.pop_front();
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

    /// Messages 1 to 5 were posted, then 2, 5 and 3 were deleted. The rows come in two pages.
    #[test]
    fn every_rev_belongs_to_a_message() {
        let mut first = vec![message(1, 1, Some("a")), message(4, 4, Some("d")), message(2, 6, None)];
        let mut second = vec![message(5, 7, None), message(3, 8, None), message(6, 9, Some("f"))];
        let mut first_revs = FirstRevs::default();
        first_revs.complete(&mut first);
        first_revs.complete(&mut second);
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
    fn the_canonical_form_is_a_single_line() {
        let line = message(1, 2, Some("two\nlines \"quoted\"")).canonical();
        let nil = "00000000-0000-0000-0000-000000000000";
        assert_eq!(line, format!("[\"message\",1,2,\"{nil}\",\"c\",0,\"two\\nlines \\\"quoted\\\"\"]\n"));
    }
}
