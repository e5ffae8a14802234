//! The location of the database.

use std::{fmt, path::PathBuf};

/// Where the data is stored. `Display` and `Debug` omit the password in an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// The embedded database, in this directory.
    Embedded(PathBuf),
    /// A MongoDB database at this address.
    Mongo(MongoUrl),
}

/// An address like `mongodb://host1,host2/UsersData?replicaSet=rs0`.
#[derive(Clone, PartialEq, Eq)]
pub struct MongoUrl(String);

impl MongoUrl {
    /// # Errors
    /// An example of a valid address, if `raw` is not one.
    pub fn parse(raw: &str) -> Result<Self, String> {
        let hosts = raw.strip_prefix("mongodb://").or_else(|| raw.strip_prefix("mongodb+srv://"));
        match hosts {
            Some(hosts) if !hosts.is_empty() => Ok(Self(raw.to_owned())),
            _ => Err(
                "use an address like mongodb://localhost:27017/UsersData, or leave it unset for the embedded database"
                    .into(),
            ),
        }
    }

    /// The whole address, including the password.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MongoUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // not parsed by `Url`, because the address of a replica set has several hosts
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("mongodb", &self.0));
        let without_password = rest.rsplit_once('@').map_or(rest, |(_, hosts)| hosts);
        let without_options = without_password.split_once('?').map_or(without_password, |(path, _)| path);
        write!(f, "{scheme}://{without_options}")
    }
}

impl fmt::Debug for MongoUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded(dir) => dir.display().fmt(f),
            Self::Mongo(url) => url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let url = MongoUrl::parse("mongodb://ada:p%40ss@db1:27017,db2/UsersData?replicaSet=rs0").unwrap();
        assert_eq!(url.to_string(), "mongodb://db1:27017,db2/UsersData");
        assert_eq!(format!("{:?}", Location::Mongo(url)), "Mongo(mongodb://db1:27017,db2/UsersData)");
        for invalid in ["", "localhost:27017", "postgres://localhost", "mongodb://"] {
            assert!(MongoUrl::parse(invalid).unwrap_err().contains("mongodb://localhost"), "{invalid}");
        }
    }
}
