//! What natter says when it does not start.

use std::time::Duration;

use natter_test_support::until;

use crate::support::Natter;

/// Longest time until natter ends. It waits 5 s for a server that it can use.
const LIMIT: Duration = Duration::from_secs(30);
/// The longest line that an operator can be expected to read.
const LONGEST: usize = 500;

/// Checks that natter ends with code 1 and one line, which contains `parts` and no password. Passwords of these tests
/// contain "secret".
pub async fn refusal(url: impl AsRef<str>, parts: &[&str]) {
    refusal_by(Natter::spawn(url.as_ref()), parts).await;
}

/// As [`refusal`], of a process that was started.
pub async fn refusal_by(mut natter: Natter, parts: &[&str]) {
    let mut status = None;
    until("natter ends", LIMIT, async || {
        status = natter.exit_status();
        status.is_some()
    })
    .await;
    assert_eq!(status.unwrap().code(), Some(1));
    let log = natter.log();
    print!("{log}");
    assert!(log.starts_with("natter: mongodb") && log.lines().count() == 1 && log.len() < LONGEST, "{log}");
    assert!(!log.contains("secret"), "{log}");
    for part in parts {
        assert!(log.contains(part), "no {part:?} in {log}");
    }
}
