//! The three servers on their addresses: which routes each listener has, and one stop for all of them.

use std::{future::Future, io, net::SocketAddr, num::NonZeroU32, sync::Arc, time::Duration};

use axum::{Extension, Router, middleware::from_fn_with_state};
use futures_util::future::join_all;
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};
use utoipa_axum::router::OpenApiRouter;

use super::{
    config::Config,
    docs, middleware, ops,
    roles::{Endpoint, ServerRole},
    server::StartError,
};
use crate::{
    features,
    net::{
        accept::{self, ConnectionLimits},
        address::AddressCounts,
    },
    room::registry::CloseReason,
    web::{AppState, extract::ServerOrigin, token_login},
};

/// Connections that may wait with the system until they are accepted (it takes 4,096 at most by itself): after a
/// restart all come at once.
const BACKLOG: u32 = 4096;

/// The addresses a process listens on.
pub(super) struct Listeners {
    sockets: Vec<TcpListener>,
    /// The same, with the ports as they turned out.
    pub endpoints: Vec<Endpoint>,
}

impl Listeners {
    /// # Errors
    /// Where an address cannot be listened on.
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

    /// Where `role` listens, if it does.
    pub(super) fn address(endpoints: &[Endpoint], role: ServerRole) -> Option<SocketAddr> {
        endpoints.iter().find(|endpoint| endpoint.roles.contains(&role)).map(|endpoint| endpoint.address)
    }

    /// Serves until `stop` resolves, and until everybody has been sent home.
    pub(super) async fn run(self, config: &Config, state: &AppState, stop: impl Future<Output = ()>) {
        // each listener holds a permit for whom it waits for: an idle one must not take it from the others
        let permits = config.max_connections as usize + self.sockets.len() - 1;
        let settings = accept::Settings {
            permits: Arc::new(Semaphore::new(permits)),
            addresses: AddressCounts::new(NonZeroU32::new(config.address_connections)),
            peer_is_client: config.proxies == 0,
            limits: ConnectionLimits::default(),
        };
        let (stopping, stopped) = watch::channel(());
        let listeners = self.sockets.into_iter().zip(&self.endpoints);
        let serving = listeners.map(|(socket, endpoint)| {
            let secure = config.roles.is_secure(endpoint, config.public_url.as_ref());
            let router = middleware::wrap(routes(&endpoint.roles, state), state, secure);
            let mut stopped = stopped.clone();
            let stop = async move { drop(stopped.changed().await) };
            accept::serve(socket, router, settings.clone(), stop)
        });
        let stop = async {
            stop.await;
            state.drain();
            state.hub.registry.end(CloseReason::Restart, |_| true);
            drop(stopping);
        };
        tokio::join!(join_all(serving), stop);
        let closed = async {
            while !state.hub.registry.is_empty() {
                // one that came in at the last moment
                state.hub.registry.end(CloseReason::Restart, |_| true);
                sleep(Duration::from_millis(20)).await;
            }
        };
        if timeout(ConnectionLimits::default().drain, closed).await.is_err() {
            tracing::warn!("some sockets did not close");
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?; // or a restart would have to wait for the last connections to time out
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What a listener answers: its roles' routes, and what every one has.
fn routes(roles: &[ServerRole], state: &AppState) -> Router<AppState> {
    let every = ops::router().merge(features::auth::logout()).merge(token_login::router());
    let routers = roles.iter().map(|role| server(*role, state));
    docs::with_openapi(routers.fold(every, OpenApiRouter::merge))
}

fn server(role: ServerRole, state: &AppState) -> OpenApiRouter<AppState> {
    let sites = &state.settings.sites;
    match role {
        ServerRole::Users => {
            let mut users = features::users::router().merge(features::admin::router());
            if sites.users != sites.auth {
                users = users.layer(from_fn_with_state(state.clone(), token_login::by_token));
            }
            users.layer(Extension(ServerOrigin(sites.users.clone())))
        }
        ServerRole::Auth => features::auth::router(),
        ServerRole::Chat => features::chat::router().layer(Extension(ServerOrigin(sites.chat.clone()))),
    }
}
