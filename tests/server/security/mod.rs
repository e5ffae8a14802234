//! What others can send: pages of other sites, people with hostile texts and names, clients with hostile bodies.

mod addresses;
mod bodies;
mod bombs;
mod cross_site;
mod file_names;
mod logins;
mod markup;
mod measured;
mod names;
mod reading;
mod records;
mod sockets;

use natter_test_support::ReplicaSet;

use crate::support::Natter;

/// natter on each store, without rate limits. The replica set ends after them.
async fn natters() -> (Vec<Natter>, ReplicaSet) {
    let set = ReplicaSet::disposable().await;
    let url = set.url("UsersData");
    let embedded = Natter::unlimited().await;
    (vec![embedded, Natter::with(&["--rate-limits", "off", "--database", &url]).await], set)
}

/// The address of a route, with ids of what is there: the lobby with one message, and the user bob.
fn address_of(pattern: &str) -> String {
    let parts = pattern.split('/').map(|part| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some("room") => "lobby",
        Some("seq") => "1",
        Some("userID" | "users") => "bob",
        Some("emoji") => "%F0%9F%91%8D",
        Some("name") => "a.txt",
        Some(_) => "01a21e443a757293ac047c48a55e0f14",
        None => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// A form with a valid value of every field that any form has.
const FORM: [(&str, &str); 21] = [
    ("userID", "forged"),
    ("password", "a long forged secret"),
    ("currentPassword", "ada's long secret"),
    ("deletePassword", "ada's long secret"),
    ("name", "Forged"),
    ("email", "forged@example.org"),
    ("phone", "112"),
    ("about", "forged"),
    ("message", "forged"),
    ("clientID", "forged"),
    ("seq", "1"),
    ("textRev", "1"),
    ("emoji", "👍"),
    ("level", "nothing"),
    ("starred", "true"),
    ("everyone", "true"),
    ("members", "bob"),
    ("role", "admin"),
    ("topic", "forged"),
    ("kind", "closed"),
    ("theme", "dark"),
];
