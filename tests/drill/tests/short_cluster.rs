//! A round or two of the drills with MongoDB, one after the other, and after those of `short.rs`: an election needs the
//! machine for itself.
#![allow(clippy::unwrap_used)] // a test's way to fail

mod support;

use support::drill;

#[test]
fn clusters_lose_nothing() {
    drill("partition-cluster", 1);
    drill("freeze-cluster", 1);
    drill("power-cluster", 2);
}
