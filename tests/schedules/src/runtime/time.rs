//! A clock that stands still until a schedule moves it.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    future::Future,
    ops::Add,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

thread_local! {
    /// The clock of the schedule that this thread runs.
    static CLOCK: RefCell<Clock> = RefCell::default();
}

#[derive(Default)]
struct Clock {
    now: Duration,
    /// By the time at which they wake.
    sleepers: BTreeMap<(Duration, u64), Waker>,
    next_id: u64,
}

/// Starts the clock of a schedule anew.
pub fn reset() {
    let _sleepers = CLOCK.take();
}

/// Lets `time` pass.
pub fn advance(time: Duration) {
    let now = CLOCK.with_borrow(|clock| clock.now + time);
    set(now);
}

/// Goes to the time at which the next task wakes, if that is within `time`.
pub fn advance_to_next(time: Duration) -> bool {
    let next = CLOCK.with_borrow(|clock| {
        let ((next, _), _) = clock.sleepers.first_key_value()?;
        (*next <= clock.now + time).then_some(*next)
    });
    next.map(set).is_some()
}

fn set(now: Duration) {
    let woken = CLOCK.with_borrow_mut(|clock| {
        clock.now = now;
        let later = clock.sleepers.split_off(&(now, u64::MAX));
        std::mem::replace(&mut clock.sleepers, later)
    });
    woken.into_values().for_each(Waker::wake);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(Duration);

impl Instant {
    pub fn now() -> Self {
        Self(CLOCK.with_borrow(|clock| clock.now))
    }

    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self(self.0 + time)
    }
}

pub struct Sleep {
    deadline: Instant,
    id: Option<u64>,
}

pub fn sleep(time: Duration) -> Sleep {
    sleep_until(Instant::now() + time)
}

pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep { deadline, id: None }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Instant(deadline) = self.deadline;
        CLOCK.with_borrow_mut(|clock| {
            if deadline <= clock.now {
                return Poll::Ready(());
            }
            let id = *self.id.get_or_insert_with(|| {
                clock.next_id += 1;
                clock.next_id
            });
            clock.sleepers.insert((deadline, id), cx.waker().clone());
            Poll::Pending
        })
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let _waker = CLOCK.with_borrow_mut(|clock| clock.sleepers.remove(&(self.deadline.0, id)));
        }
    }
}

pub enum MissedTickBehavior {
    Delay,
}

pub struct Interval {
    next: Instant,
    period: Duration,
}

pub fn interval(period: Duration) -> Interval {
    Interval { next: Instant::now(), period }
}

impl Interval {
    pub fn set_missed_tick_behavior(&mut self, _delay: MissedTickBehavior) {}

    pub async fn tick(&mut self) -> Instant {
        sleep_until(self.next).await;
        self.next = Instant::now() + self.period;
        self.next
    }
}
