//! Many clients that write, change messages and read at once.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use natter_test_support::until;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, timeout},
};

use super::{
    changer::{Changer, EMOJI},
    client::{Client, Phase},
    commands::Done,
    compare::compare,
    natter::Natter,
    verdict::Verdict,
};

/// Longest wait for the clients to send what they have begun, and then to read to the end.
const STOP_LIMIT: Duration = Duration::from_secs(120);

pub struct Clients {
    phase: watch::Sender<Phase>,
    tasks: JoinSet<Client>,
    changers: JoinSet<(Vec<Done>, &'static str)>,
    /// Ends once no client sends any more.
    sending: mpsc::Receiver<()>,
    acknowledgements: Arc<Mutex<Vec<Instant>>>,
    token: String,
    /// What the texts of all clients begin with: the database may hold messages of an earlier run.
    run: String,
    /// The first `seq` of these clients.
    first: u64,
    started: Instant,
}

impl Clients {
    /// Starts `count` clients, spread over `servers`. Each sends a message every `pace`, and changes messages half as
    /// often.
    pub async fn start(servers: &[&Natter], count: usize, pace: Duration) -> Self {
        Self::start_with_writers(servers, count, count, pace).await
    }

    /// Starts `count` clients, of which only the first `writers` send.
    pub async fn start_with_writers(servers: &[&Natter], count: usize, writers: usize, pace: Duration) -> Self {
        let addresses: Arc<[SocketAddr]> = servers.iter().map(|natter| natter.address).collect();
        let (phase, phase_receiver) = watch::channel(Phase::Send);
        let (sends, sending) = mpsc::channel(1);
        let acknowledgements: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let mut tokens = Vec::new();
        // no two clients of a user give the same emoji
        for n in 0..count.min(8).max(count.div_ceil(EMOJI.len())) {
            tokens.push(servers[0].register(&format!("user{n}")).await);
        }
        let (mut tasks, mut changers) = (JoinSet::new(), JoinSet::new());
        let (everybodys, http) = (Arc::default(), reqwest::Client::new());
        let run = uuid::Uuid::new_v4().simple().to_string();
        let log = servers[0].whole_log(&tokens[0]).await;
        let first = log.iter().map(|message| message.seq).max().unwrap_or_default() + 1;
        for n in 0..count {
            let acknowledgements = Arc::clone(&acknowledgements);
            let (posted, posted_receiver) = mpsc::unbounded_channel();
            let client = Client {
                name: format!("{run}-{n}"),
                token: tokens[n % tokens.len()].clone(),
                servers: Arc::clone(&addresses),
                server: n % addresses.len(),
                pace: (n < writers).then_some(pace),
                phase: phase_receiver.clone(),
                sending: Some(sends.clone()),
                on_acknowledgement: Arc::new(move |at| acknowledgements.lock().unwrap().push(at)),
                posted,
                received: Vec::new(),
                acknowledged: Vec::new(),
                disconnects: 0,
                pending: None,
            };
            if n < writers {
                let changer = Changer {
                    name: client.name.clone(),
                    token: client.token.clone(),
                    servers: Arc::clone(&addresses),
                    server: n,
                    emoji: EMOJI[n / tokens.len()],
                    pace: 2 * pace,
                    phase: phase_receiver.clone(),
                    sending: sends.clone(),
                    posted: posted_receiver,
                    everybodys: Arc::clone(&everybodys),
                    http: http.clone(),
                    own: Vec::new(),
                    given: Vec::new(),
                    pinned: Vec::new(),
                    settled: HashSet::new(),
                    done: Vec::new(),
                };
                changers.spawn(changer.run());
            }
            tasks.spawn(client.run());
        }
        let token = tokens.swap_remove(0);
        Self { phase, tasks, changers, sending, acknowledgements, token, run, first, started: Instant::now() }
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

    /// Stops the clients and compares what they know with the log on `natter`.
    pub async fn finish(mut self, natter: &Natter) -> Verdict {
        let took = self.started.elapsed();
        let _ = self.phase.send(Phase::Drain);
        let is_drained = timeout(STOP_LIMIT, self.sending.recv()).await.is_ok();
        let log = natter.whole_log(&self.token).await;
        let head = log.last().map_or(0, |message| message.rev);
        let _ = self.phase.send(Phase::Stop(head));
        let (mut clients, mut changers) = (Vec::new(), Vec::new());
        let all = async {
            while let Some(client) = self.tasks.join_next().await {
                clients.push(client.unwrap());
            }
            while let Some(changer) = self.changers.join_next().await {
                changers.push(changer.unwrap());
            }
        };
        let in_time = timeout(STOP_LIMIT, all).await.is_ok();
        let late = natter.whole_log(&self.token).await.into_iter().filter(|message| message.rev > head).count();
        let acknowledgements = self.acknowledgements.lock().unwrap();
        let pauses = acknowledgements.windows(2).map(|pair| pair[1] - pair[0]);
        let mut verdict = compare(&log, (&self.run, self.first), &clients, &changers);
        verdict.doubled += late; // everything was acknowledged before
        Verdict {
            // what is answered after the log was read counts as lost and doubled, too
            unfinished: if in_time && is_drained { 0 } else { (self.tasks.len() + self.changers.len()).max(1) },
            longest_pause: pauses.max().unwrap_or_default(),
            took,
            ..verdict
        }
    }
}
