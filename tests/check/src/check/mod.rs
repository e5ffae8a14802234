//! Compares histories with the logs.

mod counts;
mod messages;
mod rights;
#[cfg(test)]
pub(crate) mod tests;
mod verdict;

pub use counts::settled;
pub use verdict::check;
