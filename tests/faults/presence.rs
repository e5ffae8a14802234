//! Presence across processes: the roster is one list, and each user enters and leaves once, however a process ends.

use std::{net::SocketAddr, time::Duration};

use natter_test_support::ReplicaSet;
use tokio::time::{Instant, timeout};

use crate::support::{Natter, Socket};

/// Longest wait for a notice. The lease of a killed process expires within 20 s on an idle machine.
const LIMIT: Duration = Duration::from_secs(60);

/// A socket and the notices that it received.
struct Watcher {
    socket: Socket,
    /// A name and `entered` or `left`, in the order of their arrival.
    notices: Vec<(String, String)>,
}

impl Watcher {
    async fn enter(address: SocketAddr, token: &str) -> Self {
        Self { socket: Socket::enter(address, token).await, notices: Vec::new() }
    }

    /// The notices about `name`.
    fn notices_about(&self, name: &str) -> Vec<&str> {
        self.notices.iter().filter(|(who, _)| who == name).map(|(_, what)| what.as_str()).collect()
    }

    /// Reads until the notices about `name` are exactly these.
    async fn sees(&mut self, name: &str, expected: &[&str]) {
        let reading = async {
            while self.notices_about(name) != expected {
                let frame = self.socket.next().await.expect("the socket stays open");
                let notices = frame.split("<li ").filter(|part| part.contains("the chat"));
                self.notices.extend(notices.flat_map(|notice| parse(notice.split(['>', '<']).nth(1).unwrap())));
            }
        };
        let seen = timeout(LIMIT, reading).await;
        assert!(seen.is_ok(), "{name}: expected {expected:?}, received {:?}", self.notices);
    }
}

/// Splits "Ada and Bob have left the chat" into one entry a name.
fn parse(notice: &str) -> Vec<(String, String)> {
    let (names, what) = notice.trim().split_once(" ha").unwrap();
    let what = what.split(' ').nth(1).unwrap();
    names.split(", ").flat_map(|name| name.split(" and ")).map(|name| (name.to_owned(), what.to_owned())).collect()
}

/// Dan enters at `address` and leaves. Notices are in order, so once Dan is seen to have left, every notice about an
/// earlier change at that process has arrived.
async fn dan_enters_and_leaves(address: SocketAddr, dan: &str, watchers: &mut [&mut Watcher]) {
    let mut expected = watchers[0].notices_about("dan").into_iter().map(str::to_owned).collect::<Vec<_>>();
    let tab = Socket::enter(address, dan).await;
    expected.push("entered".into());
    for watcher in &mut *watchers {
        watcher.sees("dan", &expected.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    tab.close().await;
    expected.push("left".into());
    for watcher in watchers {
        watcher.sees("dan", &expected.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_enters_and_leaves_once_across_processes() {
    let set = ReplicaSet::of_one().await;
    let url = set.url("UsersData");
    let (first, mut second) = (Natter::start(&url), Natter::start(&url));
    let mut tokens = Vec::new();
    for user_id in ["ada", "bob", "cyd", "dan", "eve"] {
        tokens.push(first.register(user_id).await);
    }
    let [ada, bob, cyd, dan, eve] = &tokens[..] else { unreachable!() };
    let mut at_first = Watcher::enter(first.address, ada).await;
    let mut at_second = Watcher::enter(second.address, bob).await;
    at_first.sees("bob", &["entered"]).await;

    // two tabs, one at each process
    let mut first_tab = Socket::enter(first.address, cyd).await;
    let second_tab = Socket::enter(second.address, cyd).await;
    for watcher in [&mut at_first, &mut at_second] {
        watcher.sees("cyd", &["entered"]).await;
    }
    // from one process to the other, as a proxy may route the tabs of a user
    first_tab.close().await;
    dan_enters_and_leaves(first.address, dan, &mut [&mut at_first, &mut at_second]).await;
    first_tab = Socket::enter(first.address, cyd).await;
    second_tab.close().await;
    dan_enters_and_leaves(second.address, dan, &mut [&mut at_first, &mut at_second]).await;
    for watcher in [&at_first, &at_second] {
        assert_eq!(watcher.notices_about("cyd"), ["entered"], "neither left nor entered again");
    }
    first_tab.close().await;
    for watcher in [&mut at_first, &mut at_second] {
        watcher.sees("cyd", &["entered", "left"]).await;
    }

    // the second process is killed with three users, of whom one comes back at the first
    let _stays_away = Socket::enter(second.address, cyd).await;
    let _comes_back = Socket::enter(second.address, eve).await;
    at_first.sees("cyd", &["entered", "left", "entered"]).await;
    at_first.sees("eve", &["entered"]).await;
    second.kill();
    let killed = Instant::now();
    let _returned = Socket::open(first.address, eve, 0).await.unwrap();
    at_first.sees("bob", &["entered", "left"]).await;
    at_first.sees("cyd", &["entered", "left", "entered", "left"]).await;
    println!("the users of the killed process left after {:?}", killed.elapsed());
    // and no notice about eve follows
    dan_enters_and_leaves(first.address, dan, &mut [&mut at_first]).await;
    assert_eq!(at_first.notices_about("eve"), ["entered"]);
    assert_eq!(at_first.notices_about("bob"), ["entered", "left"]);
}
