//! `natter user`: manages accounts from the shell, also while the server runs.

use std::{io::IsTerminal, sync::Arc};

use clap::Subcommand;
use secrecy::SecretString;

use super::open::open;
use crate::{
    app::config::DataArgs,
    domain::{AuditAction, AuditEntry, Role, User, UserId},
    render::Language,
    security::{
        accounts::{AccountEdit, AccountError, Accounts, NewAccount},
        passwords::Passwords,
    },
    store::{self, Database, MessageRetention, Store},
    web,
};

/// The number of users read at a time.
const PAGE_USERS: u32 = 500;

/// Who acts, in the audit list. It is no userID.
const SHELL: &str = "natter user";

#[derive(Subcommand)]
pub enum UserCommand {
    /// List all users
    List,
    /// Add a user; prompts for the password, or reads it from standard input
    Create {
        user_id: String,
        #[arg(long)]
        name: String,
        #[arg(long)]
        email: String,
        #[arg(long, default_value = "")]
        phone: String,
        /// Make the user an admin
        #[arg(long)]
        admin: bool,
    },
    /// Make a user an admin, or a member again with --revoke
    Admin {
        user_id: String,
        #[arg(long)]
        revoke: bool,
    },
    /// Disable a user: nobody can log in to the account, and their tokens and sessions end
    Disable { user_id: String },
    /// Enable a disabled user again
    Enable { user_id: String },
    /// Set a new password; prompts for it, or reads it from standard input
    Password { user_id: String },
    /// Delete a user; their messages stay, under "deleted user"
    Delete {
        user_id: String,
        /// Delete the user's messages too
        #[arg(long)]
        messages: bool,
    },
}

/// Runs `natter user …`.
///
/// # Errors
/// One line for the shell, if the command fails.
pub async fn run(command: UserCommand, data: &DataArgs) -> Result<(), String> {
    let store = open(data).await?;
    let result = run_on(command, &store, data.bcrypt_cost).await;
    store.close().await;
    result
}

async fn run_on(command: UserCommand, store: &Arc<dyn Database>, bcrypt_cost: u32) -> Result<(), String> {
    let accounts = Accounts { store: store.clone(), passwords: Arc::new(Passwords::new(bcrypt_cost)) };
    match command {
        UserCommand::List => list(store.as_ref()).await,
        UserCommand::Create { user_id, name, email, phone, admin } => {
            let form = NewAccount { user_id, name, email, phone, password: read_password()? };
            let role = if admin { Some(Role::Admin) } else { None };
            let user = accounts.create(&form, role).await.map_err(reason)?;
            println!("{} is added ({}).", user.user_id, user.role.as_str());
            Ok(())
        }
        UserCommand::Admin { user_id, revoke } => {
            let role = if revoke { Role::Member } else { Role::Admin };
            let edit = AccountEdit { role: Some(role.as_str().to_owned()), ..AccountEdit::default() };
            let user = find(store.as_ref(), &user_id).await?;
            let user = accounts.edit(&user, &edit).await.map_err(reason)?;
            println!("{} is {} now.", user.user_id, if user.is_admin() { "an admin" } else { "a member" });
            Ok(())
        }
        UserCommand::Disable { user_id } => {
            let user = set_disabled(store.as_ref(), &user_id, true).await?;
            println!("{} is disabled; all their tokens and sessions are void.", user.user_id);
            Ok(())
        }
        UserCommand::Enable { user_id } => {
            let user = set_disabled(store.as_ref(), &user_id, false).await?;
            println!("{} is enabled.", user.user_id);
            Ok(())
        }
        UserCommand::Password { user_id } => {
            let user = find(store.as_ref(), &user_id).await?;
            let edit = AccountEdit { password: Some(read_password()?), ..AccountEdit::default() };
            accounts.edit(&user, &edit).await.map_err(reason)?;
            println!("{} has a new password; all their tokens and sessions are void.", user.user_id);
            Ok(())
        }
        UserCommand::Delete { user_id, messages } => {
            let user = find(store.as_ref(), &user_id).await?;
            let messages = if messages { MessageRetention::Delete } else { MessageRetention::Keep };
            store.delete_user(user.key, messages).await.map_err(|error| reason(error.into()))?;
            println!("{} is deleted.", user.user_id);
            Ok(())
        }
    }
}

async fn set_disabled(store: &dyn Store, user_id: &str, disabled: bool) -> Result<User, String> {
    let user = find(store, user_id).await?;
    let action = if disabled { AuditAction::UserDisabled } else { AuditAction::UserEnabled };
    let entry = AuditEntry::new(SHELL, action, user.user_id.as_str());
    store.set_disabled(user.key, disabled, entry).await.map_err(|error| reason(error.into()))
}

/// The error in English, in the same words as in the API.
fn reason(error: AccountError) -> String {
    let language = Language::English;
    match error {
        AccountError::Invalid(fields) => {
            let reasons = fields.iter().map(|(field, why)| format!("{field}: {}", language.phrase(why)));
            reasons.collect::<Vec<_>>().join(" ")
        }
        AccountError::Store(store::Error::Conflict(conflict)) => {
            web::Error::from(conflict).summary(language).into_owned()
        }
        other => other.to_string(),
    }
}

async fn list(store: &dyn Store) -> Result<(), String> {
    let mut after = None;
    loop {
        let users = store.users_after(after.as_ref(), PAGE_USERS).await.map_err(|e| e.to_string())?;
        let Some(last) = users.last() else { return Ok(()) };
        after = Some(last.user_id.clone());
        for user in users {
            println!(
                "{:<32}  {:<6}  {}  {}  <{}>{}",
                user.user_id.as_str(),
                user.role.as_str(),
                user.created_at.day(),
                user.name,
                user.email,
                if user.disabled { "  disabled" } else { "" }
            );
        }
    }
}

async fn find(store: &dyn Store, user_id: &str) -> Result<User, String> {
    let not_found = || format!("there is no user {user_id}; natter user list shows all users");
    let id = UserId::parse(user_id).map_err(|_| not_found())?;
    store.user(&id).await.map_err(|e| e.to_string())?.ok_or_else(not_found)
}

/// Reads a new password from the terminal or standard input. Not from the command line, because other users of the
/// machine can read it there.
fn read_password() -> Result<SecretString, String> {
    let password = if std::io::stdin().is_terminal() {
        rpassword::prompt_password("New password: ").map_err(|e| e.to_string())?
    } else {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map_err(|e| e.to_string())?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    Ok(password.into())
}
