//! The command line.

mod copy;
mod import;
mod progress;
mod user;

use clap::{
    CommandFactory, FromArgMatches, Parser, Subcommand,
    error::{ContextKind, ErrorKind},
};

use crate::{
    app::config::{Config, DataArgs},
    store,
};

/// Self-hosted team chat. Without a command it starts the server.
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
    /// Start the server (what natter does without a command)
    Serve(Box<Config>),
    /// Look after accounts, also while the server runs
    User {
        #[command(subcommand)]
        command: user::UserCommand,
    },
    /// Bring in the data of the Node application: accounts with their passwords, and all messages
    #[command(after_help = import::NOTES)]
    Import(import::ImportArgs),
    /// Carry a whole natter from one database to another, and check that all of it arrived
    #[command(after_help = copy::NOTES)]
    Copy(copy::CopyArgs),
}

impl Cli {
    /// Reads the command line and the environment. Help and version are printed, and end the process.
    ///
    /// # Errors
    /// One line that names the wrong setting and the way out.
    pub fn read() -> Result<Self, String> {
        let told = |error: clap::Error| {
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
        let matches = Self::command().try_get_matches().map_err(told)?;
        copy::refuse_other_settings(&matches)?;
        Self::from_arg_matches(&matches).map_err(told)
    }
}

/// What clap says over several lines, in one; with the environment variable beside the flag, as it may be
/// that one that is wrong, and without the value where that is a secret, or the password in it.
fn one_line(error: &clap::Error) -> String {
    let context = |kind| error.get(kind).map(ToString::to_string);
    let mut command = Cli::command();
    command.build();
    // as it is shown: a command may have another by the same flag
    let flag = context(ContextKind::InvalidArg).unwrap_or_default();
    let arg = command.get_arguments().find(|arg| arg.to_string() == flag);
    // secrets first, while the values are as they were given
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

/// An address without what stands between its scheme and its hosts, however it is misspelled.
fn without_password(value: &str) -> String {
    let hosts = value.rsplit_once('@').map_or(value, |(_, hosts)| hosts);
    match value.split_once("://") {
        Some((scheme, rest)) if rest.contains('@') => format!("{scheme}://{hosts}"),
        _ => hosts.to_owned(),
    }
}

/// Why a database cannot be used, for one that is named in the same line.
fn reason(error: store::Error) -> String {
    match error {
        store::Error::Failed(why) => why,
        error => error.to_string(),
    }
}

/// Carries out `natter user …`.
///
/// # Errors
/// One line for the person at the shell.
pub async fn user(command: user::UserCommand, data: &DataArgs) -> Result<(), String> {
    user::run(command, data).await
}

/// Carries out `natter import …`.
///
/// # Errors
/// One line for the person at the shell, also where something had to be left out.
pub async fn import(args: import::ImportArgs, data: &DataArgs) -> Result<(), String> {
    import::run(args, data).await
}

/// Carries out `natter copy …`.
///
/// # Errors
/// One line for the person at the shell.
pub async fn copy(args: copy::CopyArgs) -> Result<(), String> {
    copy::run(args).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(args: &[&str]) -> String {
        one_line(&Cli::try_parse_from([&["natter"], args].concat()).err().unwrap())
    }

    #[test]
    fn a_wrong_setting_is_told_in_one_line() {
        let line = refused(&["--listen", "nowhere"]);
        assert!(line.contains("--listen") && line.contains("(NATTER_LISTEN)") && !line.contains('\n'), "{line}");
        assert!(refused(&["--nonsense"]).starts_with("unexpected argument '--nonsense'"));
    }

    #[test]
    fn a_refused_secret_is_not_shown() {
        for secret in ["hush", "a@hush", "hush\nhush"] {
            let line = refused(&["--access-token-secret", secret]);
            assert!(line.contains("ACCESS_TOKEN_SECRET") && line.contains("needs 32"), "{line}");
            assert!(!line.contains("hush"), "{line}");
        }
    }

    #[test]
    fn a_refused_address_is_shown_without_its_password() {
        let (good, bad) = ("mongodb://ada:s3cret@h/x", "mongo://ada:s3cret@h/x");
        for args in [
            &["import", "--from", bad][..],
            &["import", "--from", "mongo://ada:it's\n@s3cret@h/x"],
            &["import", "--from", good, "--to", bad],
            &["import", "--from", good, "--database", good],
            &["import", "--from", "mongodb:/ada:s3cret@h/x"],
            &["copy", "--from", bad, "--to", "./data"],
            &["copy", "--from", "./data", "--to", bad],
            &["copy", "--from", "mongodb:/ada:s3cret@h/x", "--to", "./data"],
            &["copy", "--from", "ada:s3cret@h/x", "--to", "./data"],
            &["import", good],
            &["user", "list", good],
            &[good],
            &["--nonsense=mongodb://ada:s3cret@h/x"],
            &["--listen", good],
            &["--database", bad],
            &["--data-dir", good],
            &["--data-dir", bad],
            &["--data-dir", "mongodb:ada:s3cret@h/x"],
            &["--data-dir=mongodb://h/x?authMechanismProperties=AWS_SESSION_TOKEN:s3cret"],
            &["user", "list", "--data-dir", good],
            &["import", "--from", "mongodb://h", "--data-dir", good],
        ] {
            let line = refused(args);
            assert!(!line.contains("s3cret") && !line.contains('\n'), "{args:?}: {line}");
        }
        assert!(refused(&["import", "--from", bad]).starts_with("invalid value 'mongo://h/x' for '--from <URL>'"));
    }
}
