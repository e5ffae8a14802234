//! The rate limits: generic cell rate limiters (governor). They are in memory, because they protect one process, and a
//! restart resets them.

use std::{hash::Hash, num::NonZeroU32, time::Duration};

use governor::{
    DefaultKeyedRateLimiter, Quota,
    clock::{Clock, DefaultClock},
};

use crate::domain::{Network, UserKey};

/// The numbers behind [`RateLimits`], from the settings.
#[derive(Debug, Clone, Copy)]
pub struct RateLimitSettings {
    /// Login attempts on one account that one network may make in a quarter of an hour. All unfamiliar networks
    /// together, from which nobody has logged in to the account before, may make [`UNFAMILIAR_FACTOR`] times as many.
    pub account_attempts: NonZeroU32,
    /// Login attempts and sign-ups together that one network may make in a quarter of an hour.
    pub address_attempts: NonZeroU32,
    /// Messages, and changes of messages (edits, deletions, reactions, pins, saves), a second that one user may send; a
    /// burst may be as large as three seconds of them.
    pub message_rate: NonZeroU32,
    /// Rooms that one user may create in an hour.
    pub room_rate: NonZeroU32,
    /// Members that one user may add to existing rooms in a minute, oneself by joining too.
    pub join_rate: NonZeroU32,
    /// Files that one user may upload in a minute.
    pub upload_rate: NonZeroU32,
}

/// A limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts")]
pub struct RateLimited {
    /// How long to wait until the next attempt is allowed.
    pub retry_after: Duration,
    /// The burst that is allowed. Of all limits but that of messages, it is the number in a period.
    pub max: NonZeroU32,
}

/// How many times as many login attempts all unfamiliar networks together may make on one account as one network may.
pub const UNFAMILIAR_FACTOR: NonZeroU32 = NonZeroU32::new(10).expect("not zero");

/// How many frames a user may send a second: so many for each message of the limit of messages, and so many others. A page
/// sends fewer: it limits how often it reports typing and reading. Frames beyond that are not counted.
const FRAMES_A_MESSAGE: NonZeroU32 = NonZeroU32::new(2).expect("not zero");
const OTHER_FRAMES: u32 = 20;
/// How many seconds of them may come at once.
const FRAME_SECONDS: NonZeroU32 = NonZeroU32::new(4).expect("not zero");

pub struct RateLimits {
    /// By account and network: an attacker does not lock out the user on another network.
    logins: Option<DefaultKeyedRateLimiter<(String, Network)>>,
    /// By account, for all unfamiliar networks together: limits guesses from very many networks.
    unfamiliar: Option<DefaultKeyedRateLimiter<String>>,
    /// Checks of the current password of a user who is logged in; attempts without a login do not count. By user and
    /// network, so that an attacker with a stolen token does not lock the user out.
    confirmations: Option<DefaultKeyedRateLimiter<(UserKey, Network)>>,
    /// The same for all unfamiliar networks together.
    unfamiliar_confirmations: Option<DefaultKeyedRateLimiter<UserKey>>,
    networks: Option<DefaultKeyedRateLimiter<Network>>,
    messages: Option<DefaultKeyedRateLimiter<UserKey>>,
    /// Frames of all sockets of a user: also pings, and messages that are refused, cost time.
    frames: Option<DefaultKeyedRateLimiter<UserKey>>,
    /// By the user who creates.
    rooms: Option<DefaultKeyedRateLimiter<UserKey>>,
    /// By the user who joins or adds.
    joins: Option<DefaultKeyedRateLimiter<UserKey>>,
    uploads: Option<DefaultKeyedRateLimiter<UserKey>>,
}

