//! Bcrypt hashes as they are stored.

/// A bcrypt hash in the modular crypt format. Only the store and the password check read it.
#[derive(Clone)]
pub struct PasswordHash(pub String);

/// The prefixes of the bcrypt versions that natter verifies. The cost follows each prefix.
pub(super) const HASH_VERSIONS: [&str; 3] = ["$2a$", "$2b$", "$2y$"];

/// The cost in a bcrypt hash like `$2b$12$…`; 0 if there is none.
pub(super) fn hash_cost(hash: &str) -> u32 {
    hash.split('$').nth(2).and_then(|cost| cost.parse().ok()).unwrap_or_default()
}
