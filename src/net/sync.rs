//! The locks, reference counts and atomics of the live part: of this module and of [`crate::room`].
//!
//! Both take them from here and never from `std::sync` or `parking_lot`, so that a schedule test can replace them in
//! one place by shuttle's, which try the orders in which threads can run. It is in `net` because that is the lower of
//! the two layers. parking_lot, because its locks cannot be poisoned: a panic in one handler must not break a room.

pub use std::sync::{Arc, Weak, atomic};

pub use parking_lot::{Mutex, MutexGuard, RwLock, RwLockReadGuard};
