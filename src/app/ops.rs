//! What operators ask: alive, ready, how it is going.

use std::{net::SocketAddr, sync::OnceLock, time::Duration};

use axum::{
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode, header},
    routing::get,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;
use utoipa_axum::router::OpenApiRouter;

use crate::web::{AppState, Error, Result};

/// Longest wait for the database before it counts as not answering.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

/// 200 while this process can serve: the database answers, and no stop is under way.
async fn ready(State(state): State<AppState>) -> (StatusCode, &'static str) {
    if state.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match tokio::time::timeout(PATIENCE, state.store.ping()).await {
        Ok(Ok(())) => (StatusCode::OK, "ready\n"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}

async fn metrics(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<String> {
    let allowed = match &state.settings.metrics_token {
        Some(token) => {
            let sent = headers.get(header::AUTHORIZATION).map(axum::http::HeaderValue::as_bytes);
            let expected = format!("Bearer {}", token.expose_secret());
            sent.is_some_and(|sent| sent.ct_eq(expected.as_bytes()).into())
        }
        // what came through a proxy is not from this machine, whatever the peer's address says
        None => {
            let proxied = ["x-forwarded-for", "forwarded", "via"].iter().any(|name| headers.contains_key(*name));
            peer.ip().to_canonical().is_loopback() && state.settings.proxies == 0 && !proxied
        }
    };
    if allowed { Ok(recorder().render()) } else { Err(Error::not_found("no-such-page")) }
}

/// The process's recorder of metrics, set up at the first call.
pub(super) fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let seconds = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];
        let writes = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
        let matcher = |suffix: &str| metrics_exporter_prometheus::Matcher::Suffix(suffix.into());
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(matcher("_seconds"), &seconds)
            .and_then(|builder| builder.set_buckets_for_metric(matcher("_writes"), &writes))
            .expect("the buckets are not empty");
        let handle = builder.install_recorder().expect("nothing else in this process records metrics");
        describe();
        handle
    })
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_gauge!("natter_sockets", "Sockets open now");
    describe_counter!(
        "natter_connections_refused_total",
        "Connections and requests refused, as their client address had too many connections"
    );
    describe_counter!("natter_sockets_refused_total", "Sockets refused, as their user had too many open");
    describe_counter!("natter_messages_total", "Messages sent, by whether the send was new or a repeat");
    describe_counter!("natter_changes_total", "Changes that entered the live log");
    describe_counter!(
        "natter_caught_up_total",
        "Changes that sockets read from the store, as the ring had passed them"
    );
    describe_counter!("natter_collisions_total", "Batches of messages that came too late for their numbers");
    describe_counter!("natter_logins_total", "Logins, by how they ended");
    describe_histogram!("natter_commit_seconds", "Time a commit took");
    describe_histogram!("natter_commit_writes", "Writes in a commit");
    describe_histogram!("natter_lag_seconds", "Time from a message's acceptance to its wake-up of the room");
    describe_histogram!("natter_request_seconds", "Time to answer a request");
}
