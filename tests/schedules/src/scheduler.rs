//! The scheduler: one schedule for each seed.

use std::cell::Cell;

use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};

thread_local! {
    /// The seed of the schedule that this thread runs.
    static SEED: Cell<u64> = const { Cell::new(0) };
    /// Whether only the task that yielded last could run.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// The seed of the schedule that this thread runs.
pub fn seed() -> u64 {
    SEED.get()
}

/// Yields, and returns whether no other task could run: each waits for another, for the clock, or has ended.
pub async fn yield_until_quiet() -> bool {
    crate::runtime::task::yield_now().await;
    QUIET.get()
}

/// How a schedule chooses the task that runs next.
#[derive(Debug, Clone, Copy)]
enum Choice {
    /// Any.
    Uniform,
    /// The same one for some time.
    Sticky,
    /// The one with the highest priority, which is taken from it at random moments: that finds bugs that need a task to
    /// be delayed for long.
    Priority,
}

/// Runs the schedules of consecutive seeds.
pub struct Seeded {
    next_seed: u64,
    end: u64,
    choice: Choice,
    random: SplitMix,
    /// By the number of the task.
    priorities: Vec<u64>,
    /// The priority of the task that yielded last: below all others, so that each has its turn.
    lowest: u64,
}

impl Seeded {
    pub fn new(first_seed: u64, schedules: u64) -> Self {
        let random = SplitMix(0);
        let (end, choice) = (first_seed + schedules, Choice::Uniform);
        Self { next_seed: first_seed, end, choice, random, priorities: Vec::new(), lowest: 0 }
    }

    fn highest(&mut self, tasks: &[&Task]) -> TaskId {
        let number = |task: &Task| usize::from(task.id());
        let most = tasks.iter().map(|task| number(task)).max().unwrap_or_default();
        while self.priorities.len() <= most {
            let priority = self.random.next();
            self.priorities.push(priority);
        }
        let highest = tasks.iter().max_by_key(|task| self.priorities[number(task)]);
        highest.expect("a task can run").id()
    }
}

impl Scheduler for Seeded {
    fn new_execution(&mut self) -> Option<Schedule> {
        if self.next_seed == self.end {
            return None;
        }
        let seed = self.next_seed;
        self.next_seed += 1;
        SEED.set(seed);
        self.random = SplitMix(seed);
        self.priorities.clear();
        self.lowest = 1 << 32;
        self.choice = match self.random.next() % 3 {
            0 => Choice::Uniform,
            1 => Choice::Sticky,
            _ => Choice::Priority,
        };
        Some(Schedule::new(seed))
    }

    fn next_task(&mut self, tasks: &[&Task], current: Option<TaskId>, is_yielding: bool) -> Option<TaskId> {
        QUIET.set(is_yielding && tasks.len() == 1 && Some(tasks[0].id()) == current);
        let can_go_on = !is_yielding && tasks.iter().any(|task| Some(task.id()) == current);
        Some(match self.choice {
            Choice::Sticky if can_go_on && !self.random.next().is_multiple_of(16) => current?,
            Choice::Uniform | Choice::Sticky => tasks[(self.random.next() % tasks.len() as u64) as usize].id(),
            Choice::Priority => {
                if is_yielding || self.random.next().is_multiple_of(64) {
                    self.lowest -= 1;
                    let priority = if is_yielding { self.lowest } else { self.random.next() };
                    if let Some(present) = current.and_then(|task| self.priorities.get_mut(usize::from(task))) {
                        *present = priority;
                    }
                }
                self.highest(tasks)
            }
        })
    }

    fn next_u64(&mut self) -> u64 {
        self.random.next()
    }
}

/// Steele, Lea and Flood's generator.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
