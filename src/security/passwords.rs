//! Password hashing with bcrypt, on threads that may block, a few hashes at a time.

use std::sync::{
    Arc,
    atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed},
};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::{domain::Password, store::PasswordHash};

/// Most hashes that may wait for a permit. At cost 12 a hash takes a quarter of a second: the last one waits some ten
/// seconds on a small machine, and users do not wait longer.
const MAX_WAITING: usize = 64;

/// Too many hashes are waiting.
#[derive(Debug, thiserror::Error)]
#[error("too many passwords are being checked")]
pub struct Busy;

pub struct Passwords {
    cost: u32,
    /// The highest cost of any account's hash. A check that fails does the work of this cost whatever it was checked
    /// against, so that the time does not reveal whether the account exists.
    highest_cost: AtomicU32,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// The outcome of a password check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verification {
    pub matches: bool,
    /// The work done: 2^cost for each hash computed.
    pub rounds: u64,
}

/// A hash that no password matches, and that takes as long to check as any other. An account that has it has no
/// password.
pub fn unusable_hash(cost: u32) -> PasswordHash {
    // any constant digest will do: no known password has it
    PasswordHash(format!("$2b${cost:02}${}{}", ".".repeat(22), ".".repeat(31)))
}

/// Costs that a password is checked with. With a higher cost a check takes longer than users wait, and blocks all other
/// checks; an imported database may contain such a hash.
pub const COSTS: std::ops::RangeInclusive<u32> = 4..=16;

/// Whether `hash` is a bcrypt hash that [`Passwords::verify`] can check, with a cost in [`COSTS`].
pub fn is_hash(hash: &str) -> bool {
    cost_of(hash).is_some()
}

/// The cost of `hash`, if [`Passwords::verify`] can check it.
fn cost_of(hash: &str) -> Option<u32> {
    let cost = hash.parse::<bcrypt::HashParts>().ok()?.get_cost();
    // $2x$ marks hashes of a library that hashed some passwords wrongly; no password would match
    (COSTS.contains(&cost) && !hash.starts_with("$2x$")).then_some(cost)
}

/// Compares a password, and adds the work done to `rounds`.
fn compare(password: &[u8], PasswordHash(hash): &PasswordHash, rounds: &mut u64) -> bool {
    let Ok(matches) = bcrypt::verify(password, hash) else { return false };
    *rounds += cost_of(hash).map_or(0, |cost| 1 << cost);
    matches
}

