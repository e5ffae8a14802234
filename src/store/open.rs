//! Opening a store.

use std::{path::Path, sync::Arc};

use super::{Database, Location, Result, mongo::Mongo, sqlite::Sqlite};

/// The name of the embedded database's file in the data directory.
const EMBEDDED_FILE: &str = "natter.db";

/// Opens the embedded database in `data_dir`. Creates it or migrates its schema if necessary.
///
/// # Errors
/// [`Error::Failed`](super::Error::Failed) if the file cannot be used, or was written by a newer natter.
pub fn open_embedded(data_dir: &Path) -> Result<Arc<dyn Database>> {
    Ok(Arc::new(Sqlite::open(&data_dir.join(EMBEDDED_FILE))?))
}

/// Opens the MongoDB database in `url` (`UsersData` if it names none). Creates it or migrates its schema if necessary.
///
/// # Errors
/// [`Error::Busy`](super::Error::Busy) if no primary answers within 5 seconds; [`Error::Failed`](super::Error::Failed)
/// with a remedy if the address is wrong, the server is not a replica set, or the data was written by a newer natter.
pub async fn open_mongo(url: &str) -> Result<Arc<dyn Database>> {
    Ok(Arc::new(Mongo::open(url).await?))
}

/// Opens the database at `location`.
///
/// # Errors
/// As [`open_embedded`] and [`open_mongo`].
pub async fn open(location: &Location) -> Result<Arc<dyn Database>> {
    match location {
        Location::Embedded(data_dir) => open_embedded(data_dir),
        Location::Mongo(url) => open_mongo(url.as_str()).await,
    }
}

/// Opens the database at `location` as the source of a copy. Creates and changes nothing.
///
/// # Errors
/// As [`open`]; also [`Error::Failed`](super::Error::Failed) if there is no natter database, or its schema is not this
/// natter's.
pub async fn open_source(location: &Location) -> Result<Arc<dyn Database>> {
    Ok(match location {
        Location::Embedded(data_dir) => Arc::new(Sqlite::open_source(&data_dir.join(EMBEDDED_FILE))?),
        Location::Mongo(url) => Arc::new(Mongo::open_source(url.as_str()).await?),
    })
}

/// Opens the database at `location` as the target of a copy, even if an earlier copy into it is unfinished.
///
/// # Errors
/// As [`open`].
pub async fn open_target(location: &Location) -> Result<Arc<dyn Database>> {
    Ok(match location {
        Location::Embedded(data_dir) => Arc::new(Sqlite::open_target(&data_dir.join(EMBEDDED_FILE))?),
        Location::Mongo(url) => Arc::new(Mongo::open_target(url.as_str()).await?),
    })
}
