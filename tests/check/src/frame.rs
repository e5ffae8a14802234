//! The frames that a page receives.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The texts of clients begin with it, so that they are found in any markup. They need no escapes in HTML.
pub const TEXT_PREFIX: &str = "zq-";
/// What an edit adds to the text that was posted begins with it.
pub const EDIT_MARK: char = '+';
/// Whom a text mentions stands at its end, after this. Rows have it as markup.
pub const MENTION_MARK: &str = " @";
/// Stands for all members in place of a tag.
pub const EVERYONE: &str = "*";

#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// Changes of a room's log, and other fragments.
    Rows(Vec<Row>),
    /// Absolute numbers of rooms. `complete`: the user has no other rooms.
    Numbers {
        items: Vec<Item>,
        complete: bool,
    },
    /// What happened in a room.
    News(News),
    Acknowledged {
        room: String,
        client_id: String,
        seq: u64,
        rev: u64,
    },
    /// `retry_after` in seconds.
    Refused {
        room: String,
        client_id: String,
        status: u16,
        retry_after: Option<u64>,
    },
    /// The answer to a move: the changes of the room after `after` follow.
    Moved {
        room: String,
        after: u64,
    },
    /// The answer to a move to no room.
    Unsubscribed,
    /// The subscription of the room ended.
    Gone {
        room: String,
    },
    /// Changes of the room are left out, because they are too many.
    Refetch {
        room: String,
    },
    /// A frame that no check uses.
    Other,
}

/// The fragment of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub room: String,
    pub seq: u64,
    pub rev: u64,
    /// Without whom it mentions. `None` of a deleted message and of a notice.
    pub text: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Item {
    /// The user is no longer in the room.
    Gone {
        room: String,
        #[allow(dead_code, reason = "tells the variants apart")]
        gone: bool,
    },
    Numbers(Numbers),
}

/// A room's numbers for one user, as of `rev`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Numbers {
    pub room: String,
    pub rev: u64,
    pub seq: u64,
    /// The texts of all, deleted ones included.
    pub texts: u64,
    /// The user's own of these.
    pub own: u64,
    /// Signed: a wrong count can be negative.
    pub unread: i64,
    pub mentions: u64,
    pub read_seq: u64,
    pub read_version: u64,
    pub level: String,
    pub starred: bool,
}

/// What happened in a room between two revs: the same for all members.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct News {
    pub room: String,
    pub from: u64,
    pub to: u64,
    pub seq: u64,
    pub texts: u64,
    /// The running numbers of texts of those who posted, by tag.
    #[serde(default)]
    pub authors: BTreeMap<String, u64>,
    /// `rev`, `seq` and author's tag of each deleted text.
    #[serde(default)]
    pub deleted: Vec<(u64, u64, String)>,
    /// `rev`, `seq` and author's tag of each new text that mentions somebody, and the tags of those or [`EVERYONE`].
    #[serde(default)]
    pub mentions: Vec<(u64, u64, String, Vec<String>)>,
    /// Whom texts mention now that were edited. `None` if none was.
    pub edited: Option<Vec<String>>,
}

impl Item {
    pub fn room(&self) -> &str {
        match self {
            Self::Gone { room, .. } | Self::Numbers(Numbers { room, .. }) => room,
        }
    }

    pub fn numbers(&self) -> Option<&Numbers> {
        match self {
            Self::Numbers(numbers) => Some(numbers),
            Self::Gone { .. } => None,
        }
    }
}

impl Frame {
    /// # Errors
    /// It is JSON, and not as the protocol has it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with('{') {
            return Ok(Self::Rows(rows(text).collect()));
        }
        let frame: Value = serde_json::from_str(text).map_err(|why| format!("{why}: {text}"))?;
        let string = |name: &str| frame[name].as_str().unwrap_or_default().to_owned();
        let (room, client_id) = (string("room"), string("clientID"));
        let invalid = |why: serde_json::Error| format!("{why}: {text}");
        Ok(match frame.as_object().ok_or_else(|| format!("not an object: {text}"))? {
            fields if fields.contains_key("rooms") => {
                let items = Deserialize::deserialize(&frame["rooms"]).map_err(invalid)?;
                Self::Numbers { items, complete: frame["complete"] == true }
            }
            fields if fields.contains_key("news") => {
                Self::News(Deserialize::deserialize(&frame["news"]).map_err(invalid)?)
            }
            fields if fields.contains_key("gone") => Self::Gone { room },
            fields if fields.contains_key("refetch") => Self::Refetch { room },
            fields if fields.contains_key("status") && fields.contains_key("clientID") => {
                let status = frame["status"].as_u64().unwrap_or_default() as u16;
                Self::Refused { room, client_id, status, retry_after: frame["retryAfter"].as_u64() }
            }
            fields if fields.contains_key("clientID") => match (frame["seq"].as_u64(), frame["rev"].as_u64()) {
                (Some(seq), Some(rev)) => Self::Acknowledged { room, client_id, seq, rev },
                _ => return Err(format!("an acknowledgement without numbers: {text}")),
            },
            fields if fields.contains_key("after") => {
                frame["after"].as_u64().map_or(Self::Unsubscribed, |after| Self::Moved { room, after })
            }
            _ => Self::Other,
        })
    }
}