impl Passwords {
    /// `cost` is bcrypt's work factor: each step doubles the time.
    pub fn new(cost: u32) -> Self {
        // one core stays free for the chat
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get() - 1).max(1);
        let (highest_cost, permits) = (AtomicU32::new(cost), Arc::new(Semaphore::new(cores)));
        Self { cost, highest_cost, permits, waiting: AtomicUsize::new(0) }
    }

    /// Sets the highest cost of the stored hashes; `None` if there are none.
    pub fn set_highest_cost(&self, stored: Option<u32>) {
        // a higher cost is never checked
        let stored = stored.unwrap_or_default().min(*COSTS.end());
        self.highest_cost.store(self.cost.max(stored), Relaxed);
    }

    /// Hashes a password with the configured cost.
    ///
    /// # Errors
    /// [`Busy`] if too many hashes are waiting.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, Busy> {
        let cost = self.cost;
        self.run_limited(move || {
            let hash = bcrypt::non_truncating_hash(password.expose(), cost);
            PasswordHash(hash.expect("a Password is short enough, and the settings checked the cost"))
        })
        .await
    }

    /// Checks `password` against a hash. A check that fails does the work of the highest cost, even if `hash` is
    /// `None`.
    ///
    /// # Errors
    /// [`Busy`] if too many hashes are waiting.
    pub async fn verify(&self, password: SecretString, hash: Option<PasswordHash>) -> Result<Verification, Busy> {
        let hash = hash.and_then(|hash| cost_of(&hash.0).map(|cost| (cost, hash)));
        let known = hash.as_ref().map_or(0, |(cost, _)| *cost);
        // the highest cost is read at each sweep, and an import may have added a higher one since
        let highest_cost = self.highest_cost.fetch_max(known, Relaxed).max(known);
        self.run_limited(move || {
            // a password that is too long cannot match; its beginning is still compared, to take the same time
            let bytes = password.expose_secret().as_bytes();
            let fits = bytes.len() <= Password::MAX_BYTES;
            let bytes = &bytes[..bytes.len().min(Password::MAX_BYTES)];
            let mut rounds = 0;
            let matches = hash.is_some_and(|(_, hash)| compare(bytes, &hash, &mut rounds)) && fits;
            if !matches {
                // 2^c + 2^c + 2^(c+1) + … + 2^(d-1) = 2^d
                let missing = if known == 0 { highest_cost..highest_cost + 1 } else { known..highest_cost };
                for cost in missing {
                    compare(bytes, &unusable_hash(cost), &mut rounds);
                }
            }
            metrics::counter!("natter_bcrypt_rounds_total").increment(rounds);
            Verification { matches, rounds }
        })
        .await
    }

    /// Hashes `password` again if its hash `old` has another cost than the configured one. `None` if the cost is the
    /// same, or if too many hashes are waiting.
    pub async fn rehash(&self, password: SecretString, old: &PasswordHash) -> Option<PasswordHash> {
        let cost = self.cost;
        if cost_of(&old.0) == Some(cost) {
            return None;
        }
        // without the checks of `Password`, because a password may be older than the rules for passwords
        let hash = move || bcrypt::non_truncating_hash(password.expose_secret(), cost).map(PasswordHash);
        self.run_limited(hash).await.ok()?.ok()
    }

    async fn run_limited<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        struct Waiting<'a>(&'a AtomicUsize);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Relaxed);
            }
        }
        let before = self.waiting.fetch_add(1, Relaxed);
        let waiting = Waiting(&self.waiting);
        if before >= MAX_WAITING {
            return Err(Busy);
        }
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| Busy)?;
        drop(waiting);
        // the closure owns the permit, so that a caller who disconnects does not release it before the hash is done
        let run = move || {
            let _permit = permit;
            work()
        };
        tokio::task::spawn_blocking(run).await.map_err(|_| Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(raw: &str) -> SecretString {
        SecretString::from(raw.to_owned())
    }

    #[test]
    fn a_hash_of_too_high_a_cost_is_not_accepted() {
        for (hash, fits) in
            [(4, true), (16, true), (17, false), (31, false)].map(|(cost, fits)| (unusable_hash(cost), fits))
        {
            assert_eq!(is_hash(&hash.0), fits, "{}", hash.0);
        }
    }

    #[tokio::test]
    async fn only_the_hashed_password_matches() {
        let passwords = Passwords::new(4);
        let hash = passwords.hash(Password::parse(secret(&"x".repeat(71))).unwrap()).await.unwrap();
        let matches = async |password: &str, hash| passwords.verify(secret(password), hash).await.unwrap().matches;
        assert!(matches(&"x".repeat(71), Some(hash.clone())).await);
        assert!(!matches(&"x".repeat(72), Some(hash.clone())).await, "a longer password is not truncated");
        assert!(!matches("wrong", Some(hash)).await);
        assert!(!matches("wrong", None).await);
    }

    #[tokio::test]
    async fn the_unusable_hash_is_a_valid_hash() {
        // bcrypt refuses a malformed hash at once, and the time would reveal that the user does not exist
        assert!(matches!(bcrypt::verify("x", &unusable_hash(4).0), Ok(false)));
    }

    /// The work of a failed check against a hash of `cost`, or against no hash.
    async fn rounds(passwords: &Passwords, cost: Option<u32>) -> u64 {
        let checked = passwords.verify(secret("wrong"), cost.map(unusable_hash)).await.unwrap();
        assert!(!checked.matches);
        checked.rounds
    }

    #[tokio::test]
    async fn a_failed_check_always_does_the_work_of_the_highest_cost() {
        let passwords = Passwords::new(5);
        for (highest_cost, work) in [(None, 1 << 5), (Some(4), 1 << 5), (Some(8), 1 << 8), (Some(6), 1 << 6)] {
            passwords.set_highest_cost(highest_cost);
            for cost in [None, Some(4), Some(5)] {
                assert_eq!(rounds(&passwords, cost).await, work, "cost {cost:?}, highest cost {highest_cost:?}");
            }
        }
        // a higher cost, which an import has just added
        assert_eq!(rounds(&passwords, Some(9)).await, 1 << 9);
        assert_eq!(rounds(&passwords, None).await, 1 << 9);
        let too_long = passwords.verify(secret(&"x".repeat(99)), Some(unusable_hash(4))).await.unwrap();
        assert_eq!(too_long, Verification { matches: false, rounds: 1 << 9 });
        let broken = passwords.verify(secret("x"), Some(PasswordHash("no hash".into()))).await.unwrap();
        assert_eq!(broken, Verification { matches: false, rounds: 1 << 9 });
        passwords.set_highest_cost(Some(31));
        assert_eq!(passwords.highest_cost.load(Relaxed), 16, "a higher cost is never checked");
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_replaced() {
        let passwords = Passwords::new(5);
        for (cost, is_replaced) in [(4, true), (5, false), (6, true)] {
            // shorter than a new password may be
            let old = PasswordHash(bcrypt::hash("short", cost).unwrap());
            let new = passwords.rehash(secret("short"), &old).await;
            assert_eq!(new.as_ref().map(|new| cost_of(&new.0)), is_replaced.then_some(Some(5)), "{cost}");
            if let Some(new) = new {
                assert!(passwords.verify(secret("short"), Some(new)).await.unwrap().matches);
            }
        }
    }

    #[tokio::test]
    async fn a_full_queue_is_refused_at_once() {
        let passwords = Passwords::new(4);
        let all = passwords.permits.clone().acquire_many_owned(passwords.permits.available_permits() as u32);
        let _all = all.await.unwrap();
        let mut waiting: Vec<_> = (0..MAX_WAITING).map(|_| Box::pin(passwords.verify(secret("x"), None))).collect();
        for one in &mut waiting {
            assert!(futures_util::poll!(one).is_pending());
        }
        assert!(passwords.verify(secret("x"), None).await.is_err());
        drop(waiting);
        assert_eq!(passwords.waiting.load(Relaxed), 0);
    }
}
