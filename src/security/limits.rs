//! How often somebody may try. Generic cell rate limits (governor), kept in memory: they bound what one
//! process can be made to do, and a restart forgives.

use std::{hash::Hash, net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{
    DefaultKeyedRateLimiter, Quota,
    clock::{Clock, DefaultClock},
};

use crate::{domain::UserKey, net::address::network};

/// The numbers behind [`Limits`], from the settings.
#[derive(Debug, Clone, Copy)]
pub struct LimitSettings {
    /// Logins that one account may try in a quarter of an hour.
    pub account_attempts: NonZeroU32,
    /// Logins and sign-ups together that one address may try in a quarter of an hour.
    pub address_attempts: NonZeroU32,
    /// Messages a second that one user may send; three seconds' worth may come at once.
    pub message_rate: NonZeroU32,
}

/// How long to wait before it is worth trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts")]
pub struct TooMany {
    pub retry_after: Duration,
}

pub struct Limits {
    accounts: Option<DefaultKeyedRateLimiter<String>>,
    addresses: Option<DefaultKeyedRateLimiter<IpAddr>>,
    messages: Option<DefaultKeyedRateLimiter<UserKey>>,
}

impl Limits {
    /// `None` sets no limits at all, for benchmarks.
    pub fn new(settings: Option<LimitSettings>) -> Self {
        let quarter_hour = Duration::from_secs(15 * 60);
        let spread =
            |n: NonZeroU32| Quota::with_period(quarter_hour / n.get()).expect("a period over zero").allow_burst(n);
        let messages =
            |n: NonZeroU32| Quota::per_second(n).allow_burst(n.saturating_mul(NonZeroU32::MIN.saturating_add(2)));
        Self {
            accounts: settings.map(|s| DefaultKeyedRateLimiter::keyed(spread(s.account_attempts))),
            addresses: settings.map(|s| DefaultKeyedRateLimiter::keyed(spread(s.address_attempts))),
            messages: settings.map(|s| DefaultKeyedRateLimiter::keyed(messages(s.message_rate))),
        }
    }

    /// A login of `account` (its userID, folded) from `address`.
    pub fn login(&self, account: &str, address: IpAddr) -> Result<(), TooMany> {
        check(self.addresses.as_ref(), &network(address))?;
        check(self.accounts.as_ref(), &account.to_owned())
    }

    pub fn sign_up(&self, address: IpAddr) -> Result<(), TooMany> {
        check(self.addresses.as_ref(), &network(address))
    }

    /// The present password, asked again before a change of it.
    pub fn password_check(&self, account: &str) -> Result<(), TooMany> {
        check(self.accounts.as_ref(), &account.to_owned())
    }

    pub fn message(&self, user: UserKey) -> Result<(), TooMany> {
        check(self.messages.as_ref(), &user)
    }

    /// Forgets whoever is not limited at present, so that memory does not grow with the addresses seen.
    pub fn sweep(&self) {
        self.accounts.iter().for_each(governor::RateLimiter::retain_recent);
        self.addresses.iter().for_each(governor::RateLimiter::retain_recent);
        self.messages.iter().for_each(governor::RateLimiter::retain_recent);
    }
}

fn check<K: Hash + Eq + Clone>(limiter: Option<&DefaultKeyedRateLimiter<K>>, key: &K) -> Result<(), TooMany> {
    let Some(limiter) = limiter else { return Ok(()) };
    limiter
        .check_key(key)
        .map_err(|not_until| TooMany { retry_after: not_until.wait_time_from(DefaultClock::default().now()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> LimitSettings {
        let n = |n| NonZeroU32::new(n).unwrap();
        LimitSettings { account_attempts: n(2), address_attempts: n(3), message_rate: n(1) }
    }

    #[test]
    fn accounts_and_addresses_are_limited_each_by_themselves() {
        let limits = Limits::new(Some(settings()));
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        assert!(limits.login("ada", here).is_ok());
        assert!(limits.login("ada", here).is_ok());
        assert!(limits.login("ada", there).is_err(), "the account");
        assert!(limits.login("bob", here).is_ok());
        let told = limits.login("cyd", here).unwrap_err();
        assert!(told.retry_after <= Duration::from_secs(300) && told.retry_after > Duration::from_secs(200));
        assert!(limits.login("cyd", there).is_ok());
    }

    #[test]
    fn off_is_off() {
        let limits = Limits::new(None);
        assert!((0..1000).all(|_| limits.login("ada", IpAddr::from([10, 0, 0, 1])).is_ok()));
    }
}
