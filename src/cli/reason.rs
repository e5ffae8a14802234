//! The error of a database, for a line that already names the database.

use crate::store::Error;

pub fn reason(error: Error) -> String {
    match error {
        Error::Failed(why) => why,
        error => error.to_string(),
    }
}
