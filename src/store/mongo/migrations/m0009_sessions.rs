//! The sessions of a user. `migrations-notes/mongodb.md` has the reasons.

use mongodb::{Database, bson::doc};

use super::schema::{create_indexes, index};
use crate::store::Result;

pub async fn run(database: &Database) -> Result<&'static str> {
    create_indexes(database, "sessions", vec![index("user", doc! { "user": 1 }, false)]).await?;
    Ok("sessions of a user")
}
