//! Runs the import.

use std::collections::HashMap;

use super::{args::ImportArgs, importer::Importer, report::Report};
use crate::{
    app::{config::DataArgs, make_private_dir},
    cli::{progress::print_line, reason::reason},
    domain::User,
    security::passwords,
    store::{self, Database, Location, MongoUrl, NodeDatabase},
};

/// The number of users read at a time.
const PAGE_USERS: u32 = 500;

/// Runs `natter import …`.
///
/// # Errors
/// One line for the shell, if the command fails or something was left out.
pub async fn run(args: ImportArgs, data: &DataArgs) -> Result<(), String> {
    let from = &args.from;
    let source_error = |error| match error {
        store::Error::Busy => format!("{from} does not answer; start it, or name another with --from"),
        error => format!("{from} cannot be read: {}", reason(error)),
    };
    let source = NodeDatabase::open(from, args.database.as_deref()).await.map_err(source_error)?;
    let result = import_from(&source, from, data).await;
    source.close().await;
    result
}

async fn import_from(source: &NodeDatabase, from: &MongoUrl, data: &DataArgs) -> Result<(), String> {
    let location = data.location();
    let store_error = |error: store::Error| match error {
        store::Error::Busy => format!("{location} does not answer; start it, or name another with --to"),
        error => format!("{location} cannot be opened: {}", reason(error)),
    };
    match &location {
        Location::Embedded(dir) => make_private_dir(dir)
            .map_err(|error| format!("{location} cannot be created ({error}); name another with --data-dir"))?,
        Location::Mongo(url) if source.is_at(url).await.map_err(store_error)? => {
            return Err(format!("{url} is the Node application's own database; name another for natter with --to"));
        }
        Location::Mongo(_) => {}
    }
    let store = store::open(&location).await.map_err(store_error)?;
    print_line(&format!("from  {from}, database {}\nto    {location}", source.name()));
    let unusable_hash = passwords::unusable_hash(data.bcrypt_cost);
    let mut importer = Importer {
        source,
        store: store.as_ref(),
        report: Report::default(),
        unusable_hash,
        owners: HashMap::new(),
        last_seq: 0,
    };
    let result = import_all(&mut importer).await;
    let result = result.map_err(|error| format!("{}; run the same command again to continue", reason(error)));
    store.close().await;
    result?;
    importer.report.result()
}

async fn import_all(importer: &mut Importer<'_>) -> store::Result<()> {
    let messages = importer.accounts().await?;
    importer.messages(messages).await?;
    importer.marks().await?;
    importer.report.print_summary(has_admin(importer.store).await?);
    Ok(())
}

/// Whether the store has an admin. The import creates none, not even of the first user.
async fn has_admin(store: &dyn Database) -> store::Result<bool> {
    let mut after = None;
    loop {
        let users = store.users_after(after.as_ref(), PAGE_USERS).await?;
        if users.iter().any(User::is_admin) {
            return Ok(true);
        }
        match users.last() {
            Some(last) => after = Some(last.user_id.clone()),
            None => return Ok(false),
        }
    }
}
