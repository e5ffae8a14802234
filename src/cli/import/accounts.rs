//! Imports the users. Values that natter refuses are replaced.

use std::collections::HashMap;

use super::{
    fields::{self, numbered, placeholder},
    importer::{Importer, Owner},
    report::{describe, quote, quote_id},
};
use crate::{
    cli::progress::Progress,
    store::{Conflict, Error, NodeUser, NodeValue, Result},
};

/// The maximum number appended to a userID that is taken.
const MAX_SUFFIX: u32 = 1000;

impl Importer<'_> {
    /// Imports the accounts. Returns the number of their messages.
    pub async fn accounts(&mut self) -> Result<u64> {
        let mut users = self.source.users().await?;
        let mut progress = Progress::start("users", self.source.estimated_count().await?);
        let mut messages = 0;
        // the first document of each userID, which identified a user in the Node application
        let mut first_documents: HashMap<String, String> = HashMap::new();
        while let Some(user) = users.next().await? {
            progress.advance(1);
            self.report.users.read += 1;
            match &user.messages {
                Ok(count) => messages += count,
                Err(other) => {
                    let why = format!("its messages are {}, not a list", describe(other));
                    self.report.message_left_out(&progress, &label(&user), &why);
                    self.report.messages.read += 1;
                }
            }
            if let NodeValue::Text(user_id) = &user.user_id {
                match first_documents.get(user_id).and_then(|id| self.owners.get(id)).cloned() {
                    // a document with its own account from an earlier import keeps that account
                    Some(owner) if !self.store.has_account(fields::key(&user)).await? => {
                        self.merge(&progress, user, owner);
                        continue;
                    }
                    Some(_) => {}
                    None => drop(first_documents.insert(user_id.clone(), user.id.clone())),
                }
            }
            self.account(&progress, user).await?;
        }
        progress.finish();
        Ok(messages)
    }

    /// The Node application allowed several documents with one userID, checked logins against the first one, and wrote
    /// messages to all of them.
    fn merge(&mut self, progress: &Progress, user: NodeUser, owner: Owner) {
        let fields = [("name", &user.name), ("e-mail", &user.email), ("phone", &user.phone)];
        let fields: Vec<String> = fields.iter().map(|(field, value)| format!("{field} {}", describe(value))).collect();
        let why = format!(
            "another document has this userID and is used for logins, so its fields count; not imported: this one's password, {}",
            fields.join(", ")
        );
        self.report.user_merged(progress, &label(&user), &why);
        self.owners.insert(user.id, owner);
    }

    async fn account(&mut self, progress: &Progress, user: NodeUser) -> Result<()> {
        let (mut account, mut repairs) = fields::account(&user, &self.unusable_hash);
        let (user_id, email) = (account.user.user_id.clone(), account.user.email.clone());
        let mut suffix = 1;
        let mut placeholders = 0;
        let added = loop {
            match self.store.add_account(&account).await {
                Ok(added) => break added,
                Err(Error::Conflict(Conflict::UserIdTaken)) if suffix < MAX_SUFFIX => {
                    suffix += 1;
                    account.user.user_id = numbered(&user_id, suffix);
                    // if both conflict, either may be reported first
                    if placeholders > 0 {
                        account.user.email = placeholder(&account.user, placeholders > 1);
                    }
                }
                Err(Error::Conflict(Conflict::EmailTaken)) if placeholders < 2 => {
                    placeholders += 1;
                    account.user.email = placeholder(&account.user, placeholders > 1);
                }
                Err(Error::Conflict(conflict)) => {
                    self.report.user_left_out(progress, &label(&user), &conflict.to_string());
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        };
        let imported = account.user;
        if imported.user_id != user_id {
            repairs.push(format!("another account has the userID {user_id}, it is {} now", imported.user_id));
        }
        if imported.email != email {
            repairs.push(format!("another account has the e-mail address {email}, it is {} now", imported.email));
        }
        if added {
            self.report.users.added += 1;
            self.report.repaired(progress, &label(&user), &repairs);
        } else {
            self.report.users.already_present += 1;
        }
        self.owners.insert(user.id.clone(), Owner { key: imported.key, label: label(&user) });
        Ok(())
    }
}

/// A user's name in the report.
fn label(user: &NodeUser) -> String {
    match &user.user_id {
        NodeValue::Text(user_id) => format!("user {} ({})", quote_id(&user.id), quote(user_id)),
        _ => format!("user {}", quote_id(&user.id)),
    }
}
