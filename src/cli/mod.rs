//! The command line.

mod user;

use clap::{
    Parser, Subcommand,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::app::config::{Config, DataArgs};

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
}

impl Cli {
    /// Reads the command line and the environment. Help and version are printed, and end the process.
    ///
    /// # Errors
    /// One line that names the wrong setting and the way out.
    pub fn read() -> Result<Self, String> {
        Self::try_parse().map_err(|mut error| {
            if matches!(
                error.kind(),
                ErrorKind::DisplayHelp
                    | ErrorKind::DisplayVersion
                    | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            ) {
                error.exit();
            }
            // clap repeats the value, and standard error is somebody's log
            let argument = error.get(ContextKind::InvalidArg).map(ToString::to_string);
            if argument.is_some_and(|argument| argument.starts_with("--access-token-secret")) {
                error.insert(ContextKind::InvalidValue, ContextValue::String("…".into()));
            }
            let text = error.to_string();
            let line: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:")).collect();
            let line = line.into_iter().filter(|line| !line.is_empty() && !line.starts_with("For more"));
            line.collect::<Vec<_>>().join(" ").trim_start_matches("error: ").to_owned() + " (natter --help)"
        })
    }
}

/// Carries out `natter user …`.
///
/// # Errors
/// One line for the person at the shell.
pub async fn user(command: user::UserCommand, data: &DataArgs) -> Result<(), String> {
    user::run(command, data).await
}
