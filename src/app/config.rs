//! The settings. Each is a flag, or else an environment variable, or else a default.

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use clap::{
    Args, ValueEnum,
    builder::{PathBufValueParser, TypedValueParser},
};
use ring::digest::{SHA256, digest};
use secrecy::SecretString;
use tracing_subscriber::filter::Targets;
use url::Url;

use super::{
    addresses::{listen_address, public_url},
    roles::Roles,
    secret::SECRET_BYTES,
};
use crate::{
    render::Language,
    security::limits::RateLimitSettings,
    store::{Location, MongoUrl, Quota},
    web::state::{FileSettings, RoomSettings},
};

/// The settings of the data, which the server and the commands share.
#[derive(Debug, Clone, Args)]
pub struct DataArgs {
    /// Directory of the embedded database and the generated secret; created with mode 0700 if it does not exist
    // hidden, because a refused value may be a database address with a password
    #[arg(long, env = "NATTER_DATA_DIR", hide_env_values = true, default_value = "./data", value_name = "DIR",
        global = true, value_parser = PathBufValueParser::new().try_map(directory))]
    pub data_dir: PathBuf,

    /// Address of a MongoDB to use instead of the embedded database, like mongodb://localhost:27017/UsersData
    #[arg(long, env = "NATTER_DATABASE_URL", hide_env_values = true, value_name = "URL", global = true,
        value_parser = MongoUrl::parse)]
    pub database: Option<MongoUrl>,

    /// Cost of bcrypt, 4 to 16: each step doubles the time of a password check
    #[arg(long, env = "NATTER_BCRYPT_COST", default_value_t = 12, value_name = "N", global = true,
        value_parser = clap::value_parser!(u32).range(4..=16))]
    pub bcrypt_cost: u32,
}

/// The file of the search index beside an embedded database.
pub const SEARCH_INDEX: &str = "search.db";

impl DataArgs {
    /// The location of the database.
    pub fn location(&self) -> Location {
        match &self.database {
            Some(url) => Location::Mongo(url.clone()),
            None => Location::Embedded(self.data_dir.clone()),
        }
    }

    /// The file of the search index, beside the embedded database. Of a MongoDB each machine has one in its data
    /// directory, which the processes with this directory share.
    pub fn search_index(&self) -> PathBuf {
        self.data_dir.join(match &self.database {
            Some(url) => {
                let digest = digest(&SHA256, url.to_string().as_bytes());
                format!("search-{}.db", hex::encode(&digest.as_ref()[..6]))
            }
            None => SEARCH_INDEX.to_owned(),
        })
    }
}

#[derive(Debug, Clone, Args)]
pub struct Config {
    #[command(flatten)]
    pub data: DataArgs,