impl RateLimits {
    /// `None` sets no limits, for benchmarks.
    pub fn new(settings: Option<RateLimitSettings>) -> Self {
        let within = |period: Duration, n: NonZeroU32| {
            Quota::with_period(period / n.get()).expect("a period over zero").allow_burst(n)
        };
        let [minute, quarter_hour, hour] = [1, 15, 60].map(|minutes| Duration::from_secs(minutes * 60));
        let spread = |n: NonZeroU32| within(quarter_hour, n);
        let messages =
            |n: NonZeroU32| Quota::per_second(n).allow_burst(n.saturating_mul(NonZeroU32::MIN.saturating_add(2)));
        let frames = |n: NonZeroU32| {
            let rate = n.saturating_mul(FRAMES_A_MESSAGE).saturating_add(OTHER_FRAMES);
            Quota::per_second(rate).allow_burst(rate.saturating_mul(FRAME_SECONDS))
        };
        Self {
            logins: settings.map(|s| DefaultKeyedRateLimiter::keyed(spread(s.account_attempts))),
            unfamiliar: settings
                .map(|s| DefaultKeyedRateLimiter::keyed(spread(s.account_attempts.saturating_mul(UNFAMILIAR_FACTOR)))),
            confirmations: settings.map(|s| DefaultKeyedRateLimiter::keyed(spread(s.account_attempts))),
            unfamiliar_confirmations: settings
                .map(|s| DefaultKeyedRateLimiter::keyed(spread(s.account_attempts.saturating_mul(UNFAMILIAR_FACTOR)))),
            networks: settings.map(|s| DefaultKeyedRateLimiter::keyed(spread(s.address_attempts))),
            messages: settings.map(|s| DefaultKeyedRateLimiter::keyed(messages(s.message_rate))),
            frames: settings.map(|s| DefaultKeyedRateLimiter::keyed(frames(s.message_rate))),
            rooms: settings.map(|s| DefaultKeyedRateLimiter::keyed(within(hour, s.room_rate))),
            joins: settings.map(|s| DefaultKeyedRateLimiter::keyed(within(minute, s.join_rate))),
            uploads: settings.map(|s| DefaultKeyedRateLimiter::keyed(within(minute, s.upload_rate))),
        }
    }

    /// Counts a login attempt on `account` (its folded userID).
    pub fn login(&self, account: &str, from: Network) -> Result<(), RateLimited> {
        check(self.networks.as_ref(), &from)?;
        check(self.logins.as_ref(), &(account.to_owned(), from))
    }

    /// Counts a login attempt from an unfamiliar network, in addition to [`RateLimits::login`].
    pub fn unfamiliar_login(&self, account: &str) -> Result<(), RateLimited> {
        check(self.unfamiliar.as_ref(), &account.to_owned())
    }

    pub fn sign_up(&self, from: Network) -> Result<(), RateLimited> {
        check(self.networks.as_ref(), &from)
    }

    /// Counts a login by a link.
    pub fn link(&self, from: Network) -> Result<(), RateLimited> {
        check(self.networks.as_ref(), &from)
    }

    /// Counts a check of the current password of a user who is logged in.
    pub fn confirmation(&self, user: UserKey, from: Network) -> Result<(), RateLimited> {
        check(self.confirmations.as_ref(), &(user, from))
    }

    /// Counts such a check from an unfamiliar network, in addition to [`RateLimits::confirmation`].
    pub fn unfamiliar_confirmation(&self, user: UserKey) -> Result<(), RateLimited> {
        check(self.unfamiliar_confirmations.as_ref(), &user)
    }

    pub fn message(&self, user: UserKey) -> Result<(), RateLimited> {
        check(self.messages.as_ref(), &user)
    }

    /// Counts a frame that came from a socket of the user.
    pub fn frame(&self, user: UserKey) -> Result<(), RateLimited> {
        check(self.frames.as_ref(), &user)
    }

    /// Counts a room that the user creates.
    pub fn room(&self, user: UserKey) -> Result<(), RateLimited> {
        check(self.rooms.as_ref(), &user)
    }

    /// Counts a room that the user joins, or a member whom the user adds.
    pub fn join(&self, user: UserKey) -> Result<(), RateLimited> {
        check(self.joins.as_ref(), &user)
    }

    /// Counts a file that the user uploads.
    pub fn upload(&self, user: UserKey) -> Result<(), RateLimited> {
        check(self.uploads.as_ref(), &user)
    }

