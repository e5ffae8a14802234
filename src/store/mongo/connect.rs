//! Connecting to the database. If that fails, the error says why in one line.

use std::time::Duration;

use mongodb::{
    Client, Database,
    bson::{Document, doc},
    error::ErrorKind,
    options::{Acknowledgment, ClientOptions, ReadConcern, ServerAddress, WriteConcern},
};

use super::{
    driver::{close, with_timeout_raw},
    unreachable::Servers,
};
use crate::store::{Error, Result};

/// The specification's name for the database that the servers share.
const DEFAULT_DATABASE: &str = "UsersData";
/// The maximum wait for a primary. An election takes longer, but a request should not.
const SERVER_SELECTION_TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum time to make a write durable. After it the outcome is unknown.
const WRITE_CONCERN_TIMEOUT: Duration = Duration::from_secs(7);
/// The maximum connections to each server: page loads and logins read concurrently.
const MAX_POOL_SIZE: u32 = 32;

const LIST_HOSTS: &str = "list the hosts in an address that starts with mongodb://";
const MALFORMED: &str = "the address is malformed; write : / ? # [ ] @ in the user name or password as \
    %3A %2F %3F %23 %5B %5D %40, and use only MongoDB's own options after the ?";

/// Connects to the database in `url`.
///
/// # Errors
/// [`Error::Busy`] if no primary answers; [`Error::Failed`] with a remedy if the address is wrong, or the server is not
/// a replica set.
pub async fn database(url: &str) -> Result<Database> {
    let mut options = options(url).await?;
    let servers = Servers::watch(&mut options);
    let name = options.default_database.clone().unwrap_or_else(|| DEFAULT_DATABASE.to_owned());
    let database = client(options.clone())?.database(&name);
    let checked = check(&database, options, &servers).await;
    closed_on_error(database, checked).await
}

/// A client with these options. It reads the files that they name.
pub fn client(options: ClientOptions) -> Result<Client> {
    Client::with_options(options).map_err(|error| match *error.kind {
        ErrorKind::InvalidTlsConfig { ref message, .. } => Error::Failed(format!(
            "a file of its TLS options cannot be used ({message}); check tlsCAFile and tlsCertificateKeyFile"
        )),
        ErrorKind::Io(ref why) => Error::Failed(format!(
            "tlsCertificateKeyFile cannot be read ({why}); name a file with the certificate and its key"
        )),
        _ => error.into(),
    })
}

/// Checks that natter can use the server of `database`.
async fn check(database: &Database, options: ClientOptions, servers: &Servers) -> Result<()> {
    let hello = match with_timeout_raw(database.run_command(doc! { "hello": 1 })).await.map_err(|error| error.kind) {
        Ok(hello) => hello,
        Err(kind) => match *kind {
            ErrorKind::ServerSelection { .. } => match servers.refusal(&options).await {
                Some(why) => return Err(Error::Failed(why)),
                // the driver never selects a server without a replica set, so ask it directly
                None => hello_directly(options).await.ok_or(Error::Busy)?,
            },
            ErrorKind::Authentication { message, .. } => return Err(login_refused(&options, &message)),
            // the server ended or hangs
            ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } => return Err(Error::Busy),
            kind => return Err(mongodb::error::Error::from(kind).into()),
        },
    };
    match obstacle(&hello) {
        Some(obstacle) => Err(Error::Failed(obstacle.into())),
        None if hello.get_bool("isWritablePrimary").unwrap_or(false) || is_router(&hello) => Ok(()),
        None => Err(Error::Busy), // no primary yet
    }
}

/// Returns `database`. Closes its connections instead if `checked` is an error: a client that is only dropped ends its
/// sessions in a task, which panics if the runtime stops meanwhile.
pub async fn closed_on_error(database: Database, checked: Result<()>) -> Result<Database> {
    if checked.is_err() {
        close(&database).await;
    }
    checked.map(|()| database)
}

/// Parses an address. The driver's error is not passed on, because it quotes the part that it took for a host, which
/// may be a password.
pub async fn parse(url: &str) -> Result<ClientOptions> {
    match with_timeout_raw(ClientOptions::parse(url)).await {
        Err(error) if matches!(*error.kind, ErrorKind::InvalidArgument { .. }) => Err(Error::Failed(MALFORMED.into())),
        // the driver looks up the hosts of mongodb+srv:// addresses
        Err(error) => Err(match *error.kind {
            ErrorKind::DnsResolve { message, .. } if message.contains("no records found") => Error::Failed(format!(
                "DNS has no SRV record _mongodb._tcp for its host; check the name, or {LIST_HOSTS}"
            )),
            // the records are there, and the driver cannot use them
            ErrorKind::DnsResolve { message, .. } if message.starts_with("SRV") || message.starts_with("TXT") => {
                Error::Failed(format!("{message}; change the record, or {LIST_HOSTS}"))
            }
            _ => Error::Busy,
        }),
        Ok(options) => Ok(options),
    }
}

async fn options(url: &str) -> Result<ClientOptions> {
    let mut options = parse(url).await?;
    options.app_name.get_or_insert_with(|| "natter".into());
    options.server_selection_timeout.get_or_insert(SERVER_SELECTION_TIMEOUT);
    options.connect_timeout.get_or_insert(SERVER_SELECTION_TIMEOUT);
    options.max_pool_size.get_or_insert(MAX_POOL_SIZE);
    // the address must not weaken this, because natter acknowledges durable writes only
    let mut durable = WriteConcern::builder().w(Acknowledgment::Majority).build();
    durable.journal = Some(true);
    durable.w_timeout = Some(WRITE_CONCERN_TIMEOUT);
    options.write_concern = Some(durable);
    options.read_concern = Some(ReadConcern::majority());
    options.selection_criteria = None;
    Ok(options)
}

fn login_refused(options: &ClientOptions, message: &str) -> Error {
    let source = options.credential.as_ref().and_then(|credential| credential.source.as_deref());
    let source = source.or(options.default_database.as_deref()).unwrap_or("admin");
    Error::Failed(format!(
        "MongoDB refused the login ({message}); check the user name, the password, and that the user was created in the \
         database {source} (authSource in the address names another)"
    ))
}

async fn hello_directly(mut options: ClientOptions) -> Option<Document> {
    let host: ServerAddress = options.hosts.first()?.clone();
    options.hosts = vec![host];
    options.direct_connection = Some(true);
    options.repl_set_name = None;
    options.server_selection_timeout = Some(Duration::from_secs(1));
    let client = Client::with_options(options).ok()?;
    let admin = client.database("admin");
    let hello = with_timeout_raw(admin.run_command(doc! { "hello": 1 })).await.ok();
    close(&admin).await;
    hello
}

fn is_router(hello: &Document) -> bool {
    hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid")
}

/// Why natter cannot use the server that answered `hello`, and the command that helps.
fn obstacle(hello: &Document) -> Option<&'static str> {
    if hello.get_str("setName").is_ok() || is_router(hello) {
        None
    } else if hello.get_bool("isreplicaset").unwrap_or(false) {
        Some(
            "this MongoDB was started with --replSet, but its replica set was not initiated yet; run once: mongosh --eval 'rs.initiate()'",
        )
    } else {
        Some(
            "this MongoDB is not a replica set, which natter needs (one member is enough); start mongod with --replSet rs0, then run once: mongosh --eval 'rs.initiate()'",
        )
    }
}
