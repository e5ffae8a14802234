//! How often somebody may try. Generic cell rate limits (governor), kept in memory: they bound what one
//! process can be made to do, and a restart forgives.

use std::{hash::Hash, num::NonZeroU32, time::Duration};

use governor::{
    DefaultKeyedRateLimiter, Quota,
    clock::{Clock, DefaultClock},
};

use crate::domain::{Network, UserKey};

/// The numbers behind [`RateLimits`], from the settings.
#[derive(Debug, Clone, Copy)]
pub struct RateLimitSettings {
    /// Logins to one account that one network may try in a quarter of an hour. All networks together that nobody
    /// logged in to it from before may try [`UNFAMILIAR`] times as many.
    pub account_attempts: NonZeroU32,
    /// Logins and sign-ups together that one network may try in a quarter of an hour.
    pub address_attempts: NonZeroU32,
    /// Messages a second that one user may send; three seconds' worth may come at once.
    pub message_rate: NonZeroU32,
}

/// How long to wait before it is worth trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts")]
pub struct RateLimited {
    pub retry_after: Duration,
}

/// How many times as many logins to one account all unfamiliar networks together may try as one network.
pub const UNFAMILIAR: NonZeroU32 = NonZeroU32::new(10).expect("not zero");

pub struct RateLimits {
    /// By account and network: whoever guesses locks out nobody elsewhere.
    logins: Option<DefaultKeyedRateLimiter<(String, Network)>>,
    /// By account, for networks that nobody logged in to it from before: guesses from very many places.
    unfamiliar: Option<DefaultKeyedRateLimiter<String>>,
    /// Checks of the present password of somebody who is logged in, which strangers cannot use up; by network, so that
    /// a stolen token does not lock its owner out.
    confirmations: Option<DefaultKeyedRateLimiter<(UserKey, Network)>>,
    /// The same for all unfamiliar networks together.
    unfamiliar_confirmations: Option<DefaultKeyedRateLimiter<UserKey>>,
    networks: Option<DefaultKeyedRateLimiter<Network>>,
    messages: Option<DefaultKeyedRateLimiter<UserKey>>,
}

impl RateLimits {
    /// `None` sets no limits at all, for benchmarks.
    pub fn new(settings: Option<RateLimitSettings>) -> Self {
        let quarter_hour = Duration::from_secs(15 * 60);
        let spread =
            |n: NonZeroU32| Quota::with_period(quarter_hour / n.get()).expect("a period over zero").allow_burst(n);
        let messages =
            |n: NonZeroU32| Quota::per_second(n).allow_burst(n.saturating_mul(NonZeroU32::MIN.saturating_add(2)));
        Self {
            logins: settings.map(|s| DefaultKeyedRateLimiter::keyed(spread(s.account_attempts))),
            unfamiliar: settings
                .map(|s| DefaultKeyedRateLimiter::keyed(spread(s.account_attempts.saturating_mul(UNFAMILIAR)))),
            confirmations: settings.map(|s| DefaultKeyedRateLimiter::keyed(spread(s.account_attempts))),
            unfamiliar_confirmations: settings
                .map(|s| DefaultKeyedRateLimiter::keyed(spread(s.account_attempts.saturating_mul(UNFAMILIAR)))),
            networks: settings.map(|s| DefaultKeyedRateLimiter::keyed(spread(s.address_attempts))),
            messages: settings.map(|s| DefaultKeyedRateLimiter::keyed(messages(s.message_rate))),
        }
    }

    /// A login to `account` (its userID, folded).
    pub fn login(&self, account: &str, from: Network) -> Result<(), RateLimited> {
        check(self.networks.as_ref(), &from)?;
        check(self.logins.as_ref(), &(account.to_owned(), from))
    }

    /// The same from a network that nobody logged in to the account from before, beside [`RateLimits::login`].
    pub fn unfamiliar_login(&self, account: &str) -> Result<(), RateLimited> {
        check(self.unfamiliar.as_ref(), &account.to_owned())
    }

    pub fn sign_up(&self, from: Network) -> Result<(), RateLimited> {
        check(self.networks.as_ref(), &from)
    }

    /// The present password, asked again of somebody who is logged in.
    pub fn confirmation(&self, user: UserKey, from: Network) -> Result<(), RateLimited> {
        check(self.confirmations.as_ref(), &(user, from))
    }

    /// The same from a network that nobody logged in to the account from before, beside [`RateLimits::confirmation`].
    pub fn unfamiliar_confirmation(&self, user: UserKey) -> Result<(), RateLimited> {
        check(self.unfamiliar_confirmations.as_ref(), &user)
    }

    pub fn message(&self, user: UserKey) -> Result<(), RateLimited> {
        check(self.messages.as_ref(), &user)
    }

    /// Forgets whoever is not limited at present, so that memory does not grow with the addresses seen.
    pub fn sweep(&self) {
        self.logins.iter().for_each(governor::RateLimiter::retain_recent);
        self.unfamiliar.iter().for_each(governor::RateLimiter::retain_recent);
        self.confirmations.iter().for_each(governor::RateLimiter::retain_recent);
        self.unfamiliar_confirmations.iter().for_each(governor::RateLimiter::retain_recent);
        self.networks.iter().for_each(governor::RateLimiter::retain_recent);
        self.messages.iter().for_each(governor::RateLimiter::retain_recent);
    }
}

fn check<K: Hash + Eq + Clone>(limiter: Option<&DefaultKeyedRateLimiter<K>>, key: &K) -> Result<(), RateLimited> {
    let Some(limiter) = limiter else { return Ok(()) };
    limiter
        .check_key(key)
        .map_err(|not_until| RateLimited { retry_after: not_until.wait_time_from(DefaultClock::default().now()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> RateLimitSettings {
        let n = |n| NonZeroU32::new(n).unwrap();
        RateLimitSettings { account_attempts: n(2), address_attempts: n(3), message_rate: n(1) }
    }

    fn network(last: u8) -> Network {
        Network::of([10, 0, 0, last].into())
    }

    #[test]
    fn accounts_and_networks_are_limited_each_by_themselves() {
        let limits = RateLimits::new(Some(settings()));
        let (here, there) = (network(1), network(2));
        assert!(limits.login("ada", here).is_ok());
        assert!(limits.login("ada", here).is_ok());
        assert!(limits.login("ada", there).is_ok(), "attempts from here lock out nobody there");
        assert!(limits.login("ada", here).is_err(), "the account, from here");
        let told = limits.login("bob", here).unwrap_err();
        assert!(told.retry_after <= Duration::from_secs(300) && told.retry_after > Duration::from_secs(200));
        assert!(limits.login("bob", there).is_ok(), "the network");
    }

    #[test]
    fn all_unfamiliar_networks_together_are_limited_by_account() {
        let limits = RateLimits::new(Some(settings()));
        assert!((0..20).all(|_| limits.unfamiliar_login("ada").is_ok()));
        assert!(limits.unfamiliar_login("ada").is_err());
        assert!(limits.unfamiliar_login("bob").is_ok());
    }

    #[test]
    fn confirmations_are_limited_by_account_and_network_and_nobodys_logins_count() {
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
    fn off_is_off() {
        let limits = RateLimits::new(None);
        assert!((0..1000).all(|_| limits.login("ada", network(1)).is_ok()));
    }
}
