//! Opens the database for a command, also while the server runs.

use std::sync::Arc;

use crate::{
    app::config::DataArgs,
    store::{self, Database, Location},
};

/// # Errors
/// One line for the shell, if there is no database, or it does not answer.
pub async fn open(data: &DataArgs) -> Result<Arc<dyn Database>, String> {
    let location = data.location();
    if matches!(&location, Location::Embedded(dir) if !dir.join("natter.db").is_file()) {
        return Err(format!("there is no natter database in {location}; name its directory with --data-dir"));
    }
    store::open(&location).await.map_err(|error| match error {
        store::Error::Busy => format!("{location} does not answer; start it, or name another with --database"),
        error => error.to_string(),
    })
}
