//! Many who write and read at once, and what became of it all.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout},
};

use super::{
    client::{Client, Phase},
    natter::Natter,
};

pub struct Crowd {
    phase: watch::Sender<Phase>,
    tasks: JoinSet<Client>,
    acks: Arc<Mutex<Vec<Instant>>>,
    token: String,
    started: Instant,
}

impl Crowd {
    /// `size` people on `servers` in turn, each with a message every `pace`.
    pub async fn start(servers: &[&Natter], size: usize, pace: Duration) -> Self {
        Self::of(servers, size, size, pace).await
    }

    /// Of whom only the first `writers` write.
    pub async fn of(servers: &[&Natter], size: usize, writers: usize, pace: Duration) -> Self {
        let addresses: Arc<[SocketAddr]> = servers.iter().map(|natter| natter.address).collect();
        let (phase, told) = watch::channel(Phase::Talk);
        let acks: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let mut tokens = Vec::new();
        for n in 0..size.min(8) {
            tokens.push(servers[0].register(&format!("user{n}")).await);
        }
        let mut tasks = JoinSet::new();
        let crowd = uuid::Uuid::new_v4().simple().to_string(); // there may have been another before
        for n in 0..size {
            let tell = Arc::clone(&acks);
            let client = Client {
                name: format!("{crowd}-{n}"),
                token: tokens[n % tokens.len()].clone(),
                servers: Arc::clone(&addresses),
                at: n % addresses.len(),
                pace: (n < writers).then_some(pace),
                phase: told.clone(),
                tell: Arc::new(move |when| tell.lock().unwrap().push(when)),
                seen: Vec::new(),
                acknowledged: Vec::new(),
                broken: 0,
                pending: None,
            };
            tasks.spawn(client.run());
        }
        Self { phase, tasks, acks, token: tokens.swap_remove(0), started: Instant::now() }
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    /// Messages acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        self.acks.lock().unwrap().len()
    }

    /// Waits until `count` more messages have been acknowledged; how long that took.
    pub async fn gets_through(&self, count: usize, patience: Duration) -> Duration {
        let enough = self.acknowledged() + count;
        super::until("messages are acknowledged", patience, async || self.acknowledged() >= enough).await
    }

    /// Lets everybody finish, and looks at what there is on `natter`.
    pub async fn finish(mut self, natter: &Natter) -> Verdict {
        let took = self.started.elapsed();
        let _ = self.phase.send(Phase::Finish);
        // what was under way is in the log within the patience of a client
        let mut acks = self.acknowledged();
        loop {
            tokio::time::sleep(Duration::from_secs(2)).await;
            if std::mem::replace(&mut acks, self.acknowledged()) == self.acknowledged() {
                break;
            }
        }
        let mut log = natter.whole_log(&self.token).await;
        let _ = self.phase.send(Phase::Leave(log.last().map_or(0, |(rev, _)| *rev)));
        let mut clients = Vec::new();
        let all = async {
            while let Some(client) = self.tasks.join_next().await {
                clients.push(client.unwrap());
            }
        };
        let in_time = timeout(Duration::from_secs(60), all).await.is_ok();
        log.extend(natter.whole_log(&self.token).await.into_iter().skip(log.len()));
        let acks = self.acks.lock().unwrap();
        let pauses = acks.windows(2).map(|pair| pair[1] - pair[0]);
        Verdict {
            unfinished: if in_time { 0 } else { self.tasks.len() },
            longest_pause: pauses.max().unwrap_or_default(),
            took,
            ..judge(&log, &clients)
        }
    }
}

/// What became of the messages.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Acknowledged, and not in the log, or in the log and not shown to one of the readers.
    pub lost: usize,
    /// In the log twice, or shown again to a reader whose cursor had it.
    pub doubled: usize,
    /// Shown before one that comes first, or with another number than was acknowledged.
    pub misordered: usize,
    /// Clients that never came to an end.
    pub unfinished: usize,
    pub acknowledged: usize,
    pub readers: usize,
    /// Connections that broke at the server's side.
    pub broken: usize,
    /// Longest time without an acknowledgement.
    pub longest_pause: Duration,
    #[allow(dead_code)] // tests/cluster tells it
    pub took: Duration,
    /// From sent at one server to shown by a socket of another; from acknowledged to shown likewise, 0 where it
    /// was shown first.
    pub across: Vec<Duration>,
    pub across_from_commit: Vec<Duration>,
}

fn judge(log: &[(u64, String)], clients: &[Client]) -> Verdict {
    let mut verdict = Verdict { readers: clients.len(), ..Verdict::default() };
    let numbers: HashMap<&str, u64> = log.iter().map(|(rev, text)| (text.as_str(), *rev)).collect();
    verdict.doubled += log.len() - numbers.len();
    verdict.misordered += (1..).zip(log).filter(|(n, (rev, _))| n != rev).count();
    let mut acknowledged = HashMap::new();
    for client in clients {
        verdict.broken += client.broken;
        verdict.acknowledged += client.acknowledged.len();
        let mut last = 0;
        for ack in &client.acknowledged {
            match numbers.get(ack.text.as_str()) {
                None => verdict.lost += 1,
                Some(rev) => verdict.misordered += usize::from(*rev != ack.rev || *rev <= last),
            }
            last = ack.rev;
            acknowledged.insert(ack.rev, ack);
        }
    }
    for client in clients {
        let shown: HashSet<u64> = client.seen.iter().map(|seen| seen.rev).collect();
        verdict.lost += log.iter().filter(|(rev, _)| !shown.contains(rev)).count();
        verdict.doubled += client.seen.len() - shown.len();
        let mut latest = 0;
        for seen in &client.seen {
            verdict.misordered += usize::from(seen.rev != latest + 1 && seen.rev > latest);
            latest = latest.max(seen.rev);
            if let Some(ack) = acknowledged.get(&seen.rev)
                && ack.at != seen.at
            {
                verdict.across.push(seen.when.saturating_duration_since(ack.sent));
                verdict.across_from_commit.push(seen.when.saturating_duration_since(ack.acknowledged));
            }
        }
    }
    verdict.across.sort_unstable();
    verdict.across_from_commit.sort_unstable();
    verdict
}

impl Verdict {
    /// Nothing lost, nothing doubled, one order.
    pub fn is_clean(&self) -> bool {
        [self.lost, self.doubled, self.misordered, self.unfinished] == [0; 4] && self.acknowledged > 0
    }

    pub fn line(&self) -> String {
        format!("lost {}  doubled {}  misordered {}", self.lost, self.doubled, self.misordered)
    }
}
