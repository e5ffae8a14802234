//! Password hashing: bcrypt, off the async threads, a few at a time.

use std::sync::{Arc, atomic::AtomicUsize, atomic::Ordering::Relaxed};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::{domain::Password, store::PasswordHash};

/// Hashes that may wait for their turn. At cost 12 a hash is a quarter of a second: this is a wait of some
/// ten seconds on a small machine, after which people would have given up.
const QUEUE: usize = 64;

/// Too many hashes wait already.
#[derive(Debug, thiserror::Error)]
#[error("too many passwords are being checked")]
pub struct Busy;

pub struct Passwords {
    cost: u32,
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// Checked in place of the hash of a user who is not there, so that the answer takes as long.
    decoy: PasswordHash,
}

/// A hash that no password has, and that takes as long to check as another: of an account that nobody can
/// log in to.
pub fn nobodys(cost: u32) -> PasswordHash {
    // any digest does, as nothing that can be typed has it
    PasswordHash(format!("$2b${cost:02}${}{}", ".".repeat(22), ".".repeat(31)))
}

/// Work factors that a password may be checked with. Past the highest, a check takes longer than anybody waits, and
/// holds up all others; an application whose users set their own hashes may hold such a one.
pub const COSTS: std::ops::RangeInclusive<u32> = 4..=16;

/// Whether `hash` is one of bcrypt's that [`Passwords::verify`] can check, of a cost in [`COSTS`].
pub fn is_hash(hash: &str) -> bool {
    let cost = hash.parse::<bcrypt::HashParts>().map(|parts| parts.get_cost());
    // $2x$ marks hashes of a library that read passwords wrongly: none would match
    cost.is_ok_and(|cost| COSTS.contains(&cost)) && !hash.starts_with("$2x$")
}

impl Passwords {
    /// `cost` is bcrypt's work factor: each step doubles the time.
    pub fn new(cost: u32) -> Self {
        // one core is left for the chat
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get() - 1).max(1);
        Self { cost, turns: Arc::new(Semaphore::new(cores)), waiting: AtomicUsize::new(0), decoy: nobodys(cost) }
    }

    pub async fn hash(&self, password: Password) -> Result<PasswordHash, Busy> {
        let cost = self.cost;
        self.in_turn(move || {
            let hash = bcrypt::non_truncating_hash(password.expose(), cost);
            PasswordHash(hash.expect("a Password is short enough, and the settings checked the cost"))
        })
        .await
    }

    /// Whether `password` has this hash. Takes as long where there is no hash to check against.
    pub async fn verify(&self, password: SecretString, hash: Option<PasswordHash>) -> Result<bool, Busy> {
        let known = hash.is_some();
        let PasswordHash(hash) = hash.unwrap_or_else(|| self.decoy.clone());
        self.in_turn(move || {
            // one that is too long was never accepted; it is compared all the same, cut, for the time it takes
            let bytes = password.expose_secret().as_bytes();
            let fits = bytes.len() <= Password::MAX_BYTES;
            let matches = bcrypt::verify(&bytes[..bytes.len().min(Password::MAX_BYTES)], &hash).unwrap_or(false);
            known && fits && matches
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
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
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| Busy)?;
        drop(waiting);
        // the turn goes along: a caller who hangs up does not free it before the hash is done
        let run = move || {
            let _turn = turn;
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
        for (hash, fits) in [(4, true), (16, true), (17, false), (31, false)].map(|(cost, fits)| (nobodys(cost), fits))
        {
            assert_eq!(is_hash(&hash.0), fits, "{}", hash.0);
        }
    }

    #[tokio::test]
    async fn verifies_what_it_hashed_and_nothing_else() {
        let passwords = Passwords::new(4);
        let hash = passwords.hash(Password::parse(secret(&"x".repeat(71))).unwrap()).await.unwrap();
        assert!(passwords.verify(secret(&"x".repeat(71)), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(secret(&"x".repeat(72)), Some(hash.clone())).await.unwrap(), "never cut");
        assert!(!passwords.verify(secret("wrong"), Some(hash)).await.unwrap());
        assert!(!passwords.verify(secret("wrong"), None).await.unwrap());
    }

    #[tokio::test]
    async fn the_decoy_is_a_hash_that_bcrypt_works_on() {
        // a malformed one would be refused at once, and its speed would tell that there is no such user
        let PasswordHash(decoy) = Passwords::new(4).decoy;
        assert!(matches!(bcrypt::verify("x", &decoy), Ok(false)));
    }

    #[tokio::test]
    async fn a_full_queue_is_told_at_once() {
        let passwords = Passwords::new(4);
        let all = passwords.turns.clone().acquire_many_owned(passwords.turns.available_permits() as u32);
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
