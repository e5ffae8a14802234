//! Health checks and metrics for operators.

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

/// Longest wait for the database in a health check.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

/// 200 if the database answers and no stop is announced.
async fn ready(State(state): State<AppState>) -> (StatusCode, &'static str) {
    if state.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match tokio::time::timeout(PING_TIMEOUT, state.store.ping()).await {
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
        // a request through a proxy on this machine may come from any machine
        None => {
            let proxied = ["x-forwarded-for", "forwarded", "via"].iter().any(|name| headers.contains_key(*name));
            peer.ip().to_canonical().is_loopback() && state.settings.proxies == 0 && !proxied
        }
    };
    if allowed { Ok(recorder().render()) } else { Err(Error::not_found("no-such-page")) }
}

/// The process's metrics recorder, installed at the first call.
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
        "Connections and requests refused because the client's network had too many connections"
    );
    describe_counter!("natter_sockets_refused_total", "Sockets refused because the user had too many open");
    describe_counter!("natter_messages_total", "Messages sent, by result: new or repeat");
    describe_counter!("natter_changes_total", "Changes pushed to the ring");
    describe_counter!(
        "natter_caught_up_total",
        "Changes that sockets read from the store because the ring had dropped them"
    );
    describe_counter!("natter_collisions_total", "Batches of messages whose numbers another process had taken");
    describe_counter!("natter_logins_total", "Login attempts, by result");
    describe_histogram!("natter_commit_seconds", "Time of a commit");
    describe_histogram!("natter_commit_writes", "Writes in a commit");
    describe_histogram!("natter_lag_seconds", "Time from a message's acceptance to its push to the ring");
    describe_histogram!("natter_request_seconds", "Time from a request to its response");
}
