//! Who is here is one list, wherever the tabs are and however a process ends.

use std::{net::SocketAddr, time::Duration};

use tokio::time::{Instant, timeout};

use crate::support::{Natter, ReplicaSet, Socket};

/// Longest wait for what has to come. A process that was killed is given up within 20 s on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A socket, and all it was told of people entering and leaving.
struct Watch {
    socket: Socket,
    /// A name and `entered` or `left`, in the order they came.
    told: Vec<(String, String)>,
}

impl Watch {
    async fn enter(address: SocketAddr, token: &str) -> Self {
        Self { socket: Socket::enter(address, token).await, told: Vec::new() }
    }

    /// What it was told of `name`.
    fn of(&self, name: &str) -> Vec<&str> {
        self.told.iter().filter(|(who, _)| who == name).map(|(_, what)| what.as_str()).collect()
    }

    /// Reads until it has been told exactly this of `name`.
    async fn sees(&mut self, name: &str, expected: &[&str]) {
        let reading = async {
            while self.of(name) != expected {
                let frame = self.socket.next().await.expect("the socket stays open");
                let notices = frame.split("<li ").filter(|part| part.contains("the chat"));
                self.told.extend(notices.flat_map(|notice| parse(notice.split(['>', '<']).nth(1).unwrap())));
            }
        };
        let seen = timeout(PATIENCE, reading).await;
        assert!(seen.is_ok(), "{name} never {expected:?}, but {:?}", self.told);
    }
}

/// "Ada and Bob have left the chat", a name at a time.
fn parse(notice: &str) -> Vec<(String, String)> {
    let (who, what) = notice.trim().split_once(" ha").unwrap();
    let what = what.split(' ').nth(1).unwrap();
    who.split(", ").flat_map(|who| who.split(" and ")).map(|who| (who.to_owned(), what.to_owned())).collect()
}

/// Dan enters at `address` and leaves again. Whoever left there before him is told of before him, or with him: so
/// once he is seen to have left, nothing more comes of that.
async fn dan_comes_and_goes(address: SocketAddr, dan: &str, watches: &mut [&mut Watch]) {
    let mut expected = watches[0].of("dan").into_iter().map(str::to_owned).collect::<Vec<_>>();
    let tab = Socket::enter(address, dan).await;
    expected.push("entered".into());
    for watch in &mut *watches {
        watch.sees("dan", &expected.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    tab.ends().await;
    expected.push("left".into());
    for watch in watches {
        watch.sees("dan", &expected.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_enter_and_leave_once_wherever_they_are() {
    let set = ReplicaSet::of_one().await;
    let url = set.url("UsersData");
    let (here, mut there) = (Natter::start(&url), Natter::start(&url));
    let mut tokens = Vec::new();
    for user_id in ["ada", "bob", "cyd", "dan", "eve"] {
        tokens.push(here.register(user_id).await);
    }
    let [ada, bob, cyd, dan, eve] = &tokens[..] else { unreachable!() };
    let mut watch_here = Watch::enter(here.address, ada).await;
    let mut watch_there = Watch::enter(there.address, bob).await;
    watch_here.sees("bob", &["entered"]).await;

    // two tabs, one at each
    let mut tab_here = Socket::enter(here.address, cyd).await;
    let tab_there = Socket::enter(there.address, cyd).await;
    for watch in [&mut watch_here, &mut watch_there] {
        watch.sees("cyd", &["entered"]).await;
    }
    // from one to the other, as behind a proxy
    tab_here.ends().await;
    dan_comes_and_goes(here.address, dan, &mut [&mut watch_here, &mut watch_there]).await;
    tab_here = Socket::enter(here.address, cyd).await;
    tab_there.ends().await;
    dan_comes_and_goes(there.address, dan, &mut [&mut watch_here, &mut watch_there]).await;
    for watch in [&watch_here, &watch_there] {
        assert_eq!(watch.of("cyd"), ["entered"], "neither left nor entered again");
    }
    tab_here.ends().await;
    for watch in [&mut watch_here, &mut watch_there] {
        watch.sees("cyd", &["entered", "left"]).await;
    }

    // killed with three people, of whom one comes back to the other natter
    let _stays_away = Socket::enter(there.address, cyd).await;
    let _comes_back = Socket::enter(there.address, eve).await;
    watch_here.sees("cyd", &["entered", "left", "entered"]).await;
    watch_here.sees("eve", &["entered"]).await;
    there.kill();
    let killed = Instant::now();
    let _back = Socket::open(here.address, eve, 0).await.unwrap();
    watch_here.sees("bob", &["entered", "left"]).await;
    watch_here.sees("cyd", &["entered", "left", "entered", "left"]).await;
    println!("gone {:?} after the kill", killed.elapsed());
    // nor later, when who left is no longer waited for
    dan_comes_and_goes(here.address, dan, &mut [&mut watch_here]).await;
    assert_eq!(watch_here.of("eve"), ["entered"]);
    assert_eq!(watch_here.of("bob"), ["entered", "left"]);
}
