//! `natter room`: lists and deletes rooms of any kind from the shell, also while the server runs. What is said in them is
//! not shown.

use std::{collections::HashMap, sync::Arc};

use clap::Subcommand;

use super::open::open;
use crate::{
    app::config::DataArgs,
    domain::{Room, RoomId, RoomKind, UserId, UserKey},
    render::Language,
    store::{Account, Database, Error, RoomRow, Row, Table},
    web,
};

/// The number of rows read at a time.
const PAGE_ROWS: u32 = 500;

#[derive(Subcommand)]
pub enum RoomCommand {
    /// List all rooms: id, kind, day of creation, name (of a direct room: its members)
    List,
    /// Delete a room of any kind with all its messages, for all its members
    Delete { id: String },
}

/// Runs `natter room …`.
///
/// # Errors
/// One line for the shell, if the command fails.
pub async fn run(command: RoomCommand, data: &DataArgs) -> Result<(), String> {
    let store = open(data).await?;
    let result = match command {
        RoomCommand::List => list(&store).await.map_err(|error| error.to_string()),
        RoomCommand::Delete { id } => delete(&store, &id).await,
    };
    store.close().await;
    result
}

async fn list(store: &Arc<dyn Database>) -> Result<(), Error> {
    let mut user_ids = HashMap::new();
    let keep = |row| {
        if let Row::Account(Account { user, .. }) = row {
            user_ids.insert(user.key, user.user_id);
        }
    };
    each(store, Table::Accounts, keep).await?;
    let print = |row| {
        if let Row::Room(row) = row {
            println!("{}", line(&row.room, &name(&row, &user_ids)));
        }
    };
    each(store, Table::Rooms, print).await
}

async fn each(store: &Arc<dyn Database>, table: Table, mut action: impl FnMut(Row)) -> Result<(), Error> {
    let mut after = None;
    loop {
        let rows = store.rows(table, after.as_ref(), PAGE_ROWS).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.clone());
        rows.into_iter().for_each(&mut action);
    }
}

/// The room's name; of a direct room, the userIDs of its members.
fn name(row: &RoomRow, user_ids: &HashMap<UserKey, UserId>) -> String {
    if row.room.kind != RoomKind::Direct {
        return row.room.name.clone();
    }
    let members = row.direct_members().map(|key| user_ids.get(&key).map_or("(deleted user)", UserId::as_str));
    members.collect::<Vec<_>>().join(", ")
}

fn line(room: &Room, name: &str) -> String {
    let (id, kind, archived) = (room.id.as_str(), room.kind.as_str(), if room.archived { "  (archived)" } else { "" });
    format!("{id:<32}  {kind:<6}  {}  {name}{archived}", room.created_at.day())
}

async fn delete(store: &Arc<dyn Database>, id: &str) -> Result<(), String> {
    match store.delete_room(&RoomId::named(id)).await {
        Ok(()) => {
            println!("{id} is deleted.");
            Ok(())
        }
        Err(Error::NoSuchRoom) => Err(format!("there is no room {id}; natter room list shows all rooms")),
        Err(Error::Refused(refusal)) => Err(web::Error::from(refusal).summary(Language::English).into_owned()),
        Err(error) => Err(error.to_string()),
    }
}
