//! The arguments of `natter import`.

use clap::Args;

use crate::store::MongoUrl;

pub const NOTES: &str = "\
The import can be repeated, and adds only what is new. The Node application's data is not changed. Every user becomes a \
member and keeps their password. Invalid values are replaced. A line reports each replacement, and each record that has \
to be left out; in that case the command fails at its end.

  natter import --from mongodb://localhost:27017
  natter import --from mongodb://localhost:27017 --database UsersData --to mongodb://db1,db2/natter";

#[derive(Args)]
pub struct ImportArgs {
    /// Address of the Node application's MongoDB, like mongodb://localhost:27017; it needs no replica set
    #[arg(long, value_name = "URL", value_parser = source)]
    pub from: MongoUrl,

    /// Name of the Node application's database [default: the one in the address, else UsersData]
    #[arg(id = "source", long = "database", value_name = "NAME", value_parser = database_name)]
    pub database: Option<String>,

    /// natter's database, if it is a MongoDB [default: the embedded database in --data-dir]
    // The other commands' setting `--database`. The same id replaces it here.
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
        return Err(
            "--database is the name of the Node application's database here; natter's own is given by --to".into()
        );
    }
    let is_valid = (1..=63).contains(&raw.len()) && !raw.contains(['/', '\\', '.', ' ', '"', '$', '\0']);
    if is_valid { Ok(raw.to_owned()) } else { Err("use the name of a database, like UsersData".into()) }
}