    /// Address to listen on; 0.0.0.0:7000 accepts connections from other machines
    #[arg(long, env = "NATTER_LISTEN", default_value = "127.0.0.1:7000", value_name = "ADDRESS",
        value_parser = listen_address)]
    pub listen: SocketAddr,

    #[command(flatten)]
    pub roles: Roles,

    /// Public address of natter behind a proxy, like https://chat.example.org; https makes the cookies Secure
    #[arg(long, env = "NATTER_PUBLIC_URL", value_name = "URL", value_parser = public_url)]
    pub public_url: Option<Url>,

    /// Number of proxies that add to X-Forwarded-For; natter trusts the client's address that they report
    #[arg(long, env = "NATTER_PROXIES", default_value_t = 0, value_name = "N")]
    pub proxies: u8,

    /// Secret that signs the tokens, 32 bytes or more; if unset, it is generated once and kept with the data
    #[arg(long, env = "ACCESS_TOKEN_SECRET", hide_env_values = true, value_name = "SECRET", value_parser = secret)]
    pub access_token_secret: Option<SecretString>,

    /// Whether anybody may sign up; with closed, only admins create accounts
    #[arg(long, env = "NATTER_SIGNUP", default_value = "open", value_name = "open|closed")]
    pub signup: Signup,

    /// Whether rate limits apply; off is for benchmarks
    #[arg(long, env = "NATTER_RATE_LIMITS", default_value = "on", value_name = "on|off")]
    pub rate_limits: OnOff,

    /// Login attempts on one account by one IPv4 address, or IPv6 /64, in 15 minutes; ten times as many by all
    /// addresses together from which nobody logged in to the account in the last 90 days
    #[arg(long, env = "NATTER_ACCOUNT_ATTEMPTS", default_value = "20", value_name = "N")]
    pub account_attempts: NonZeroU32,

    /// Login attempts and sign-ups by one IPv4 address, or IPv6 /64, in 15 minutes
    #[arg(long, env = "NATTER_ADDRESS_ATTEMPTS", default_value = "200", value_name = "N")]
    pub address_attempts: NonZeroU32,

    /// Messages, and changes of messages (edits, deletions, reactions, pins, saves), a second from one user; a burst may
    /// be three times as large
    #[arg(long, env = "NATTER_MESSAGE_RATE", default_value = "10", value_name = "N")]
    pub message_rate: NonZeroU32,

    /// Who creates open and closed rooms; direct ones are everybody's
    #[arg(long, env = "NATTER_ROOM_CREATION", default_value = "all", value_name = "all|admins")]
    pub room_creation: RoomCreation,

    /// Most rooms in all
    #[arg(long, env = "NATTER_MAX_ROOMS", default_value = "10000", value_name = "N")]
    pub max_rooms: u32,

    /// Most members of a room, where not everybody is one
    #[arg(long, env = "NATTER_MAX_MEMBERS", default_value = "10000", value_name = "N")]
    pub max_members: u32,

    /// Most rooms that one user is a member of
    #[arg(long, env = "NATTER_MAX_ROOMS_OF_USER", default_value = "1000", value_name = "N")]
    pub max_rooms_of_user: u32,

    /// Rooms that one user may create in an hour, direct ones too
    #[arg(long, env = "NATTER_ROOM_RATE", default_value = "60", value_name = "N")]
    pub room_rate: NonZeroU32,

    /// Members that one user may add to existing rooms in a minute, oneself by joining too
    #[arg(long, env = "NATTER_JOIN_RATE", default_value = "60", value_name = "N")]
    pub join_rate: NonZeroU32,

    /// Largest file, in MiB
    #[arg(long, env = "NATTER_MAX_FILE", default_value = "25", value_name = "MIB",
        value_parser = clap::value_parser!(u32).range(1..))]
    pub max_file: u32,

    /// Space for the files of one user, in MiB
    #[arg(long, env = "NATTER_USER_QUOTA", default_value = "4096", value_name = "MIB")]
    pub user_quota: u32,

    /// Space for all files, in MiB
    #[arg(long, env = "NATTER_SERVER_QUOTA", default_value = "102400", value_name = "MIB")]
    pub server_quota: u32,

    /// Files that one user may upload in a minute
    #[arg(long, env = "NATTER_UPLOAD_RATE", default_value = "60", value_name = "N")]
    pub upload_rate: NonZeroU32,

    /// Most connections at the same time; more wait to be accepted. The system's limit of open files, less 256, is the most
    #[arg(long, env = "NATTER_MAX_CONNECTIONS", default_value = "16000", value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: u32,

    /// Most connections of one IPv4 address, or IPv6 /64; 0 sets no limit. Behind a proxy the address in
    /// X-Forwarded-For counts
    #[arg(long, env = "NATTER_ADDRESS_CONNECTIONS", default_value = "2000", value_name = "N")]
    pub address_connections: u32,

    /// Most open WebSockets of one user at this process; 0 sets no limit
    #[arg(long, env = "NATTER_USER_SOCKETS", default_value = "64", value_name = "N")]
    pub user_sockets: u32,

    /// Seconds between SIGTERM and the stop, in which /readyz answers "stopping" and all else is served, so that load
    /// balancers send people elsewhere; a second signal stops at once [default: 0, or 5 behind a proxy]
    #[arg(long, env = "NATTER_SHUTDOWN_DELAY", value_name = "SECONDS")]
    pub shutdown_delay: Option<u32>,

    /// Bearer token that allows reading /metrics; if unset, only this machine may read them
    #[arg(long, env = "NATTER_METRICS_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub metrics_token: Option<SecretString>,

    /// Language of the pages; auto follows each browser
    #[arg(long, env = "NATTER_LANGUAGE", default_value = "auto", value_name = "auto|en|de")]
    pub language: PageLanguage,

    /// Log filter, like info, debug, or natter=debug,info
    #[arg(long, env = "NATTER_LOG", default_value = "info", value_name = "FILTER", value_parser = log_filter)]
    pub log: String,

    /// Log format
    #[arg(long, env = "NATTER_LOG_FORMAT", default_value = "text", value_name = "text|json")]
    pub log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Signup {
    Open,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoomCreation {
    All,
    Admins,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnOff {
    On,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PageLanguage {
    Auto,
    En,
    De,
}

impl PageLanguage {
    /// The language of every page whose user has not chosen another; `None` leaves it to each browser's
    /// `Accept-Language`.
    pub fn fixed(self) -> Option<Language> {
        match self {
            Self::Auto => None,
            Self::En => Some(Language::English),
            Self::De => Some(Language::German),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

impl Config {
    /// How long `/readyz` announces a stop before it begins.
    pub fn shutdown_delay(&self) -> Duration {
        let seconds = self.shutdown_delay.unwrap_or(if self.proxies > 0 { 5 } else { 0 });
        Duration::from_secs(seconds.into())
    }

    /// The rate limits; `None` if they are off.
    pub fn limits(&self) -> Option<RateLimitSettings> {
        (self.rate_limits == OnOff::On).then_some(RateLimitSettings {
            account_attempts: self.account_attempts,
            address_attempts: self.address_attempts,
            message_rate: self.message_rate,
            room_rate: self.room_rate,
            join_rate: self.join_rate,
            upload_rate: self.upload_rate,
        })
    }

    /// How large files may be.
    pub fn files(&self) -> FileSettings {
        let [max_file, user, server] =
            [self.max_file, self.user_quota, self.server_quota].map(|mib| u64::from(mib) << 20);
        FileSettings { max_file, quota: Quota { user, server } }
    }

    /// Who may create rooms, and how many there may be.
    pub fn rooms(&self) -> RoomSettings {
        RoomSettings {
            only_admins_create: self.room_creation == RoomCreation::Admins,
            max_rooms: self.max_rooms,
            max_members: self.max_members,
            max_rooms_of_user: self.max_rooms_of_user,
        }
    }
}

/// Refuses the address of a database: it would be used as a directory's name, and be shown with its password.
fn directory(path: PathBuf) -> Result<PathBuf, &'static str> {
    let text = path.to_string_lossy().to_ascii_lowercase();
    let is_address = text.contains(":/") || text.starts_with("mongodb:") || text.starts_with("mongodb+srv:");
    if is_address {
        Err("use the path of a directory; the address of a MongoDB belongs in --database (NATTER_DATABASE_URL)")
    } else {
        Ok(path)
    }
}

fn secret(raw: &str) -> Result<SecretString, String> {
    if raw.len() >= SECRET_BYTES {
        return Ok(raw.to_owned().into());
    }
    Err(format!(
        "it has {} bytes and needs {SECRET_BYTES}; generate one with `openssl rand -hex 32`, or leave it unset",
        raw.len()
    ))
}

fn log_filter(raw: &str) -> Result<String, String> {
    raw.parse::<Targets>().map(|_| raw.to_owned()).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        config: Config,
    }

    #[test]
    fn the_error_of_an_invalid_setting_names_it_and_a_valid_value() {
        for (flag, value, hint) in [
            ("--listen", "7000", "127.0.0.1:7000"),
            ("--public-url", "chat.example.org", "https://chat.example.org"),
            ("--public-url", "https://chat.example.org/natter", "nothing more"),
            ("--access-token-secret", "short", "needs 32"),
            ("--bcrypt-cost", "3", "4..=16"),
            ("--signup", "maybe", "open"),
            ("--database", "localhost:27017", "mongodb://localhost"),
            ("--data-dir", "mongodb://localhost:27017", "--database"),
            ("--data-dir", "MongoDB+SRV:localhost", "--database"),
            ("--message-rate", "0", "--message-rate"),
        ] {
            let error = Cli::try_parse_from(["natter", flag, value]).err().unwrap().to_string();
            assert!(error.contains(flag) && error.contains(hint), "{error}");
        }
    }

    #[test]
    fn behind_a_proxy_a_stop_is_announced_by_default() {
        for (args, seconds) in [
            (&["natter"][..], 0),
            (&["natter", "--proxies", "1"], 5),
            (&["natter", "--proxies", "1", "--shutdown-delay", "0"], 0),
            (&["natter", "--shutdown-delay", "30"], 30),
        ] {
            let cli = Cli::try_parse_from(args).ok().unwrap();
            assert_eq!(cli.config.shutdown_delay(), Duration::from_secs(seconds));
        }
    }

    #[test]
    fn localhost_is_accepted_as_an_address() {
        let cli = Cli::try_parse_from(["natter", "--listen", "localhost:7001"]).ok().unwrap();
        assert_eq!(cli.config.listen.to_string(), "127.0.0.1:7001");
    }
}
