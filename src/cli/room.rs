//! `natter room`: lists and deletes rooms of any kind from the shell, also while the server runs. What is said in them is
//! not shown.

use std::sync::Arc;

use clap::Subcommand;

use super::open::open;
use crate::{
    app::config::DataArgs,
    domain::{Room, RoomId},
    render::Language,
    store::{Database, Error, RoomRow, Row, Table},
    web,
};

/// The number of rooms read at a time.
const PAGE_ROOMS: u32 = 500;

#[derive(Subcommand)]
pub enum RoomCommand {
    /// List all rooms: id, kind, day of creation, name
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
    let mut after = None;
    loop {
        let rows = store.rows(Table::Rooms, after.as_ref(), PAGE_ROOMS).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.clone());
        for row in rows {
            if let Row::Room(RoomRow { room, .. }) = row {
                println!("{}", line(&room));
            }
        }
    }
}

fn line(room: &Room) -> String {
    let (id, kind, archived) = (room.id.as_str(), room.kind.as_str(), if room.archived { "  (archived)" } else { "" });
    format!("{id:<32}  {kind:<6}  {}  {}{archived}", room.created_at.day(), room.name)
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