    /// Drops the entries that limit nothing at present, so that memory does not grow with the number of networks seen.
    pub fn sweep(&self) {
        self.logins.iter().for_each(governor::RateLimiter::retain_recent);
        self.unfamiliar.iter().for_each(governor::RateLimiter::retain_recent);
        self.confirmations.iter().for_each(governor::RateLimiter::retain_recent);
        self.unfamiliar_confirmations.iter().for_each(governor::RateLimiter::retain_recent);
        self.networks.iter().for_each(governor::RateLimiter::retain_recent);
        self.messages.iter().for_each(governor::RateLimiter::retain_recent);
        self.frames.iter().for_each(governor::RateLimiter::retain_recent);
        self.rooms.iter().for_each(governor::RateLimiter::retain_recent);
        self.joins.iter().for_each(governor::RateLimiter::retain_recent);
        self.uploads.iter().for_each(governor::RateLimiter::retain_recent);
    }
}

fn check<K: Hash + Eq + Clone>(limiter: Option<&DefaultKeyedRateLimiter<K>>, key: &K) -> Result<(), RateLimited> {
    let Some(limiter) = limiter else { return Ok(()) };
    limiter.check_key(key).map_err(|not_until| RateLimited {
        retry_after: not_until.wait_time_from(DefaultClock::default().now()),
        max: not_until.quota().burst_size(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> RateLimitSettings {
        let n = |n| NonZeroU32::new(n).unwrap();
        RateLimitSettings {
            account_attempts: n(2),
            address_attempts: n(3),
            message_rate: n(1),
            room_rate: n(2),
            join_rate: n(2),
            upload_rate: n(2),
        }
    }

    fn network(last: u8) -> Network {
        Network::of([10, 0, 0, last].into())
    }

    #[test]
    fn accounts_and_networks_have_separate_limits() {
        let limits = RateLimits::new(Some(settings()));
        let (one, other) = (network(1), network(2));
        assert!(limits.login("ada", one).is_ok());
        assert!(limits.login("ada", one).is_ok());
        assert!(limits.login("ada", other).is_ok(), "attempts from one network do not lock out another");
        assert!(limits.login("ada", one).is_err(), "the limit of the account and network");
        let limited = limits.login("bob", one).unwrap_err();
        assert!(limited.retry_after <= Duration::from_secs(300) && limited.retry_after > Duration::from_secs(200));
        assert!(limits.login("bob", other).is_ok(), "only the network was limited");
    }

    #[test]
    fn unfamiliar_networks_share_one_limit_for_each_account() {
        let limits = RateLimits::new(Some(settings()));
        assert!((0..20).all(|_| limits.unfamiliar_login("ada").is_ok()));
        assert!(limits.unfamiliar_login("ada").is_err());
        assert!(limits.unfamiliar_login("bob").is_ok());
    }

    #[test]
    fn confirmations_are_limited_by_user_and_network() {
        let limits = RateLimits::new(Some(settings()));
        let (ada, bob) = (UserKey::generate(), UserKey::generate());
        assert!((0..2).all(|_| limits.confirmation(ada, network(1)).is_ok()));
        assert!(limits.confirmation(ada, network(1)).is_err());
        assert!(limits.confirmation(ada, network(2)).is_ok());
        assert!(limits.confirmation(bob, network(1)).is_ok());
        assert!((0..20).all(|_| limits.unfamiliar_confirmation(ada).is_ok()));
        assert!(limits.unfamiliar_confirmation(ada).is_err());
    }

    #[test]
    fn creating_and_joining_rooms_are_limited_by_user() {
        let limits = RateLimits::new(Some(settings()));
        let (ada, bob) = (UserKey::generate(), UserKey::generate());
        assert!((0..2).all(|_| limits.room(ada).is_ok() && limits.join(ada).is_ok()));
        let longest = |limited: Result<(), RateLimited>| limited.unwrap_err().retry_after.as_secs();
        assert!((1700..1800).contains(&longest(limits.room(ada))) && (20..30).contains(&longest(limits.join(ada))));
        assert!(limits.room(bob).is_ok() && limits.join(bob).is_ok());
    }

    #[test]
    fn without_settings_nothing_is_limited() {
        let limits = RateLimits::new(None);
        assert!((0..1000).all(|_| limits.login("ada", network(1)).is_ok()));
    }
}
