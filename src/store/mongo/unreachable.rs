//! Why the driver finds no server, if waiting does not help: the TLS settings of the two sides do not fit.

use std::{io, sync::Arc, time::Duration};

use mongodb::{
    Client,
    bson::doc,
    error::{Error, ErrorKind},
    event::{
        EventHandler,
        sdam::{SdamEvent, TopologyDescription},
    },
    options::{ClientOptions, ServerAddress, Tls, TlsOptions},
};
use tokio::sync::watch;

use super::driver::{close, with_timeout_raw};

/// The maximum wait for a server that has just answered.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

/// The servers of a client, as its driver last saw them.
#[derive(Clone, Default)]
pub struct Servers(Arc<watch::Sender<Option<TopologyDescription>>>);

impl Servers {
    /// Follows the servers of the client that is made with `options`.
    pub fn watch(options: &mut ClientOptions) -> Self {
        let servers = Self::default();
        let seen = Arc::clone(&servers.0);
        options.sdam_event_handler = Some(EventHandler::callback(move |event| {
            if let SdamEvent::TopologyDescriptionChanged(change) = event {
                seen.send_replace(Some(change.new_description));
            }
        }));
        servers
    }

    /// Why no server can be used. `None` if one may be usable later: it does not run yet, or has no primary.
    pub async fn refusal(&self, options: &ClientOptions) -> Option<String> {
        let mut first = None;
        for (address, error) in self.errors()? {
            let why = match tls_refusal(&address, &error, options) {
                // a server that ends closes its connections too
                Some(why) if !is_closed(&error) || probe(address.clone(), options.tls.clone()).await.is_refused => why,
                Some(_) => return None,
                None if is_closed(&error) => other_protocol(address, options).await?,
                None => return None,
            };
            first.get_or_insert(why);
        }
        first
    }

    /// The error of each server. `None` if one has no error.
    fn errors(&self) -> Option<Vec<(ServerAddress, Error)>> {
        let seen = self.0.borrow();
        let servers = seen.as_ref()?.servers();
        servers.into_iter().map(|(address, server)| Some((address.clone(), server.error()?.clone()))).collect()
    }
}

/// Why the TLS handshake failed, if one of the two sides refused it.
fn tls_refusal(address: &ServerAddress, error: &Error, options: &ClientOptions) -> Option<String> {
    let ErrorKind::Io(error) = error.kind.as_ref() else { return None };
    let (text, files) = (error.to_string(), tls_options(options)?);
    if let Some(why) = text.strip_prefix("invalid peer certificate: ") {
        let remedy = if why.starts_with("certificate not valid for name") {
            "use a name of the certificate in the address and in rs.conf(), or issue the certificate for this name"
        } else if why.starts_with("certificate expired") {
            return Some(format!("the TLS certificate of {address} has expired; renew it"));
        } else if why.starts_with("certificate not valid yet") {
            "set the clock of this machine"
        } else if files.ca_file_path.is_some() {
            "tlsCAFile has to contain the certificate of the CA that signed it"
        } else {
            "name the certificate of its CA with tlsCAFile=/path/ca.pem in the address, unless a public CA signed it"
        };
        return Some(format!("the TLS certificate of {address} is not valid ({why}); {remedy}"));
    }
    let why = match text.strip_prefix("received fatal alert: ") {
        Some(alert) => format!("alert {alert}"),
        // MongoDB verifies certificates of clients after the handshake
        None if error.kind() == io::ErrorKind::UnexpectedEof && text != HANDSHAKE_EOF => {
            "it closed the connection".into()
        }
        None => return None,
    };
    Some(if files.cert_key_file_path.is_some() {
        format!(
            "{address} refused TLS with natter's certificate ({why}); tlsCertificateKeyFile has to contain a valid one, \
             signed by a CA of the server's --tlsCAFile"
        )
    } else {
        format!(
            "{address} refused TLS without a client certificate ({why}); if it requires one, name it with \
             tlsCertificateKeyFile=/path/client.pem in the address"
        )
    })
}

/// The driver's text for a connection that was closed during the TLS handshake.
const HANDSHAKE_EOF: &str = "tls handshake eof";

/// Whether the server closed the connection, or sent what is no answer.
fn is_closed(error: &Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, InvalidData, UnexpectedEof};
    let ErrorKind::Io(error) = error.kind.as_ref() else { return false };
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | InvalidData | UnexpectedEof)
}

/// Whether the server answers with TLS where the address has none, or without where it has. Then the address is wrong.
async fn other_protocol(address: ServerAddress, options: &ClientOptions) -> Option<String> {
    let (wrong, remedy, other) = match tls_options(options) {
        Some(_) => ("has no TLS", "leave tls=true out of the address, or start mongod with --tlsMode", Tls::Disabled),
        None => (
            "requires TLS",
            "add tls=true to the address, and tlsCAFile=/path/ca.pem unless a public CA signed its certificate",
            Tls::Enabled(TlsOptions::default()),
        ),
    };
    let shown = address.to_string();
    let Probe { is_answered, is_refused } = probe(address, Some(other)).await;
    (is_answered || is_refused).then(|| format!("{shown} {wrong}; {remedy}"))
}

/// What a server did when it was asked once more. It is told no password.
struct Probe {
    is_answered: bool,
    /// It speaks TLS, and one of the two sides refused the other.
    is_refused: bool,
}

async fn probe(address: ServerAddress, tls: Option<Tls>) -> Probe {
    let mut options = ClientOptions::builder().hosts(vec![address]).tls(tls).direct_connection(true).build();
    options.server_selection_timeout = Some(PROBE_TIMEOUT);
    options.connect_timeout = Some(PROBE_TIMEOUT);
    let servers = Servers::watch(&mut options);
    let Ok(client) = Client::with_options(options.clone()) else {
        return Probe { is_answered: false, is_refused: false };
    };
    let admin = client.database("admin");
    let is_answered = with_timeout_raw(admin.run_command(doc! { "hello": 1 })).await.is_ok();
    let refuses = |(address, error)| tls_refusal(&address, &error, &options).is_some();
    let is_refused = servers.errors().is_some_and(|errors| errors.into_iter().any(refuses));
    close(&admin).await; // the client has no servers after it
    Probe { is_answered, is_refused }
}

fn tls_options(options: &ClientOptions) -> Option<&TlsOptions> {
    match options.tls.as_ref()? {
        Tls::Enabled(tls) => Some(tls),
        Tls::Disabled => None,
    }
}
