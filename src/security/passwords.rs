//! Password hashing: bcrypt, off the async threads, a few at a time.

use std::sync::{
    Arc,
    atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed},
};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::{domain::Password, store::PasswordHash};

/// Hashes that may wait for their permit. At cost 12 a hash is a quarter of a second: this is a wait of some
/// ten seconds on a small machine, after which people would have given up.
const QUEUE: usize = 64;

/// Too many hashes wait already.
#[derive(Debug, thiserror::Error)]
#[error("too many passwords are being checked")]
pub struct Busy;

pub struct Passwords {
    cost: u32,
    /// The highest cost that any account's hash may have. A check that fails does as much work, whatever it was
    /// checked against: how long it takes does not tell whether the account is there.
    highest_cost: AtomicU32,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// The outcome of a password check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verification {
    pub matches: bool,
    /// How much work it was: 2^cost for each hash that was computed.
    pub rounds: u64,
}

/// A hash that no password has, and that takes as long to check as another: of an account that nobody can
/// log in to.
pub fn unusable_hash(cost: u32) -> PasswordHash {
    // any digest does, as nothing that can be typed has it
    PasswordHash(format!("$2b${cost:02}${}{}", ".".repeat(22), ".".repeat(31)))
}

/// Work factors that a password may be checked with. Past the highest, a check takes longer than anybody waits, and
/// holds up all others; an application whose users set their own hashes may hold such a one.
pub const COSTS: std::ops::RangeInclusive<u32> = 4..=16;

/// Whether `hash` is one of bcrypt's that [`Passwords::verify`] can check, of a cost in [`COSTS`].
pub fn is_hash(hash: &str) -> bool {
    cost_of(hash).is_some()
}

/// The cost of `hash`, if it is one that [`Passwords::verify`] can check.
fn cost_of(hash: &str) -> Option<u32> {
    let cost = hash.parse::<bcrypt::HashParts>().ok()?.get_cost();
    // $2x$ marks hashes of a library that read passwords wrongly: none would match
    (COSTS.contains(&cost) && !hash.starts_with("$2x$")).then_some(cost)
}

/// Compares a password, and adds the work that it was to `rounds`.
fn compare(password: &[u8], PasswordHash(hash): &PasswordHash, rounds: &mut u64) -> bool {
    let Ok(matches) = bcrypt::verify(password, hash) else { return false };
    *rounds += cost_of(hash).map_or(0, |cost| 1 << cost);
    matches
}

