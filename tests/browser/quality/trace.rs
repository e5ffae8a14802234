//! The tasks of a page's main thread, as the browser traces them.

use std::fs;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::support::Person;

/// A trace that runs.
pub struct Trace(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Trace {
    pub async fn start(person: &Person) -> Self {
        // the port, and the path of the browser's socket
        let active = fs::read_to_string(person.profile().join("DevToolsActivePort")).unwrap();
        let (port, path) = active.trim().split_once('\n').unwrap();
        let mut trace = Self(connect_async(format!("ws://127.0.0.1:{port}{path}")).await.unwrap().0);
        let config = json!({ "includedCategories": ["toplevel", "blink.user_timing"] });
        trace.sends("Tracing.start", json!({ "traceConfig": config })).await;
        trace.receives(|answer| answer["id"] == 1).await;
        // which of the threads is the page's
        let _: bool = person.runs("performance.mark('traced'); return true").await;
        trace
    }

    /// Ends the trace. Returns the duration of each task in milliseconds, least first.
    pub async fn end(mut self) -> Vec<f64> {
        self.sends("Tracing.end", json!({})).await;
        let mut events = Vec::new();
        loop {
            let message = self.receives(|message| message["method"].is_string()).await;
            match message["method"].as_str() {
                Some("Tracing.dataCollected") => events.extend(message["params"]["value"].as_array().unwrap().clone()),
                Some("Tracing.tracingComplete") => break,
                _ => {}
            }
        }
        let thread = |event: &Value| (event["pid"].clone(), event["tid"].clone());
        let mark = events.iter().find(|event| event["name"] == "traced").expect("the mark");
        let is_task = |event: &&Value| {
            event["name"] == "ThreadControllerImpl::RunTask" && event["ph"] == "X" && thread(event) == thread(mark)
        };
        let mut times: Vec<f64> =
            events.iter().filter(is_task).map(|event| event["dur"].as_f64().unwrap() / 1000.0).collect();
        times.sort_by(f64::total_cmp);
        times
    }

    async fn sends(&mut self, method: &str, params: Value) {
        let command = json!({ "id": 1, "method": method, "params": params });
        self.0.send(Message::text(command.to_string())).await.unwrap();
    }

    async fn receives(&mut self, is_expected: impl Fn(&Value) -> bool) -> Value {
        loop {
            let text = self.0.next().await.unwrap().unwrap().into_text().unwrap();
            let message: Value = serde_json::from_str(&text).unwrap_or_default();
            if is_expected(&message) {
                return message;
            }
        }
    }
}
