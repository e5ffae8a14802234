//! `natter user` while the server runs.

use std::path::Path;

use tempfile::tempdir;

use crate::support::{Browser, Process, Socket, new_user, password_of, run, run_with_input};

/// Runs `natter user …`; returns what it printed.
#[track_caller]
fn user(directory: &Path, arguments: &[&str], input: &str) -> String {
    let output = run_with_input(directory, &[&["user"], arguments].concat(), input);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs `natter user …`, which must be refused; returns the error.
#[track_caller]
fn refused(directory: &Path, arguments: &[&str], input: &str) -> String {
    let output = run_with_input(directory, &[&["user"], arguments].concat(), input);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), b"".as_slice()));
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn accounts_are_created_and_listed() {
    let here = tempdir().unwrap();
    let missing = "natter: there is no natter database in ./data; name its directory with --data-dir\n";
    assert_eq!(refused(here.path(), &["list"], ""), missing);
    let natter = Process::start(here.path(), &["--signup", "closed"]);
    assert_eq!(user(here.path(), &["list"], ""), "");
    let ada = ["create", "ada", "--name", "Ada", "--email", "ada@example.org"];
    assert_eq!(user(here.path(), &ada, "ada's long secret\n"), "ada is added (admin).\n");
    let bob = ["create", "bob", "--name", "Bob", "--email", "bob@example.org", "--phone", "112"];
    assert_eq!(user(here.path(), &bob, "bob's long secret\r\n"), "bob is added (member).\n");
    let cyd = ["create", "cyd", "--name", "Cyd", "--email", "cyd@example.org", "--admin"];
    assert_eq!(user(here.path(), &cyd, "cyd's long secret"), "cyd is added (admin).\n");
    for (who, role) in [("ada", "admin"), ("bob", "member"), ("cyd", "admin")] {
        let script = natter.script().log_in(who, &password_of(who)).await;
        assert_eq!(script.get(&format!("/api/users/{who}")).await.is(200).json["role"], role);
    }
    let list = user(here.path(), &["list"], "");
    let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        lines.iter().map(|line| (line[0], line[1])).collect::<Vec<_>>(),
        [("ada", "admin"), ("bob", "member"), ("cyd", "admin"),]
    );
    assert_eq!(&lines[1][3..], ["Bob", "<bob@example.org>"]);

    assert_eq!(refused(here.path(), &bob, "x"), "natter: password: Use 8 characters or more.\n");
    assert_eq!(refused(here.path(), &bob, "bob's long secret"), "natter: This user ID is taken. Use another.\n");
    natter.kill();
}

#[tokio::test]
async fn the_admin_role_is_granted_and_revoked() {
    let here = tempdir().unwrap();
    let natter = Process::start(here.path(), &[]);
    for user_id in ["ada", "bob"] {
        natter.script().post("/api/users", new_user(user_id)).await.is(201);
    }
    let bob = natter.script().log_in("bob", &password_of("bob")).await;
    assert_eq!(user(here.path(), &["admin", "bob"], ""), "bob is an admin now.\n");
    assert_eq!(bob.get("/api/users/bob").await.json["role"], "admin");
    assert_eq!(user(here.path(), &["admin", "ADA", "--revoke"], ""), "ada is a member now.\n");
    let why = "natter: This is the last admin. Make somebody else an admin first.\n";
    assert_eq!(refused(here.path(), &["admin", "bob", "--revoke"], ""), why);
    assert_eq!(refused(here.path(), &["delete", "bob"], ""), why);
    let nobody = "natter: there is no user cyd; natter user list shows all users\n";
    assert_eq!(refused(here.path(), &["disable", "bob"], ""), why);
    for command in ["admin", "password", "delete", "disable", "enable"] {
        assert_eq!(refused(here.path(), &[command, "cyd"], "a long secret"), nobody);
    }
    natter.kill();
}

#[tokio::test]
async fn a_user_is_disabled_and_enabled() {
    let here = tempdir().unwrap();
    let natter = Process::start(here.path(), &[]);
    for user_id in ["ada", "bob"] {
        natter.script().post("/api/users", new_user(user_id)).await.is(201);
    }
    let ada = natter.script().log_in("ada", &password_of("ada")).await;
    let bob = natter.script().log_in("bob", &password_of("bob")).await;
    let listed = || user(here.path(), &["list"], "").lines().filter(|line| line.ends_with("  disabled")).count();
    assert_eq!(listed(), 0);
    let expected = "bob is disabled; all their tokens and sessions are void.\n";
    assert_eq!(user(here.path(), &["disable", "BOB"], ""), expected);
    assert_eq!(listed(), 1);
    bob.get("/api/users").await.is(401);
    natter.script().try_log_in("bob", &password_of("bob")).await.is(403);
    assert_eq!(user(here.path(), &["enable", "bob"], ""), "bob is enabled.\n");
    assert_eq!(listed(), 0);
    natter.script().log_in("bob", &password_of("bob")).await;
    let entry = ada.get("/api/audit").await.is(200).json["entries"][1].clone();
    assert_eq!((&entry["admin"], &entry["action"]), (&"natter user".into(), &"user-disabled".into()));
    natter.kill();
}

#[tokio::test]
async fn a_new_password_or_a_deletion_ends_sessions_and_sockets() {
    let here = tempdir().unwrap();
    let natter = Process::start(here.path(), &[]);
    for user_id in ["ada", "bob", "cyd"] {
        natter.script().post("/api/users", new_user(user_id)).await.is(201);
    }
    let ada = natter.script().log_in("ada", &password_of("ada")).await;
    let bob = natter.script().log_in("bob", &password_of("bob")).await;
    let browser = Browser::new(natter.address);
    browser.log_in("bob").await;
    let (mut others, mut own) = (Socket::open(&ada, "").await, Socket::open(&bob, "").await);
    let mut tab = Socket::open_in(&browser, "").await;
    own.says("hello").await;
    others.sees("Bob: hello").await;

    let expected = "bob has a new password; all their tokens and sessions are void.\n";
    assert_eq!(user(here.path(), &["password", "bob"], "a new one for bob\n"), expected);
    bob.get("/api/users").await.says_token_did_not_match();
    assert!(!browser.is_signed_in().await);
    assert_eq!(own.close_frame().await, (1008, "signed out".to_owned()));
    assert_eq!(tab.close_frame().await, (1008, "signed out".to_owned()));
    let bob = natter.script().log_in("bob", "a new one for bob").await;

    let mut own = Socket::open(&bob, "").await;
    assert_eq!(user(here.path(), &["delete", "bob", "--messages"], ""), "bob is deleted.\n");
    assert_eq!(own.close_frame().await, (1008, "signed out".to_owned()));
    let fragment = others.sees_rev(2).await;
    assert!(fragment.hidden && fragment.seq == 1, "changes of another process are shown too: {fragment:?}");
    ada.says("still here").await;
    others.sees("Ada: still here").await;
    natter.kill();
    assert!(!String::from_utf8(run(here.path(), &[], &["user", "list"]).stdout).unwrap().contains("bob"));
}
