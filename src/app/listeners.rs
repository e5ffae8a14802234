//! The listeners of the three servers, and one stop for all of them.

use std::{future::Future, io, net::SocketAddr, num::NonZeroU32, sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};

use super::{
    config::Config,
    middleware, open_files,
    roles::{Endpoint, ServerRole},
    routes,
    start_error::StartError,
};
use crate::{
    net::{
        accept::{self, ConnectionLimits, ListenerSettings},
        address::AddressCounts,
    },
    room::registry::CloseReason,
    web::AppState,
};

/// Connections that may wait in the system's queue until they are accepted. After a restart all clients connect at
/// once. Linux allows 4,096 by default.
const BACKLOG: u32 = 4096;

/// The addresses a process listens on.
pub(super) struct Listeners {
    sockets: Vec<TcpListener>,
    /// The endpoints of `sockets`, in the same order, with the port that the system chose instead of port 0.
    pub endpoints: Vec<Endpoint>,
}

impl Listeners {
    /// Listens on all addresses of the settings.
    ///
    /// # Errors
    /// [`StartError::Listen`] if the system refuses an address.
    pub(super) async fn bind(config: &Config) -> Result<Self, StartError> {
        let (mut sockets, mut endpoints) = (Vec::new(), config.roles.endpoints(config.listen));
        for endpoint in &mut endpoints {
            let (address, flag) = (endpoint.address, endpoint.flag);
            let socket = listen(address);
            let socket = socket.map_err(|source| StartError::Listen { address, flag, source })?;
            endpoint.address = socket.local_addr().unwrap_or(address);
            sockets.push(socket);
        }
        Ok(Self { sockets, endpoints })
    }

    /// The address of `role`, if this process runs it.
    pub(super) fn address(endpoints: &[Endpoint], role: ServerRole) -> Option<SocketAddr> {
        endpoints.iter().find(|endpoint| endpoint.roles.contains(&role)).map(|endpoint| endpoint.address)
    }

    /// Serves until `stop` resolves, and then until the requests in progress are answered and the sockets are closed.
    pub(super) async fn run(self, config: &Config, state: &AppState, stop: impl Future<Output = ()>) {
        // each listener holds a permit while it waits for a connection: an idle one must not take it from the others
        let permits = open_files::max_connections(config.max_connections) as usize + self.sockets.len() - 1;
        let settings = ListenerSettings {
            permits: Arc::new(Semaphore::new(permits)),
            addresses: AddressCounts::new(NonZeroU32::new(config.address_connections)),
            peer_is_client: config.proxies == 0,
            limits: ConnectionLimits::default(),
        };
        let (stopping, stopped) = watch::channel(());
        let listeners = self.sockets.into_iter().zip(&self.endpoints);
        let serving = listeners.map(|(socket, endpoint)| {
            let secure = config.roles.is_secure(endpoint, config.public_url.as_ref());
            let router = middleware::wrap(routes::of(&endpoint.roles, state), state, secure);
            let mut stopped = stopped.clone();
            let stop = async move { drop(stopped.changed().await) };
            accept::serve(socket, router, settings.clone(), stop)
        });
        let stop = async {
            stop.await;
            state.drain();
            if let Some(hub) = &state.hub {
                hub.registry.close(CloseReason::Restart, |_| true);
            }
            drop(stopping);
        };
        tokio::join!(join_all(serving), stop);
        let Some(hub) = &state.hub else { return };
        let closed = async {
            while !hub.registry.is_empty() {
                // again, for sockets that opened after the stop
                hub.registry.close(CloseReason::Restart, |_| true);
                sleep(Duration::from_millis(20)).await;
            }
        };
        if timeout(ConnectionLimits::default().drain_timeout, closed).await.is_err() {
            tracing::warn!("sockets still open at the stop");
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?; // otherwise a restart fails until the last connections have timed out
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
