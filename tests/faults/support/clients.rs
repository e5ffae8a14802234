//! Many clients that write and read at once, and what became of their messages.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use natter_test_support::until;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout},
};

use super::{
    client::{Client, Phase},
    natter::Natter,
};

pub struct Clients {
    phase: watch::Sender<Phase>,
    tasks: JoinSet<Client>,
    acknowledgements: Arc<Mutex<Vec<Instant>>>,
    token: String,
    started: Instant,
}

impl Clients {
    /// Starts `count` clients, spread over `servers`. Each sends a message every `pace`.
    pub async fn start(servers: &[&Natter], count: usize, pace: Duration) -> Self {
        Self::start_with_writers(servers, count, count, pace).await
    }

    /// Starts `count` clients, of which only the first `writers` send.
    pub async fn start_with_writers(servers: &[&Natter], count: usize, writers: usize, pace: Duration) -> Self {
        let addresses: Arc<[SocketAddr]> = servers.iter().map(|natter| natter.address).collect();
        let (phase, phase_receiver) = watch::channel(Phase::Send);
        let acknowledgements: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let mut tokens = Vec::new();
        for n in 0..count.min(8) {
            tokens.push(servers[0].register(&format!("user{n}")).await);
        }
        let mut tasks = JoinSet::new();
        let run = uuid::Uuid::new_v4().simple().to_string(); // the database may hold messages of an earlier run
        for n in 0..count {
            let acknowledgements = Arc::clone(&acknowledgements);
            let client = Client {
                name: format!("{run}-{n}"),
                token: tokens[n % tokens.len()].clone(),
                servers: Arc::clone(&addresses),
                server: n % addresses.len(),
                pace: (n < writers).then_some(pace),
                phase: phase_receiver.clone(),
                on_acknowledgement: Arc::new(move |at| acknowledgements.lock().unwrap().push(at)),
                received: Vec::new(),
                acknowledged: Vec::new(),
                disconnects: 0,
                pending: None,
            };
            tasks.spawn(client.run());
        }
        Self { phase, tasks, acknowledgements, token: tokens.swap_remove(0), started: Instant::now() }
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    /// Messages acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        self.acknowledgements.lock().unwrap().len()
    }

    /// Waits until `count` more messages are acknowledged; returns how long that took.
    pub async fn wait_for_acknowledgements(&self, count: usize, limit: Duration) -> Duration {
        let enough = self.acknowledged() + count;
        until("messages are acknowledged", limit, async || self.acknowledged() >= enough).await
    }

    /// Stops the clients and compares what they received with the log on `natter`.
    pub async fn finish(mut self, natter: &Natter) -> Verdict {
        let took = self.started.elapsed();
        let _ = self.phase.send(Phase::Drain);
        // every pending message is acknowledged once the count has not changed for two seconds
        let mut before = self.acknowledged();
        loop {
            tokio::time::sleep(Duration::from_secs(2)).await;
            if std::mem::replace(&mut before, self.acknowledged()) == self.acknowledged() {
                break;
            }
        }
        let mut log = natter.whole_log(&self.token).await;
        let _ = self.phase.send(Phase::Stop(log.last().map_or(0, |(rev, _)| *rev)));
        let mut clients = Vec::new();
        let all = async {
            while let Some(client) = self.tasks.join_next().await {
                clients.push(client.unwrap());
            }
        };
        let in_time = timeout(Duration::from_secs(60), all).await.is_ok();
        log.extend(natter.whole_log(&self.token).await.into_iter().skip(log.len()));
        let acknowledgements = self.acknowledgements.lock().unwrap();
        let pauses = acknowledgements.windows(2).map(|pair| pair[1] - pair[0]);
        Verdict {
            unfinished: if in_time { 0 } else { self.tasks.len() },
            longest_pause: pauses.max().unwrap_or_default(),
            took,
            ..compare(&log, &clients)
        }
    }
}

/// What became of the messages of a run.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Acknowledged but not in the log, or in the log but not received by a reader; counted once a reader.
    pub lost: usize,
    /// In the log twice, or received again by a reader whose cursor was past it.
    pub doubled: usize,
    /// Received before an earlier message, or with another number than was acknowledged.
    pub misordered: usize,
    /// Clients that did not stop within a minute.
    pub unfinished: usize,
    pub acknowledged: usize,
    pub readers: usize,
    /// Connections that the server ended, or that broke.
    pub disconnects: usize,
    /// Longest time between two acknowledgements.
    pub longest_pause: Duration,
    #[allow(dead_code)] // tests/cluster prints it
    pub took: Duration,
    /// From the moment a message was sent to one server until a socket of another received it; sorted.
    pub across: Vec<Duration>,
    /// From the acknowledgement of a message until a socket of another server received it, 0 if that was first; sorted.
    pub across_from_commit: Vec<Duration>,
}

fn compare(log: &[(u64, String)], clients: &[Client]) -> Verdict {
    let mut verdict = Verdict { readers: clients.len(), ..Verdict::default() };
    let numbers: HashMap<&str, u64> = log.iter().map(|(rev, text)| (text.as_str(), *rev)).collect();
    verdict.doubled += log.len() - numbers.len();
    verdict.misordered += (1..).zip(log).filter(|(n, (rev, _))| n != rev).count();
    let mut acknowledged = HashMap::new();
    for client in clients {
        verdict.disconnects += client.disconnects;
        verdict.acknowledged += client.acknowledged.len();
        let mut last = 0;
        for message in &client.acknowledged {
            match numbers.get(message.text.as_str()) {
                None => verdict.lost += 1,
                Some(rev) => verdict.misordered += usize::from(*rev != message.rev || *rev <= last),
            }
            last = message.rev;
            acknowledged.insert(message.rev, message);
        }
    }
    for client in clients {
        let revs: HashSet<u64> = client.received.iter().map(|received| received.rev).collect();
        verdict.lost += log.iter().filter(|(rev, _)| !revs.contains(rev)).count();
        verdict.doubled += client.received.len() - revs.len();
        let mut latest = 0;
        for received in &client.received {
            verdict.misordered += usize::from(received.rev != latest + 1 && received.rev > latest);
            latest = latest.max(received.rev);
            if let Some(message) = acknowledged.get(&received.rev)
                && message.server != received.server
            {
                verdict.across.push(received.at.saturating_duration_since(message.sent));
                verdict.across_from_commit.push(received.at.saturating_duration_since(message.acknowledged));
            }
        }
    }
    verdict.across.sort_unstable();
    verdict.across_from_commit.sort_unstable();
    verdict
}

impl Verdict {
    /// Whether nothing was lost, doubled or misordered, and every client stopped.
    pub fn is_clean(&self) -> bool {
        [self.lost, self.doubled, self.misordered, self.unfinished] == [0; 4] && self.acknowledged > 0
    }

    pub fn summary(&self) -> String {
        format!("lost {}  doubled {}  misordered {}", self.lost, self.doubled, self.misordered)
    }
}
