//! `natter import`: brings the data of the Node application that natter replaces, also while natter runs.
//!
//! It can be repeated: an account has a key made of its document's `_id`, a message a client id made of its
//! own `_id`, time and text, so that what was brought in before is known for it. Messages go through
//! [`Transfer::post_all`](crate::store::Transfer::post_all), in order of their time, and so behind what is
//! in the log already.

mod accounts;
mod fields;
mod messages;
mod report;

use std::collections::HashMap;

use clap::Args;

use self::report::Report;
use super::{progress::say, reason};
use crate::{
    app::{config::DataArgs, make_private_dir},
    domain::{User, UserKey},
    security::passwords,
    store::{self, Location, MongoUrl, NodeDatabase, PasswordHash, Store},
};

pub(super) const NOTES: &str = "\
It can be run again, and adds only what is new. The Node application's data is not changed. Everybody comes over as a \
member, with the password they had. What natter cannot take as it is gets replaced, and a line tells of it; where \
something has to be left out, a line tells of that and the command fails at its end.

  natter import --from mongodb://localhost:27017
  natter import --from mongodb://localhost:27017 --database UsersData --to mongodb://db1,db2/natter";

#[derive(Args)]
pub struct ImportArgs {
    /// Address of the Node application's MongoDB, like mongodb://localhost:27017; a replica set is not needed
    #[arg(long, value_name = "URL", value_parser = source)]
    from: MongoUrl,

    /// Name of the Node application's database there; else the one in the address, else UsersData
    #[arg(id = "source", long = "database", value_name = "NAME", value_parser = database_name)]
    database: Option<String>,

    /// natter's own database, if it is a MongoDB; else the embedded one in --data-dir
    // The setting that is `--database` everywhere else: by its id it takes that one's place here.
    #[arg(id = "database", long = "to", env = "NATTER_DATABASE_URL", hide_env_values = true, value_name = "URL",
        value_parser = target)]
    to: Option<MongoUrl>,
}

fn source(raw: &str) -> Result<MongoUrl, String> {
    MongoUrl::parse(raw).map_err(|_| "use an address like mongodb://localhost:27017".into())
}

fn target(raw: &str) -> Result<MongoUrl, String> {
    let hint =
        "use an address like mongodb://localhost:27017/natter (NATTER_DATABASE_URL sets it too), or --data-dir DIR";
    MongoUrl::parse(raw).map_err(|_| hint.into())
}

fn database_name(raw: &str) -> Result<String, String> {
    if raw.contains("://") {
        return Err("here it is the name of the Node application's database; natter's own is given by --to".into());
    }
    let fits = (1..=63).contains(&raw.len()) && !raw.contains(['/', '\\', '.', ' ', '"', '$', '\0']);
    if fits { Ok(raw.to_owned()) } else { Err("use the name of a database, like UsersData".into()) }
}

/// Whose messages a document's are from now on.
#[derive(Clone)]
struct Owner {
    key: UserKey,
    /// What the report calls them.
    label: String,
}

struct Import<'a> {
    source: &'a NodeDatabase,
    store: &'a dyn Store,
    report: Report,
    /// The hash that no password has.
    unusable_hash: PasswordHash,
    /// By the id of their document.
    owners: HashMap<String, Owner>,
}

pub(super) async fn run(args: ImportArgs, data: &DataArgs) -> Result<(), String> {
    let from = &args.from;
    let told = |error| match error {
        store::Error::Busy => format!("{from} does not answer; start it, or name another with --from"),
        error => format!("{from} cannot be read: {}", reason(error)),
    };
    let source = NodeDatabase::open(from, args.database.as_deref()).await.map_err(told)?;
    let location = data.location();
    let unusable = |error: store::Error| match error {
        store::Error::Busy => format!("{location} does not answer; start it, or name another with --to"),
        error => format!("{location} cannot be opened: {}", reason(error)),
    };
    match &location {
        Location::Embedded(dir) => make_private_dir(dir)
            .map_err(|error| format!("{location} cannot be made ({error}); name another with --data-dir"))?,
        Location::Mongo(url) if source.is_at(url).await.map_err(unusable)? => {
            return Err(format!("{url} is the Node application's own database; name another for natter with --to"));
        }
        Location::Mongo(_) => {}
    }
    let store = store::open(&location).await.map_err(unusable)?;
    say(&format!("from  {from}, database {}\nto    {location}", source.name()));
    let unusable_hash = passwords::unusable_hash(data.bcrypt_cost);
    let mut import = Import {
        source: &source,
        store: store.as_ref(),
        report: Report::default(),
        unusable_hash,
        owners: HashMap::new(),
    };
    let done = import.run().await.map_err(|error| format!("{}; the same command again goes on", reason(error)));
    store.close().await;
    done?;
    import.report.end()
}

impl Import<'_> {
    async fn run(&mut self) -> store::Result<()> {
        let messages = self.accounts().await?;
        self.messages(messages).await?;
        self.report.summary(self.has_admin().await?);
        Ok(())
    }

    /// Nobody becomes an admin by being brought in, not even the first of all.
    async fn has_admin(&self) -> store::Result<bool> {
        let mut after = None;
        loop {
            let users = self.store.users_after(after.as_ref(), 500).await?;
            if users.iter().any(User::is_admin) {
                return Ok(true);
            }
            match users.last() {
                Some(last) => after = Some(last.user_id.clone()),
                None => return Ok(false),
            }
        }
    }
}