impl Passwords {
    /// `cost` is bcrypt's work factor: each step doubles the time.
    pub fn new(cost: u32) -> Self {
        // one core is left for the chat
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get() - 1).max(1);
        let (highest_cost, permits) = (AtomicU32::new(cost), Arc::new(Semaphore::new(cores)));
        Self { cost, highest_cost, permits, waiting: AtomicUsize::new(0) }
    }

    /// Takes over the highest cost of the stored hashes, of which there may be none.
    pub fn set_highest_cost(&self, stored: Option<u32>) {
        // one past COSTS is never checked
        let stored = stored.unwrap_or_default().min(*COSTS.end());
        self.highest_cost.store(self.cost.max(stored), Relaxed);
    }

    pub async fn hash(&self, password: Password) -> Result<PasswordHash, Busy> {
        let cost = self.cost;
        self.run_limited(move || {
            let hash = bcrypt::non_truncating_hash(password.expose(), cost);
            PasswordHash(hash.expect("a Password is short enough, and the settings checked the cost"))
        })
        .await
    }

    /// Checks whether `password` has this hash. A check that fails is as much work as one against a hash of the highest cost
    /// there is, also where there is none to check against.
    pub async fn verify(&self, password: SecretString, hash: Option<PasswordHash>) -> Result<Verification, Busy> {
        let hash = hash.and_then(|hash| cost_of(&hash.0).map(|cost| (cost, hash)));
        let known = hash.as_ref().map_or(0, |(cost, _)| *cost);
        // the highest cost is read with each sweep, and an import may have brought a dearer one since
        let highest_cost = self.highest_cost.fetch_max(known, Relaxed).max(known);
        self.run_limited(move || {
            // one that is too long was never accepted; it is compared all the same, cut, for the time it takes
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

    /// `password`, which has the hash `old`, hashed anew where `old` has another cost than the configured one. `None`
    /// where it has that one, and where too many hashes wait.
    pub async fn rehash(&self, password: SecretString, old: &PasswordHash) -> Option<PasswordHash> {
        let cost = self.cost;
        if cost_of(&old.0) == Some(cost) {
            return None;
        }
        // not by way of Password: one from before a rule goes on
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
        if before >= QUEUE {
            return Err(Busy);
        }
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| Busy)?;
        drop(waiting);
        // the permit goes along: a caller who hangs up does not free it before the hash is done
        let run = move || {
            let _turn = permit;
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
    fn a_hash_that_would_take_too_long_to_check_is_none() {
        for (hash, fits) in
            [(4, true), (16, true), (17, false), (31, false)].map(|(cost, fits)| (unusable_hash(cost), fits))
        {
            assert_eq!(is_hash(&hash.0), fits, "{}", hash.0);
        }
    }

    #[tokio::test]
    async fn verifies_what_it_hashed_and_nothing_else() {
        let passwords = Passwords::new(4);
        let hash = passwords.hash(Password::parse(secret(&"x".repeat(71))).unwrap()).await.unwrap();
        let matches = async |password: &str, hash| passwords.verify(secret(password), hash).await.unwrap().matches;
        assert!(matches(&"x".repeat(71), Some(hash.clone())).await);
        assert!(!matches(&"x".repeat(72), Some(hash.clone())).await, "never cut");
        assert!(!matches("wrong", Some(hash)).await);
        assert!(!matches("wrong", None).await);
    }

    #[tokio::test]
    async fn the_decoy_is_a_hash_that_bcrypt_works_on() {
        // a malformed one would be refused at once, and its speed would tell that there is no such user
        assert!(matches!(bcrypt::verify("x", &unusable_hash(4).0), Ok(false)));
    }

    /// The work of a failed check of a hash of `cost`, or of none.
    async fn rounds(passwords: &Passwords, cost: Option<u32>) -> u64 {
        let checked = passwords.verify(secret("wrong"), cost.map(unusable_hash)).await.unwrap();
        assert!(!checked.matches);
        checked.rounds
    }

    #[tokio::test]
    async fn a_failed_check_is_as_much_work_whatever_it_is_checked_against() {
        let passwords = Passwords::new(5);
        for (highest_cost, work) in [(None, 1 << 5), (Some(4), 1 << 5), (Some(8), 1 << 8), (Some(6), 1 << 6)] {
            passwords.set_highest_cost(highest_cost);
            for cost in [None, Some(4), Some(5)] {
                assert_eq!(rounds(&passwords, cost).await, work, "{cost:?} where {highest_cost:?} is the highest_cost");
            }
        }
        // a dearer one, which an import has just brought
        assert_eq!(rounds(&passwords, Some(9)).await, 1 << 9);
        assert_eq!(rounds(&passwords, None).await, 1 << 9);
        let too_long = passwords.verify(secret(&"x".repeat(99)), Some(unusable_hash(4))).await.unwrap();
        assert_eq!(too_long, Verification { matches: false, rounds: 1 << 9 });
        let broken = passwords.verify(secret("x"), Some(PasswordHash("no hash".into()))).await.unwrap();
        assert_eq!(broken, Verification { matches: false, rounds: 1 << 9 });
        passwords.set_highest_cost(Some(31));
        assert_eq!(passwords.highest_cost.load(Relaxed), 16, "one that is never checked");
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_made_anew() {
        let passwords = Passwords::new(5);
        for (cost, anew) in [(4, true), (5, false), (6, true)] {
            // shorter than a new one may be
            let old = PasswordHash(bcrypt::hash("short", cost).unwrap());
            let new = passwords.rehash(secret("short"), &old).await;
            assert_eq!(new.as_ref().map(|new| cost_of(&new.0)), anew.then_some(Some(5)), "{cost}");
            if let Some(new) = new {
                assert!(passwords.verify(secret("short"), Some(new)).await.unwrap().matches);
            }
        }
    }

    #[tokio::test]
    async fn a_full_queue_is_told_at_once() {
        let passwords = Passwords::new(4);
        let all = passwords.permits.clone().acquire_many_owned(passwords.permits.available_permits() as u32);
        let _all = all.await.unwrap();
        let mut waiting: Vec<_> = (0..QUEUE).map(|_| Box::pin(passwords.verify(secret("x"), None))).collect();
        for one in &mut waiting {
            assert!(futures_util::poll!(one).is_pending());
        }
        assert!(passwords.verify(secret("x"), None).await.is_err());
        drop(waiting);
        assert_eq!(passwords.waiting.load(Relaxed), 0);
    }
}
