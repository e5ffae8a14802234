//! The cost of password checks, and hashes whose cost is not the configured one.

use tempfile::tempdir;

use crate::support::{Natter, Process, Script, password_of, run_with_input};

#[tokio::test]
async fn a_login_rehashes_the_password_at_the_configured_cost() {
    let mut natter = Natter::start().await;
    let before = natter.register("ada").await;
    let first = natter.hash_of("ada").await;
    assert!(first.starts_with("$2b$04$"), "{first}");
    for (cost, begins) in [("6", "$2b$06$"), ("5", "$2b$05$")] {
        natter.restart_with(&["--bcrypt-cost", cost]).await;
        natter.script().try_log_in("ada", "not her secret").await.is(401);
        natter.script().log_in("ada", &password_of("ada")).await;
        let hash = natter.hash_of("ada").await;
        assert!(hash.starts_with(begins), "{hash}");
        natter.script().log_in("ada", &password_of("ada")).await;
        assert_eq!(natter.hash_of("ada").await, hash, "the second login does not rehash");
    }
    before.get("/api/users/ada").await.is(200); // the password is the same, so the token stays valid
}

/// The number of bcrypt rounds so far.
async fn rounds(script: &Script) -> u64 {
    let metrics = script.get("/metrics").await.is(200).text;
    let rounds = metrics.lines().find_map(|line| line.strip_prefix("natter_bcrypt_rounds_total "));
    rounds.unwrap_or("0").parse().unwrap()
}

/// Runs natter in a process of its own: tests in this process would count in the same metrics.
#[tokio::test]
async fn a_failed_login_costs_the_same_for_every_user_id() {
    let here = tempdir().unwrap();
    let natter = Process::start(here.path(), &[]);
    for (user_id, cost) in [("cheap", "4"), ("costly", "9")] {
        let email = format!("{user_id}@example.org");
        let arguments = ["user", "create", user_id, "--name", "N", "--email", &email, "--bcrypt-cost", cost];
        assert!(run_with_input(here.path(), &arguments, "a long secret").status.success());
    }
    natter.kill();
    // the configured cost is 4
    let natter = Process::start(here.path(), &[]);
    let script = natter.script();
    for user_id in ["nobody", "cheap", "costly", "no user id"] {
        let before = rounds(&script).await;
        script.try_log_in(user_id, "a guess of mine").await.is(401);
        assert_eq!(rounds(&script).await - before, 1 << 9, "{user_id}");
    }
}
