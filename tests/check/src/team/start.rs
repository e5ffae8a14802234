//! A team: who is in it, and its rooms.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, atomic::AtomicBool},
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::JoinSet, time::sleep};

use super::{
    person::Person,
    random::Random,
    room::{Kind, Room},
};
use crate::{
    client::{Api, Tab},
    history::History,
};

/// The userID of who creates the rooms. Only an admin deletes accounts and puts everyone in a room: that is the first user
/// of a new natter.
pub const FOUNDER: &str = "owner";
/// Longest wait until every tab has a connection.
const OPENING_LIMIT: Duration = Duration::from_secs(30);

/// How large a team is, and how busy.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Users, beside the founder.
    pub users: usize,
    /// The lobby, and then an open room, a closed one and a direct one in turn.
    pub rooms: usize,
    /// Whether they also go to the lobby, and not only count what others do there.
    pub uses_lobby: bool,
    /// Rooms in addition to these, which are deleted at some time.
    pub deleted_rooms: usize,
    /// Users in addition to these, whose accounts are deleted at some time.
    pub deleted_users: usize,
    /// Tabs of each user.
    pub tabs: usize,
    /// Time between two steps of a tab, on average.
    pub pace: Duration,
    pub seed: u64,
}

/// Users with tabs at several processes, who do random things in their rooms.
pub struct Team {
    /// The first is the founder.
    pub(super) people: Vec<Arc<Person>>,
    pub(super) rooms: Arc<[Room]>,
    pub(super) stop: watch::Sender<bool>,
    pub(super) steps: JoinSet<()>,
    pub(super) clock_error: Duration,
}

impl Team {
    /// Signs the users up, creates the rooms, and opens the tabs.
    ///
    /// # Errors
    /// natter does not answer as expected.
    pub async fn gather(servers: &[SocketAddr], plan: &Plan) -> Result<Self, String> {
        let servers: Arc<[SocketAddr]> = servers.into();
        let mut users = vec![Arc::new(Api::sign_in(&servers, FOUNDER).await?)];
        for n in 0..plan.users + plan.deleted_users {
            users.push(Arc::new(Api::sign_in(&servers, &format!("member{n}")).await?));
        }
        let mut random = Random::new(plan.seed);
        let mut rooms = vec![Room::lobby(&users[0].user_id)];
        for n in 1..plan.rooms + plan.deleted_rooms {
            let may_be_deleted = n >= plan.rooms;
            let kind = match [Kind::Direct, Kind::Open, Kind::Closed][n % 3] {
                Kind::Direct if may_be_deleted => Kind::Open,
                kind => kind,
            };
            let (first, second) = (1 + n % plan.users, 1 + (n + 1) % (users.len() - 1));
            let (owner, members) = match kind {
                Kind::Direct => (first, vec![users[second].user_id.clone()]),
                _ => (0, users[1..].iter().filter(|_| random.below(2) == 0).map(|user| user.user_id.clone()).collect()),
            };
            let room = Room::create(&users[owner], kind, &format!("Room {n}"), &members).await?;
            rooms.push(Room { may_be_deleted, ..room });
        }
        let people = users.iter().enumerate().map(|(n, api)| {
            let open = |tab| Tab::open(api, &format!("{} tab {tab}", api.user_id), n + tab);
            let posted_files = |tab| {
                let client = format!("{} tab {tab}, files", api.user_id);
                Mutex::new(History::new(&client, &api.user_id, &api.tag))
            };
            Arc::new(Person {
                api: Arc::clone(api),
                tabs: (0..plan.tabs).map(open).collect(),
                is_founder: n == 0,
                may_be_deleted: n > plan.users,
                is_deleted: AtomicBool::new(false),
                posted_files: (0..plan.tabs).map(posted_files).collect(),
            })
        });
        let (people, rooms, (stop, _)) = (people.collect(), rooms.into(), watch::channel(false));
        let team = Self { people, rooms, stop, steps: JoinSet::new(), clock_error: Duration::ZERO };
        team.wait_until_open().await?;
        Ok(team)
    }

    /// natter's clock may be so far from this machine's. A leak that lasted no longer is not found then, and tokens may be
    /// refused.
    pub fn allow_clock_error(&mut self, most: Duration) {
        self.clock_error = most;
        self.people.iter().for_each(|person| person.api.allow_new_tokens());
    }

    async fn wait_until_open(&self) -> Result<(), String> {
        let started = Instant::now();
        while !self.tabs().all(|tab| tab.state().is_open) {
            if started.elapsed() > OPENING_LIMIT {
                return Err(format!("not all tabs could connect within {OPENING_LIMIT:?}"));
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    pub(super) fn tabs(&self) -> impl Iterator<Item = &Tab> {
        self.people.iter().flat_map(|person| &person.tabs)
    }

    /// The tabs of users whose accounts are not deleted.
    pub(super) fn present_tabs(&self) -> impl Iterator<Item = &Tab> {
        self.people.iter().filter(|person| !person.is_deleted()).flat_map(|person| &person.tabs)
    }

    /// Lets everybody begin: something happens in each tab.
    pub fn begin(&mut self, plan: &Plan) {
        let people: Arc<[Arc<Person>]> = self.people.clone().into();
        let tabs = self.people.iter().flat_map(|person| (0..person.tabs.len()).map(move |tab| (person, tab)));
        for (n, (person, tab)) in tabs.enumerate() {
            let (person, people, rooms) = (Arc::clone(person), Arc::clone(&people), Arc::clone(&self.rooms));
            let (mut random, pace, first) =
                (Random::new(plan.seed ^ ((n as u64 + 1) << 32)), plan.pace, usize::from(!plan.uses_lobby));
            let mut stop = self.stop.subscribe();
            self.steps.spawn(async move {
                for number in 0.. {
                    tokio::select! {
                        () = sleep(pace * random.below(200) as u32 / 100) => {}
                        _ = stop.wait_for(|stop| *stop) => return,
                    }
                    if person.is_deleted() {
                        return;
                    }
                    person.step(tab, number, &mut random, &rooms[first..], &people).await;
                }
            });
        }
    }

    /// Messages that were acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        self.tabs().map(|tab| tab.state().acknowledged).sum()
    }
}
