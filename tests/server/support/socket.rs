//! An open chat, as its socket sees it.

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

use super::{Browser, Line, Script};

/// Longest wait for what a test says will come.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
enum Item {
    Line(Line),
    Notice(String),
    Here(Vec<String>),
    Answer(Value),
}

pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What came and was not asked for yet.
    items: VecDeque<Item>,
    /// Every message's fragment and every notice that ever came.
    pub lines: Vec<Line>,
    pub notices: Vec<String>,
    /// Bytes of the largest frame that ever came.
    pub largest: usize,
    closed: Option<(u16, String)>,
}

impl Socket {
    /// Opens the chat as a script, with its token as Bearer. `query` may ask for `?after=`.
    pub async fn open(script: &Script, query: &str) -> Self {
        let mut request = format!("ws://{}/ws{query}", script.address).into_client_request().unwrap();
        if let Some(token) = &script.token {
            request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        Self::connect(request).await.unwrap().inside().await
    }

    /// Opens the chat as a page of this browser does, with its cookies.
    pub async fn open_in(browser: &Browser, query: &str) -> Self {
        let mut request = format!("ws://{}/ws{query}", browser.address).into_client_request().unwrap();
        request.headers_mut().insert("cookie", browser.cookies().parse().unwrap());
        request.headers_mut().insert("origin", browser.url("").parse().unwrap());
        Self::connect(request).await.unwrap().inside().await
    }

    /// Waits for the first frame, who is here: before it the socket has no place in the log yet, and where it named
    /// none by `?after=` it would not hear of what is sent meanwhile.
    async fn inside(mut self) -> Self {
        timeout(PATIENCE, self.receive()).await.expect("a first frame, or the end");
        self
    }

    pub async fn connect(request: Request<()>) -> Result<Self, tungstenite::Error> {
        Ok(Self::on(connect_async(request).await?.0))
    }

    pub fn on(stream: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self { stream, items: VecDeque::new(), lines: Vec::new(), notices: Vec::new(), largest: 0, closed: None }
    }

    /// Sends a message and waits until it is acknowledged.
    pub async fn says(&mut self, message: &str) -> Value {
        let answer = self.sends(message, &Uuid::new_v4().to_string()).await;
        assert!(answer["seq"].is_u64() && answer["rev"].is_u64(), "{answer}");
        answer
    }

    /// Sends a message as the page's form does, and waits for the answer, whatever it is.
    pub async fn sends(&mut self, message: &str, client_id: &str) -> Value {
        let frame = json!({ "message": message, "clientID": client_id, "headers": { "HX-Request": "true" } });
        self.sends_frame(&frame.to_string()).await
    }

    pub async fn sends_frame(&mut self, frame: &str) -> Value {
        self.stream.send(Message::text(frame)).await.unwrap();
        self.answer().await
    }

    /// Waits for the next answer to what was sent.
    pub async fn answer(&mut self) -> Value {
        let is_answer = |item: &Item| matches!(item, Item::Answer(_));
        match self.take("an answer", is_answer).await {
            Item::Answer(answer) => answer,
            other => unreachable!("{other:?}"),
        }
    }

    /// Waits for a message that reads like this; what comes before it is passed over.
    pub async fn sees(&mut self, text: &str) -> Line {
        self.sees_line(text, |line| line.text == text).await
    }

    /// Waits for the fragment with this `rev`.
    pub async fn sees_rev(&mut self, rev: u64) -> Line {
        self.sees_line(&format!("rev {rev}"), |line| line.rev == rev).await
    }

    async fn sees_line(&mut self, what: &str, is_it: impl Fn(&Line) -> bool) -> Line {
        let is_it = |item: &Item| matches!(item, Item::Line(line) if is_it(line));
        match self.take(what, is_it).await {
            Item::Line(line) => line,
            other => unreachable!("{other:?}"),
        }
    }

    pub async fn sees_notice(&mut self, text: &str) {
        self.take(text, |item| matches!(item, Item::Notice(notice) if notice == text)).await;
    }

    /// Waits until the list of who is here reads like this.
    pub async fn sees_here(&mut self, names: &[&str]) {
        self.take(&names.join(", "), |item| matches!(item, Item::Here(here) if here == names)).await;
    }

    /// Waits until the server closes: the code and the reason.
    pub async fn is_closed(&mut self) -> (u16, String) {
        let closing = async { while self.receive().await {} };
        timeout(PATIENCE, closing).await.expect("the server closes the socket");
        self.closed.clone().expect("a close frame")
    }

    async fn take(&mut self, what: &str, is_it: impl Fn(&Item) -> bool) -> Item {
        let found = async {
            loop {
                if let Some(index) = self.items.iter().position(&is_it) {
                    return self.items.remove(index);
                }
                if !self.receive().await {
                    return None;
                }
            }
        };
        let found = timeout(PATIENCE, found).await.unwrap_or_default();
        found.unwrap_or_else(|| panic!("{what} never came, but {:?}; closed: {:?}", self.items, self.closed))
    }

    /// Takes the next frame apart; `false` at the end.
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
            return self.items.push_back(Item::Answer(serde_json::from_str(frame).unwrap()));
        }
        let html = Html::parse_fragment(frame);
        let parts = Selector::parse("li[id], li.user-connect-or-disconnect, hx-partial").unwrap();
        for part in html.select(&parts) {
            let text = part.text().collect::<String>();
            if part.value().name() == "hx-partial" {
                assert_eq!(part.attr("hx-target"), Some("#here"));
                let names = Selector::parse("li").unwrap();
                self.items.push_back(Item::Here(part.select(&names).map(|li| li.text().collect()).collect()));
            } else if part.attr("id").is_some() {
                let line = Line::of(part);
                self.lines.push(line.clone());
                self.items.push_back(Item::Line(line));
            } else {
                self.notices.push(text.clone());
                self.items.push_back(Item::Notice(text));
            }
        }
    }
}

/// The status and the body of a handshake that was refused.
pub async fn refused_handshake(request: Request<()>) -> (u16, String) {
    match Socket::connect(request).await {
        Err(tungstenite::Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            (response.status().as_u16(), String::from_utf8(body).unwrap())
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("the handshake was taken"),
    }
}
