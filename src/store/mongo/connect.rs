//! Reaching the database, and saying in one line why it cannot be.

use std::time::Duration;

use mongodb::{
    Client, Database,
    bson::{Document, doc},
    error::ErrorKind,
    options::{Acknowledgment, ClientOptions, ReadConcern, ServerAddress, WriteConcern},
};

use super::timed;
use crate::store::{Error, Result};

/// The mission's name for the common database.
const DATABASE: &str = "UsersData";
/// Longest wait for a primary: an election takes longer, but a request should not.
const SELECTION: Duration = Duration::from_secs(5);
/// Longest the database may take to make a write durable before the outcome counts as unknown.
const DURABLE: Duration = Duration::from_secs(7);
/// Connections to each server: page loads and sign-ins read side by side.
const POOL: u32 = 32;

const MALFORMED: &str = "the address is malformed; in a user's name or password : / ? # [ ] @ must be written as \
    %3A %2F %3F %23 %5B %5D %40, and behind a ? in the address only MongoDB's own options may stand";

/// Connects to the database that `url` names.
///
/// # Errors
/// [`Error::Busy`] where no server answers; [`Error::Failed`] with the way out where the address is wrong,
/// or what answers is not a replica set.
pub async fn database(url: &str) -> Result<Database> {
    let options = options(url).await?;
    let name = options.default_database.clone().unwrap_or_else(|| DATABASE.to_owned());
    let database = Client::with_options(options.clone())?.database(&name);
    let hello = match timed(database.run_command(doc! { "hello": 1 })).await {
        Ok(hello) => hello,
        // a member without a set is never chosen by the driver: ask it directly
        Err(error) if matches!(*error.kind, ErrorKind::ServerSelection { .. }) => {
            hello_directly(options).await.ok_or(Error::Busy)?
        }
        Err(error) => return Err(error.into()),
    };
    match obstacle(&hello) {
        Some(obstacle) => Err(Error::Failed(obstacle.into())),
        None if hello.get_bool("isWritablePrimary").unwrap_or(false) || is_router(&hello) => Ok(database),
        None => Err(Error::Busy), // no primary yet
    }
}

/// Reads an address. What the driver says of a wrong one is not passed on: it quotes the part that it took
/// for a host, which may be a password.
pub async fn parse(url: &str) -> Result<ClientOptions> {
    match timed(ClientOptions::parse(url)).await {
        Err(error) if matches!(*error.kind, ErrorKind::InvalidArgument { .. }) => Err(Error::Failed(MALFORMED.into())),
        // the driver looks the hosts of mongodb+srv:// up
        Err(_) => Err(Error::Failed("its hosts could not be looked up in the DNS".into())),
        Ok(options) => Ok(options),
    }
}

async fn options(url: &str) -> Result<ClientOptions> {
    let mut options = parse(url).await?;
    options.app_name.get_or_insert_with(|| "natter".into());
    options.server_selection_timeout.get_or_insert(SELECTION);
    options.connect_timeout.get_or_insert(SELECTION);
    options.max_pool_size.get_or_insert(POOL);
    // not for the address to weaken: natter acknowledges only what lasts
    let mut durable = WriteConcern::builder().w(Acknowledgment::Majority).build();
    durable.journal = Some(true);
    durable.w_timeout = Some(DURABLE);
    options.write_concern = Some(durable);
    options.read_concern = Some(ReadConcern::majority());
    options.selection_criteria = None;
    Ok(options)
}

async fn hello_directly(mut options: ClientOptions) -> Option<Document> {
    let host: ServerAddress = options.hosts.first()?.clone();
    options.hosts = vec![host];
    options.direct_connection = Some(true);
    options.repl_set_name = None;
    options.server_selection_timeout = Some(Duration::from_secs(1));
    let client = Client::with_options(options).ok()?;
    let hello = timed(client.database("admin").run_command(doc! { "hello": 1 })).await.ok();
    client.shutdown().immediate(true).await;
    hello
}

fn is_router(hello: &Document) -> bool {
    hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid")
}

/// What keeps natter from using the server that said `hello`, and the command that helps.
fn obstacle(hello: &Document) -> Option<&'static str> {
    if hello.get_str("setName").is_ok() || is_router(hello) {
        None
    } else if hello.get_bool("isreplicaset").unwrap_or(false) {
        Some(
            "this MongoDB was started with --replSet, but its replica set was not made yet; run once: mongosh --eval 'rs.initiate()'",
        )
    } else {
        Some(
            "this MongoDB is not a replica set, which natter needs (one member will do); start mongod with --replSet rs0, then run once: mongosh --eval 'rs.initiate()'",
        )
    }
}