/// The fragments of messages and of the log's notices, in order.
fn rows(html: &str) -> impl Iterator<Item = Row> {
    html.split("<li ").filter_map(|fragment| {
        let (tag, content) = fragment.split_once('>')?;
        let attribute = |name: &str| {
            let (_, rest) = tag.split_once(&format!("{name}=\""))?;
            rest.split('"').next()
        };
        let number = |name: &str| attribute(name).and_then(|value| value.parse().ok());
        let (seq, rev) = (number("data-seq")?, number("data-rev")?);
        let text = content.find(TEXT_PREFIX).map(|at| content[at..].split('<').next().unwrap_or_default());
        let text = text.map(|text| without_mentions(text).trim_end().to_owned());
        Some(Row { room: attribute("data-room")?.to_owned(), seq, rev, text })
    })
}

/// What a text is, apart from whom it mentions.
pub fn without_mentions(text: &str) -> &str {
    text.split(MENTION_MARK).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seq: u64, rev: u64, text: Option<&str>) -> Row {
        Row { room: "r".into(), seq, rev, text: text.map(str::to_owned) }
    }

    #[test]
    fn rows_are_found_in_any_markup() {
        let html = r#"<li class="message" data-room="r" data-seq="3" data-rev="7" data-text-rev="3"><i>A</i><b>Ann: </b><p>zq-1</p></li>
            <li data-room="r" data-seq="4" data-rev="8" data-deleted hidden></li>
            <li data-room="r" data-seq="6" data-rev="6"><span>zq-2 <span class="mention">@ben</span></span></li>
            <li data-room="r" data-seq="7" data-rev="7"><span>zq-3 @nobody</span></li>
            <li class="notice" data-room="r" data-kind="added" data-seq="5" data-rev="9">Ann added Ben</li>
            <li class="user-connect-or-disconnect" data-room="r" data-kind="entered">Ann</li>"#;
        let expected = vec![
            row(3, 7, Some("zq-1")),
            row(4, 8, None),
            row(6, 6, Some("zq-2")),
            row(7, 7, Some("zq-3")),
            row(5, 9, None),
        ];
        assert_eq!(Frame::parse(html), Ok(Frame::Rows(expected)));
    }

    #[test]
    fn json_frames_are_told_apart_by_their_fields() {
        let room = || "r".to_owned();
        for (text, expected) in [
            (
                r#"{"room":"r","clientID":"1","seq":3,"rev":4}"#,
                Frame::Acknowledged { room: room(), client_id: "1".into(), seq: 3, rev: 4 },
            ),
            (
                r#"{"room":"r","clientID":"1","status":429,"error":{},"retryAfter":2}"#,
                Frame::Refused { room: room(), client_id: "1".into(), status: 429, retry_after: Some(2) },
            ),
            (r#"{"room":"r","after":4}"#, Frame::Moved { room: room(), after: 4 }),
            (r#"{"room":null,"after":null}"#, Frame::Unsubscribed),
            (r#"{"room":"r","status":404,"error":{}}"#, Frame::Other),
            (r#"{"room":"r","gone":true}"#, Frame::Gone { room: room() }),
            (r#"{"room":"r","refetch":true}"#, Frame::Refetch { room: room() }),
            (r#"{"room":"r","pending":"1"}"#, Frame::Other),
            (r#"{"presence":{"t":"idle"}}"#, Frame::Other),
        ] {
            assert_eq!(Frame::parse(text), Ok(expected), "{text}");
        }
        assert!(Frame::parse(r#"{"room":"r","clientID":"1"}"#).is_err());
        assert!(Frame::parse(r#"{"news":{"room":"r"}}"#).is_err());
    }

    #[test]
    fn numbers_are_of_a_room_or_say_that_it_is_gone() {
        let text = r#"{"rooms":[{"room":"r","rev":9,"seq":5,"texts":4,"own":1,"unread":2,"mentions":0,"readSeq":3,
            "readVersion":1,"level":"mentions","starred":false,"at":17},{"room":"s","gone":true}],"complete":true}"#;
        let numbers = Numbers {
            room: "r".into(),
            rev: 9,
            seq: 5,
            texts: 4,
            own: 1,
            unread: 2,
            mentions: 0,
            read_seq: 3,
            read_version: 1,
            level: "mentions".into(),
            starred: false,
        };
        let items = vec![Item::Numbers(numbers), Item::Gone { room: "s".into(), gone: true }];
        assert_eq!(Frame::parse(text), Ok(Frame::Numbers { items, complete: true }));
    }
}
