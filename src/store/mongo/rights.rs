//! What natter's account may do in its database. Without this check natter starts, and fails only when somebody writes.

use mongodb::{
    Database,
    bson::{Bson, Document, doc},
};

use super::driver::with_timeout;
use crate::store::{Error, Result};

/// What natter does in a database with its schema.
pub const USE: [&str; 5] = ["find", "insert", "update", "remove", "changeStream"];
/// What the migrations do besides.
pub const MIGRATE: [&str; 6] =
    ["createCollection", "createIndex", "dropCollection", "dropIndex", "listCollections", "collMod"];

/// Checks that the account may do all of `actions` in the database. A server without accounts allows everything.
///
/// # Errors
/// [`Error::Failed`] with the actions that it may not do.
pub async fn check(database: &Database, actions: &[&str]) -> Result<()> {
    let status = doc! { "connectionStatus": 1, "showPrivileges": true };
    let status = with_timeout(database.run_command(status)).await?;
    let list = |name| {
        let list = status.get_document("authInfo").and_then(|info| info.get_array(name));
        list.into_iter().flatten().filter_map(Bson::as_document)
    };
    let Some(user) = list("authenticatedUsers").next() else { return Ok(()) };
    let name = database.name();
    let allowed: Vec<&str> = list("authenticatedUserPrivileges")
        .filter(|privilege| privilege.get_document("resource").is_ok_and(|resource| covers(resource, name)))
        .filter_map(|privilege| privilege.get_array("actions").ok())
        .flatten()
        .filter_map(Bson::as_str)
        .collect();
    let missing: Vec<&str> = actions.iter().copied().filter(|action| !allowed.contains(action)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let (missing, text) = (missing.join(", "), |field| user.get_str(field).unwrap_or_default());
    Err(Error::Failed(format!(
        "the user {user} has no right to {missing} in {name}; run once as an admin: db.getSiblingDB(\"{source}\")\
         .grantRolesToUser(\"{user}\", [{{role: \"readWrite\", db: \"{name}\"}}, {{role: \"dbAdmin\", db: \"{name}\"}}])",
        user = text("user"),
        source = text("db"),
    )))
}

/// Whether a privilege for `resource` is one for the database, or for collections of it.
fn covers(resource: &Document, database: &str) -> bool {
    let is_any = resource.get_bool("anyResource").unwrap_or(false);
    is_any || resource.get_str("db").is_ok_and(|db| db.is_empty() || db == database)
}
