//! The arguments of the command line.

use clap::{
    CommandFactory, FromArgMatches, Parser, Subcommand,
    error::{ContextKind, ErrorKind},
};

use super::{backup, copy, doctor, import, room, user};
use crate::app::config::Config;

/// Self-hosted team chat. Without a command, natter starts the server.
#[derive(Parser)]
#[command(name = "natter", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub config: Config,
}

#[derive(Subcommand)]
pub enum Command {
    /// Start the server (the default command)
    Serve(Box<Config>),
    /// Manage accounts, also while the server runs
    User {
        #[command(subcommand)]
        command: user::UserCommand,
    },
    /// List and delete rooms of any kind, also while the server runs
    Room {
        #[command(subcommand)]
        command: room::RoomCommand,
    },
    /// Import the data of the Node application: accounts with their passwords, and all messages
    #[command(after_help = import::NOTES)]
    Import(import::ImportArgs),
    /// Copy all data from one database to another, and verify the copy
    #[command(after_help = copy::NOTES)]
    Copy(copy::CopyArgs),
    /// Write all data to one file, also while the server runs, or verify such a file
    #[command(after_help = backup::BACKUP_NOTES)]
    Backup(backup::BackupArgs),
    /// Restore a backup into an empty database
    #[command(after_help = backup::RESTORE_NOTES)]
    Restore(backup::RestoreArgs),
    /// Check that all data is whole, and mend what can be mended
    #[command(after_help = doctor::NOTES)]
    Doctor(doctor::DoctorArgs),
}

impl Cli {
    /// Reads the command line and the environment. For help and version, prints the text and exits the process.
    ///
    /// # Errors
    /// One line that names the invalid setting and a remedy.
    pub fn read() -> Result<Self, String> {
        let exit_or_line = |error: clap::Error| {
            if matches!(
                error.kind(),
                ErrorKind::DisplayHelp
                    | ErrorKind::DisplayVersion
                    | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            ) {
                error.exit();
            }
            one_line(&error)
        };
        let matches = Self::command().try_get_matches().map_err(exit_or_line)?;
        copy::refuse_other_settings(&matches)?;
        Self::from_arg_matches(&matches).map_err(exit_or_line)
    }
}

/// clap's error of several lines as one line. The flag's environment variable is added, because the invalid value may
/// come from there. A secret value, or a password inside a value, is removed.
fn one_line(error: &clap::Error) -> String {
    let context = |kind| error.get(kind).map(ToString::to_string);
    let mut command = Cli::command();
    command.build();
    // by its displayed form, because another command may have a different argument with the same flag
    let flag = context(ContextKind::InvalidArg).unwrap_or_default();
    let arg = command.get_arguments().find(|arg| arg.to_string() == flag);
    // secrets first, while the text still contains the values as they were given
    let mut text = error.to_string();
    if let (Some(true), Some(value)) = (arg.map(clap::Arg::is_hide_env_values_set), context(ContextKind::InvalidValue))
    {
        text = text.replace(&format!(" '{value}'"), "");
    }
    for value in error.context().map(|(_, value)| value.to_string()).filter(|value| value.contains('@')) {
        text = text.replace(&value, &without_password(&value));
    }
    let lines = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty() && !line.starts_with("For more")).collect();
    let mut line = lines.join(" ").trim_start_matches("error: ").to_owned();
    if let Some(variable) = arg.and_then(clap::Arg::get_env) {
        line = line.replacen(&format!("'{flag}'"), &format!("'{flag}' ({})", variable.display()), 1);
    }
    line + "; natter --help explains every setting"
}

/// An address without the part between its scheme and its hosts, even if the address is invalid.
fn without_password(value: &str) -> String {
    let hosts = value.rsplit_once('@').map_or(value, |(_, hosts)| hosts);
    match value.split_once("://") {
        Some((scheme, rest)) if rest.contains('@') => format!("{scheme}://{hosts}"),
        _ => hosts.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(args: &[&str]) -> String {
        one_line(&Cli::try_parse_from([&["natter"], args].concat()).err().unwrap())
    }

    #[test]
    fn an_invalid_setting_is_reported_in_one_line() {
        let line = refused(&["--listen", "nowhere"]);
        assert!(line.contains("--listen") && line.contains("(NATTER_LISTEN)") && !line.contains('\n'), "{line}");
        assert!(refused(&["--nonsense"]).starts_with("unexpected argument '--nonsense'"));
    }

    #[test]
    fn an_invalid_secret_is_not_shown() {
        for secret in ["hush", "a@hush", "hush\nhush"] {
            let line = refused(&["--access-token-secret", secret]);
            assert!(line.contains("ACCESS_TOKEN_SECRET") && line.contains("needs 32"), "{line}");
            assert!(!line.contains("hush"), "{line}");
        }
    }

    #[test]
    fn an_invalid_address_is_shown_without_its_password() {
        let (valid, invalid) = ("mongodb://ada:s3cret@h/x", "mongo://ada:s3cret@h/x");
        for args in [
            &["import", "--from", invalid][..],
            &["import", "--from", "mongo://ada:it's\n@s3cret@h/x"],
            &["import", "--from", valid, "--to", invalid],
            &["import", "--from", valid, "--database", valid],
            &["import", "--from", "mongodb:/ada:s3cret@h/x"],
            &["copy", "--from", invalid, "--to", "./data"],
            &["copy", "--from", "./data", "--to", invalid],
            &["copy", "--from", "mongodb:/ada:s3cret@h/x", "--to", "./data"],
            &["copy", "--from", "ada:s3cret@h/x", "--to", "./data"],
            &["import", valid],
            &["user", "list", valid],
            &[valid],
            &["--nonsense=mongodb://ada:s3cret@h/x"],
            &["--listen", valid],
            &["--database", invalid],
            &["--data-dir", valid],
            &["--data-dir", invalid],
            &["--data-dir", "mongodb:ada:s3cret@h/x"],
            &["--data-dir=mongodb://h/x?authMechanismProperties=AWS_SESSION_TOKEN:s3cret"],
            &["user", "list", "--data-dir", valid],
            &["import", "--from", "mongodb://h", "--data-dir", valid],
        ] {
            let line = refused(args);
            assert!(!line.contains("s3cret") && !line.contains('\n'), "{args:?}: {line}");
        }
        assert!(refused(&["import", "--from", invalid]).starts_with("invalid value 'mongo://h/x' for '--from <URL>'"));
    }
}
