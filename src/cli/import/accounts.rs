//! Users: what of them goes over as it is, and what stands in for what natter cannot take.

use std::collections::HashMap;

use super::{
    Import, Owner,
    fields::{self, numbered, placeholder},
    report::{named, quote, shown},
};
use crate::{
    cli::progress::Progress,
    store::{Conflict, Error, NodeUser, NodeValue, Result},
};

/// Most numbers that are tried behind a userID that is taken.
const SUFFIXES: u32 = 1000;

impl Import<'_> {
    /// Carries the accounts. Returns how many messages they have.
    pub(super) async fn accounts(&mut self) -> Result<u64> {
        let mut users = self.source.users().await?;
        let mut progress = Progress::start("users", self.source.count().await?);
        let mut messages = 0;
        // by their userID, as the Node application told them apart
        let mut first: HashMap<String, String> = HashMap::new();
        while let Some(user) = users.next().await? {
            progress.advance(1);
            self.report.users.read += 1;
            match &user.messages {
                Ok(count) => messages += count,
                Err(other) => {
                    let why = format!("its messages are {}, and no list", shown(other));
                    self.report.message_left_out(&progress, &label(&user), &why);
                    self.report.messages.read += 1;
                }
            }
            if let NodeValue::Text(user_id) = &user.user_id {
                match first.get(user_id).and_then(|id| self.owners.get(id)).cloned() {
                    // one that was told apart at an earlier import keeps what is its own
                    Some(owner) if !self.store.has_account(fields::key(&user)).await? => {
                        self.merge(&progress, user, owner);
                        continue;
                    }
                    Some(_) => {}
                    None => drop(first.insert(user_id.clone(), user.id.clone())),
                }
            }
            self.account(&progress, user).await?;
        }
        progress.finish();
        Ok(messages)
    }

    /// The Node application let several documents have one userID, logged in by the first, and wrote messages
    /// to all of them.
    fn merge(&mut self, progress: &Progress, user: NodeUser, owner: Owner) {
        let fields = [("name", &user.name), ("e-mail", &user.email), ("phone", &user.phone)];
        let fields: Vec<String> = fields.iter().map(|(field, value)| format!("{field} {}", shown(value))).collect();
        let why = format!(
            "another document logged in with this userID, and its fields count; not carried are this one's password, {}",
            fields.join(", ")
        );
        self.report.user_merged(progress, &label(&user), &why);
        self.owners.insert(user.id, owner);
    }

    async fn account(&mut self, progress: &Progress, user: NodeUser) -> Result<()> {
        let (mut account, mut repairs) = fields::account(&user, &self.unusable_hash);
        let (user_id, email) = (account.user.user_id.clone(), account.user.email.clone());
        let mut suffix = 1;
        let mut stand_ins = 0;
        let added = loop {
            match self.store.add_account(&account).await {
                Ok(added) => break added,
                Err(Error::Conflict(Conflict::UserIdTaken)) if suffix < SUFFIXES => {
                    suffix += 1;
                    account.user.user_id = numbered(&user_id, suffix);
                    // which of two conflicts a store names first is its own affair
                    if stand_ins > 0 {
                        account.user.email = placeholder(&account.user, stand_ins > 1);
                    }
                }
                Err(Error::Conflict(Conflict::EmailTaken)) if stand_ins < 2 => {
                    stand_ins += 1;
                    account.user.email = placeholder(&account.user, stand_ins > 1);
                }
                Err(Error::Conflict(conflict)) => {
                    self.report.user_left_out(progress, &label(&user), &conflict.to_string());
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        };
        let carried = account.user;
        if carried.user_id != user_id {
            repairs.push(format!("another account has the userID {user_id}, it is {} now", carried.user_id));
        }
        if carried.email != email {
            repairs.push(format!("another account has the e-mail address {email}, it is {} now", carried.email));
        }
        if added {
            self.report.users.added += 1;
            self.report.repaired(progress, &label(&user), &repairs);
        } else {
            self.report.users.there += 1;
        }
        self.owners.insert(user.id.clone(), Owner { key: carried.key, label: label(&user) });
        Ok(())
    }
}

/// How a line of the report names a user.
fn label(user: &NodeUser) -> String {
    match &user.user_id {
        NodeValue::Text(user_id) => format!("user {} ({})", named(&user.id), quote(user_id)),
        _ => format!("user {}", named(&user.id)),
    }
}
