//! A case: what the client sends, and what the server must answer.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, tcp::OwnedReadHalf},
    time::{sleep, timeout},
};

use crate::support::{Natter, Script, frame};

pub const FIN: u8 = 0x80;
pub const CONTINUATION: u8 = 0x0;
pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xA;

pub const PROTOCOL_ERROR: Reply = Reply::Closed(Some(1002));
pub const INVALID_PAYLOAD: Reply = Reply::Closed(Some(1007));
pub const TOO_BIG: Reply = Reply::Closed(Some(1009));

/// Longest time of a case. It waits for nothing but the server.
const LIMIT: Duration = Duration::from_secs(60);

/// What the server sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Pong(Vec<u8>),
    /// The acknowledgement of a message, which is stored with this text.
    Posted(String),
    /// The refusal of a text that is no message.
    Refused,
    /// A Close frame with this code. The end of the connection must follow.
    Closed(Option<u16>),
}

/// How frames are written.
enum Writes {
    AtOnce,
    Frames,
    /// Of so many bytes.
    Chops(usize),
}

/// A case under its number in the suite.
pub struct Case {
    number: String,
    /// Frames that are sent together, and the replies to wait for before the next ones.
    parts: Vec<(Vec<Vec<u8>>, Vec<Reply>)>,
    writes: Writes,
}

/// A case whose client sends these frames. If the replies do not end with a Close frame, the client sends one then.
pub fn case(number: &str, frames: impl Into<Vec<Vec<u8>>>, replies: impl Into<Vec<Reply>>) -> Case {
    Case { number: number.to_owned(), parts: vec![(frames.into(), replies.into())], writes: Writes::AtOnce }
}

impl Case {
    pub fn then(mut self, frames: impl Into<Vec<Vec<u8>>>, replies: impl Into<Vec<Reply>>) -> Self {
        self.parts.push((frames.into(), replies.into()));
        self
    }

    pub fn in_frames(self) -> Self {
        Self { writes: Writes::Frames, ..self }
    }

    pub fn in_chops(self, size: usize) -> Self {
        Self { writes: Writes::Chops(size), ..self }
    }

    async fn run(self, script: &Script) {
        let Self { number, parts, writes } = self;
        let (mut reader, mut writer) = open(script, "").await.1.into_split();
        let (mut expected, mut received) = (Vec::new(), Vec::new());
        for (frames, replies) in parts {
            expected.extend(replies);
            let all = frames.concat();
            let chops: Vec<&[u8]> = match writes {
                Writes::AtOnce => vec![&all],
                Writes::Frames => frames.iter().map(Vec::as_slice).collect(),
                Writes::Chops(size) => all.chunks(size).collect(),
            };
            let sending = async {
                for chop in chops {
                    let _ = writer.write_all(chop).await; // an error if the server has closed the connection already
                    sleep(Duration::from_millis(1)).await; // so that the server reads each by itself
                }
            };
            let receiving = async {
                while received.len() < expected.len()
                    && let Some(reply) = receive(&mut reader, script).await
                {
                    received.push(reply);
                }
            };
            tokio::join!(sending, receiving);
        }
        if !matches!(expected.last(), Some(Reply::Closed(_))) {
            writer.write_all(&close(1000, b"")).await.unwrap();
            expected.push(Reply::Closed(Some(1000)));
        }
        while let Some(reply) = receive(&mut reader, script).await {
            received.push(reply);
        }
        assert_eq!(received, expected, "case {number}");
    }
}

/// Runs the cases at the same time, each with a socket of its own.
pub async fn run(cases: impl IntoIterator<Item = Case>) {
    let natter = Natter::with(&["--rate-limits", "off", "--user-sockets", "0"]).await;
    let ada = natter.register("ada").await;
    let run = async |case: Case| {
        let number = case.number.clone();
        timeout(LIMIT, case.run(&ada)).await.unwrap_or_else(|_| panic!("case {number} does not end"));
    };
    join_all(cases.into_iter().map(run)).await;
}

/// Opens a socket that follows no room, so that it receives nothing but replies. Returns the head of the response too,
/// in lower case.
pub async fn open(script: &Script, headers: &str) -> (String, TcpStream) {
    let mut stream = TcpStream::connect(script.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13";
    let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
    let line = format!("GET /ws?jwt={}&room= HTTP/1.1", script.token());
    let request = format!("{line}\r\nhost: natter\r\n{upgrade}\r\n{key}\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    (String::from_utf8(head).unwrap().to_lowercase(), stream)
}

/// Reads the next frame; `None` at the end. A reset connection fails the test.
async fn receive(reader: &mut OwnedReadHalf, script: &Script) -> Option<Reply> {
    let mut first = [0];
    if reader.read(&mut first).await.expect("no reset") == 0 {
        return None;
    }
    let length = match reader.read_u8().await.unwrap() {
        126 => usize::from(reader.read_u16().await.unwrap()),
        short => usize::from(short),
    };
    let mut payload = vec![0; length];
    reader.read_exact(&mut payload).await.unwrap();
    Some(match first[0] ^ FIN {
        PONG => Reply::Pong(payload),
        CLOSE => Reply::Closed(payload.first_chunk().map(|code| u16::from_be_bytes(*code))),
        TEXT => {
            let reply: Value = serde_json::from_slice(&payload).unwrap();
            match reply["seq"].as_u64() {
                Some(seq) => Reply::Posted(script.message(seq).await["message"].as_str().unwrap().to_owned()),
                None if reply["status"] == 400 => Reply::Refused,
                None => panic!("{reply}"),
            }
        }
        first => panic!("a frame of opcode {first:#x}"),
    })
}

pub fn pong(payload: &[u8]) -> Reply {
    Reply::Pong(payload.to_vec())
}

pub fn posted(text: &str) -> Reply {
    Reply::Posted(text.to_owned())
}

pub fn text(payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(FIN | TEXT, payload.as_ref())
}

pub fn ping(payload: &[u8]) -> Vec<u8> {
    frame(FIN | PING, payload)
}

pub fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(FIN | CLOSE, &[&code.to_be_bytes(), reason].concat())
}

/// A message of this opcode in fragments of `size` bytes.
pub fn fragments(opcode: u8, payload: &[u8], size: usize) -> Vec<Vec<u8>> {
    let last = payload.len().div_ceil(size) - 1;
    let fragment = |(n, payload)| {
        let opcode = if n == 0 { opcode } else { CONTINUATION };
        frame(if n == last { FIN | opcode } else { opcode }, payload)
    };
    payload.chunks(size).enumerate().map(fragment).collect()
}

/// A text message in `N` fragments.
pub fn in_fragments<const N: usize>(payload: &str) -> [Vec<u8>; N] {
    fragments(TEXT, payload.as_bytes(), payload.len().div_ceil(N)).try_into().unwrap()
}

/// The JSON of a message in a case. Nothing of `text` is escaped.
pub fn message(number: &str, text: &str) -> String {
    format!("{{\"room\":\"lobby\",\"clientID\":\"{}\",\"message\":\"{text}\"}}", number.replace('.', "-"))
}

/// The JSON of the message "*", with spaces between its parts so that it has `size` bytes.
pub fn message_of(number: &str, size: usize) -> String {
    let shortest = message(number, "*");
    format!("{{{}{}", " ".repeat(size - shortest.len()), &shortest[1..])
}
