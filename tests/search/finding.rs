//! Searching by the API, and the comparison with the scan.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::Duration,
};

use reqwest::{Method, StatusCode};
use serde::Deserialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::sleep;

use crate::{
    queries::Query,
    vocabulary::Segment,
    world::{Message, Room, USERS, World},
};

/// The longest time until everything is found.
const LIMIT: Duration = Duration::from_secs(5);
const INTERVAL: Duration = Duration::from_millis(20);
/// Messages of the same second can change places from one page to the next: so many milliseconds.
const SAME_TIME: i128 = 1_000;

/// What was compared so far.
#[derive(Debug, Default)]
pub struct Compared {
    pub searches: usize,
    pub hits: usize,
    /// The longest time from an acknowledgement to a complete answer, of those that were not complete at first.
    pub slowest: Duration,
}

#[derive(Debug, Deserialize)]
struct Page {
    hits: Vec<Hit>,
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hit {
    room: String,
    seq: u64,
    #[serde(rename = "userID")]
    user_id: String,
    message: String,
    snippet: Vec<Piece>,
    sent_time: String,
    url: String,
}

#[derive(Debug, Deserialize)]
struct Piece {
    text: String,
    hit: bool,
}

/// A search: who asks which server for what.
#[derive(Debug)]
struct Search<'a> {
    server: SocketAddr,
    searcher: usize,
    query: &'a Query,
    sort: &'static str,
    limit: usize,
}

/// Room and number of messages.
type Found = BTreeSet<(String, u64)>;

impl World {
    /// Nobody finds what nobody may find any more, whichever server is asked. What is new may be missing.
    pub async fn nothing_is_found_that_is_gone(&mut self, text: &[Segment]) {
        let query = Query::quoting(text);
        for searcher in 0..USERS.len() {
            for server in self.servers.clone() {
                let search = Search { server, searcher, query: &query, sort: "newest", limit: 100 };
                self.find(&search).await;
            }
        }
    }

    /// Everybody finds exactly what the scan finds, at each server, by so many random queries.
    pub async fn everything_is_found(&mut self, queries: usize, compared: &mut Compared) {
        for searcher in 0..USERS.len() {
            for _ in 0..queries {
                let mut random = self.random.clone();
                let query = Query::random(&mut random, self, searcher);
                let sort = if random.below(4) == 0 { "best" } else { "newest" };
                let limit = [3, 10, 100][random.below(3)];
                self.random = random;
                for server in self.servers.clone() {
                    let search = Search { server, searcher, query: &query, sort, limit };
                    self.is_complete(&search, compared).await;
                }
            }
        }
    }

    /// Searches until the answer is complete.
    async fn is_complete(&self, search: &Search<'_>, compared: &mut Compared) {
        let expected: Found = self.scan(search).into_keys().collect();
        for attempt in 0.. {
            let asked = self.acknowledged.elapsed();
            let found = self.find(search).await;
            if found.as_ref() == Some(&expected) {
                if attempt > 0 {
                    compared.slowest = compared.slowest.max(asked);
                }
                break;
            }
            let missing: Found = expected.difference(&found.clone().unwrap_or_default()).cloned().collect();
            let details = || format!("answered: {}\nmissing: {}", found.is_some(), self.described(&missing));
            assert!(asked < LIMIT, "not found after {asked:?}: {search:#?}\n{}", details());
            sleep(INTERVAL).await;
        }
        compared.searches += 1;
        compared.hits += expected.len();
    }

    /// What the naive scan finds.
    fn scan(&self, search: &Search<'_>) -> BTreeMap<(String, u64), (&Room, &Message)> {
        let Search { searcher, query, .. } = *search;
        let found = self.readable(searcher).filter(|(room, message)| query.finds(searcher, room, message));
        found.map(|(room, message)| ((room.id.clone(), message.seq), (room, message))).collect()
    }

    /// All pages of a search. What is found is right, but something can be missing. `None` if there is no index yet.
    async fn find(&self, search: &Search<'_>) -> Option<Found> {
        let expected = self.scan(search);
        let Search { server, searcher, query, sort, limit } = *search;
        let mut address = url::form_urlencoded::Serializer::new("/api/search?".to_owned());
        address.append_pair("q", &query.typed).append_pair("sort", sort).append_pair("limit", &limit.to_string());
        let (mut found, mut times) = (Found::new(), Vec::new());
        let mut next = Some(address.finish());
        while let Some(path) = next {
            let answer = self.to_server(server, Some(searcher), Method::GET, &path).send().await.unwrap();
            if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
                return None;
            }
            assert_eq!(answer.status(), 200, "{search:#?}");
            let page: Page = answer.json().await.unwrap();
            assert!(page.hits.len() <= limit, "{search:#?}");
            let sent: Vec<_> = page.hits.iter().map(|hit| milliseconds(&hit.sent_time)).collect();
            assert!(sent.is_sorted_by(|a, b| a >= b) || sort == "best", "{search:#?}\nnot newest first: {sent:?}");
            for hit in page.hits {
                let place = (hit.room.clone(), hit.seq);
                let is_expected = expected.get(&place).is_some_and(|(room, message)| hit.is_of(room, message, query));
                assert!(is_expected, "{search:#?}\nfound: {hit:#?}\nit is: {}", self.described(&[place].into()));
                // pages of the best can change places if something is indexed between them
                assert!(found.insert(place) || sort == "best", "{search:#?}\ntwice: {hit:#?}");
                times.push(milliseconds(&hit.sent_time));
            }
            next = page.next;
        }
        let is_in_order = times.iter().zip(times.iter().skip(1)).all(|(newer, older)| *newer + SAME_TIME > *older);
        assert!(is_in_order || sort == "best", "{search:#?}\nnot newest first: {times:?}");
        Some(found)
    }

    /// The messages at these places, for who reads why a test failed.
    fn described(&self, places: &Found) -> String {
        let mut lines = vec![places.len().to_string()];
        for (id, seq) in places.iter().take(5) {
            let room = self.rooms.iter().find(|room| room.id == *id);
            let message = room.and_then(|room| room.messages.iter().find(|message| message.seq == *seq));
            let Some(message) = message else {
                lines.push(format!("{id} {seq} is gone"));
                continue;
            };
            let file = message.file.as_ref().map(|file| &file.name.written);
            let readers: Vec<_> = room.map(|room| (room.kind, &room.members)).into_iter().collect();
            lines.push(format!("{id} {seq} {readers:?} by {}: {:?} {file:?}", message.author, message.text));
        }
        lines.join("\n")
    }
}

impl Hit {
    /// Whether it is this message as it is now.
    fn is_of(&self, room: &Room, message: &Message, query: &Query) -> bool {
        self.user_id == USERS[message.author]
            && self.message == message.text.written
            && self.sent_time == message.sent_time
            && self.url == format!("/rooms/{}/{}", room.id, message.seq)
            && (query.terms.is_empty() || self.snippet.iter().any(|piece| piece.hit && !piece.text.is_empty()))
    }
}

fn milliseconds(time: &str) -> i128 {
    OffsetDateTime::parse(time, &Rfc3339).unwrap().unix_timestamp_nanos() / 1_000_000
}
