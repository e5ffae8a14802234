//! A WebSocket, and the frames that it receives.

use std::{collections::VecDeque, time::Duration};

use futures_util::{SinkExt, StreamExt};
use scraper::{Html, Selector};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest, http::Request},
};
use uuid::Uuid;

use super::{Browser, Fragment, KnownReactions, Script};

/// Longest wait for a frame that a test expects.
const LIMIT: Duration = Duration::from_secs(20);

#[derive(Debug)]
enum Item {
    Fragment(Fragment),
    Notice(String),
    Roster(Vec<String>),
    /// An acknowledgement, a refusal, or the answer to a move.
    Answer(Value),
    /// What concerns other users: who types, who has a new name.
    Signal(Value),
    /// For the sidebar: the numbers of rooms, what happened in one, who is online.
    Sidebar(Value),
}

pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What has arrived and no test has waited for yet.
    items: VecDeque<Item>,
    /// All fragments of messages that have arrived.
    pub fragments: Vec<Fragment>,
    /// All notices that have arrived.
    pub notices: Vec<String>,
    /// What has arrived of who gave which emoji.
    pub reactions: KnownReactions,
    /// Bytes of the largest frame that has arrived.
    pub largest: usize,
    closed: Option<(u16, String)>,
}

impl Socket {
    /// Opens a socket of a script, with its token as Bearer. `query` may contain `?room=` and `&after=`.
    pub async fn open(script: &Script, query: &str) -> Self {
        let mut request = format!("ws://{}/ws{query}", script.address).into_client_request().unwrap();
        if let Some(token) = &script.token {
            request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        let socket = Self::connect(request).await.unwrap();
        // there is a roster in the lobby only
        if query.contains("room=") { socket } else { socket.wait_for_roster().await }
    }

    /// Opens a socket of a page of the lobby in this browser, with its cookies. `query` may contain `?after=`.
    pub async fn open_in(browser: &Browser, query: &str) -> Self {
        let query = format!("?room=lobby{}", query.replace('?', "&"));
        Self::connect(Self::request_in(browser, &query)).await.unwrap().wait_for_roster().await
    }

    /// The handshake of a page in this browser.
    pub fn request_in(browser: &Browser, query: &str) -> Request<()> {
        let mut request = format!("ws://{}/ws{query}", browser.address).into_client_request().unwrap();
        request.headers_mut().insert("cookie", browser.cookies().parse().unwrap());
        request.headers_mut().insert("origin", browser.url("").parse().unwrap());
        request
    }

    /// Waits for the roster, with which a subscription to the lobby begins. Before it the socket has no cursor, and without
    /// `?after=` it would miss what is sent meanwhile.
    async fn wait_for_roster(mut self) -> Self {
        let roster =
            async { while !self.items.iter().any(|item| matches!(item, Item::Roster(_))) && self.receive().await {} };
        timeout(LIMIT, roster).await.expect("the roster, or the end");
        self
    }

    /// Opens a socket of a page in this browser that follows no room, for its sidebar.
    pub async fn open_sidebar(browser: &Browser) -> Self {
        Self::connect(Self::request_in(browser, "?room=")).await.unwrap()
    }

    /// Opens a socket and does not wait for a frame.
    pub async fn connect(request: Request<()>) -> Result<Self, tungstenite::Error> {
        Ok(Self::on(connect_async(request).await?.0))
    }

    pub fn on(stream: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self {
            stream,
            items: VecDeque::new(),
            fragments: Vec::new(),
            notices: Vec::new(),
            reactions: KnownReactions::default(),
            largest: 0,
            closed: None,
        }
    }

    /// Sends a message and waits for its acknowledgement.
    pub async fn says(&mut self, message: &str) -> Value {
        let answer = self.sends(message, &Uuid::new_v4().to_string()).await;
        assert!(answer["seq"].is_u64() && answer["rev"].is_u64(), "{answer}");
        answer
    }

    /// Sends a message as the page's form does, and waits for the acknowledgement or refusal.
    pub async fn sends(&mut self, message: &str, client_id: &str) -> Value {
        let frame = json!({ "message": message, "clientID": client_id, "headers": { "HX-Request": "true" } });
        self.sends_frame(&frame.to_string()).await
    }

    pub async fn sends_frame(&mut self, frame: &str) -> Value {
        self.sends_without_answer(frame).await;
        self.answer().await
    }

    pub async fn sends_without_answer(&mut self, frame: &str) {
        self.stream.send(Message::text(frame)).await.unwrap();
    }

    /// Waits for the next acknowledgement or refusal.
    pub async fn answer(&mut self) -> Value {
        let is_answer = |item: &Item| matches!(item, Item::Answer(_));
        match self.take("an answer", is_answer).await {
            Item::Answer(answer) => answer,
            other => unreachable!("{other:?}"),
        }
    }

    /// Waits for a message with this visible text; skips other messages before it.
    pub async fn sees(&mut self, text: &str) -> Fragment {
        self.sees_fragment(text, |fragment| fragment.text == text).await
    }

    /// Waits for the fragment with this `rev`.
    pub async fn sees_rev(&mut self, rev: u64) -> Fragment {
        self.sees_fragment(&format!("rev {rev}"), |fragment| fragment.rev == rev).await
    }

    async fn sees_fragment(&mut self, what: &str, matches: impl Fn(&Fragment) -> bool) -> Fragment {
        let matches = |item: &Item| matches!(item, Item::Fragment(fragment) if matches(fragment));
        match self.take(what, matches).await {
            Item::Fragment(fragment) => fragment,
            other => unreachable!("{other:?}"),
        }
    }

    /// Waits for the next signal.
    pub async fn sees_signal(&mut self) -> Value {
        match self.take("a signal", |item| matches!(item, Item::Signal(_))).await {
            Item::Signal(signal) => signal,
            other => unreachable!("{other:?}"),
        }
    }

    /// Waits for the next frame of the sidebar.
    pub async fn sees_sidebar(&mut self) -> Value {
        match self.take("a frame of the sidebar", |item| matches!(item, Item::Sidebar(_))).await {
            Item::Sidebar(frame) => frame,
            other => unreachable!("{other:?}"),
        }
    }

    /// Whether a frame of the sidebar has arrived that no test has waited for.
    pub fn has_sidebar(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Sidebar(_)))
    }

    /// The signals that have arrived and that no test has waited for.
    pub fn signals(&self) -> Vec<&Value> {
        self.items.iter().filter_map(|item| if let Item::Signal(signal) = item { Some(signal) } else { None }).collect()
    }

    pub async fn sees_notice(&mut self, text: &str) {
        self.take(text, |item| matches!(item, Item::Notice(notice) if notice == text)).await;
    }

    /// Waits for a roster of exactly these names.
    pub async fn sees_roster(&mut self, names: &[&str]) {
        self.take(&names.join(", "), |item| matches!(item, Item::Roster(roster) if roster == names)).await;
    }

    /// Waits for the server's Close frame; returns its code and reason.
    pub async fn close_frame(&mut self) -> (u16, String) {
        let closing = async { while self.receive().await {} };
        timeout(LIMIT, closing).await.expect("the server closes the connection");
        self.closed.clone().expect("a close frame")
    }

    async fn take(&mut self, what: &str, matches: impl Fn(&Item) -> bool) -> Item {
        let found = async {
            loop {
                if let Some(index) = self.items.iter().position(&matches) {
                    return self.items.remove(index);
                }
                if !self.receive().await {
                    return None;
                }
            }
        };
        let found = timeout(LIMIT, found).await.unwrap_or_default();
        found.unwrap_or_else(|| panic!("{what} did not arrive, but {:?}; Close frame: {:?}", self.items, self.closed))
    }

    /// Reads and parses the next frame; `false` at the end.
    async fn receive(&mut self) -> bool {
        match self.stream.next().await {
            Some(Ok(Message::Text(frame))) => {
                self.largest = self.largest.max(frame.len());
                self.parse(&frame);
            }
            Some(Ok(Message::Close(frame))) => {
                self.closed = frame.map(|frame| (u16::from(frame.code), frame.reason.to_string()));
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return false,
        }
        true
    }

    fn parse(&mut self, frame: &str) {
        if frame.starts_with('{') {
            let frame: Value = serde_json::from_str(frame).unwrap();
            if frame.get("own").is_some() {
                return self.reactions.note_own(&frame);
            }
            let has_one_of = |names: [&str; 3]| names.iter().any(|name| frame.get(name).is_some());
            let item = match () {
                () if has_one_of(["typing", "renamed", "refetch"]) => Item::Signal,
                () if has_one_of(["rooms", "news", "presence"]) => Item::Sidebar,
                () => Item::Answer,
            };
            return self.items.push_back(item(frame));
        }
        let html = Html::parse_fragment(frame);
        let parts = Selector::parse("li[data-seq], li.user-connect-or-disconnect, hx-partial, data[data-of]").unwrap();
        for part in html.select(&parts) {
            let text = part.text().collect::<String>();
            if part.value().name() == "data" {
                self.reactions.note(part);
            } else if part.value().name() == "hx-partial" {
                assert_eq!(part.attr("hx-target"), Some("#roster"));
                let names = Selector::parse("li").unwrap();
                self.items.push_back(Item::Roster(part.select(&names).map(|li| li.text().collect()).collect()));
            } else if part.attr("data-seq").is_some() {
                let fragment = Fragment::parse(part);
                self.fragments.push(fragment.clone());
                self.items.push_back(Item::Fragment(fragment));
            } else {
                self.notices.push(text.clone());
                self.items.push_back(Item::Notice(text));
            }
        }
    }
}

/// Opens a socket that must be refused; returns the status and the body of the response.
pub async fn refused_handshake(request: Request<()>) -> (u16, String) {
    match Socket::connect(request).await {
        Err(tungstenite::Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            (response.status().as_u16(), String::from_utf8(body).unwrap())
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("the handshake was accepted"),
    }
}
