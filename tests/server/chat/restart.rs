//! What survives a restart.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::support::{Natter, Socket};

#[tokio::test]
async fn a_stop_closes_sockets_with_restarting() {
    let mut natter = Natter::start().await;
    let (mut ada, bob) = (natter.sign_up("ada").await, natter.browse_as("bob").await);
    let mut tab = Socket::open_in(&bob, "").await;
    ada.says("before the stop").await;
    let closed = async { (ada.socket.close_frame().await, tab.close_frame().await) };
    let ((), (script, page)) = tokio::join!(natter.stop(), closed);
    assert_eq!(script, (1012, "restarting".to_owned()));
    assert_eq!(page, (1012, "restarting".to_owned()));
}

#[tokio::test]
async fn who_is_online_at_a_stop_was_seen_then() {
    let mut natter = Natter::start().await;
    let (_ada, bob) = (natter.sign_up("ada").await, natter.register("bob").await);
    let stopped = OffsetDateTime::now_utc();
    natter.restart().await;
    let members = bob.get("/api/rooms/lobby/members").await.is(200).json;
    let ada = members["members"].as_array().unwrap().iter().find(|member| member["userID"] == "ada").unwrap();
    let seen = ada["lastSeen"].as_str().map(|at| OffsetDateTime::parse(at, &Rfc3339).unwrap());
    assert!(seen >= Some(stopped.truncate_to_millisecond()), "{ada}");
}

#[tokio::test]
async fn a_restart_keeps_all_data() {
    let mut natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    let (mut bob, cyd) = (natter.sign_up("bob").await, natter.register("cyd").await);
    bob.says("one").await;
    cyd.says("two").await;
    cyd.delete("/api/users/cyd?messages=delete").await.is(204);
    bob.says("three").await;
    let (users, log) = (bob.script.get("/api/users").await.json, bob.script.reads_after(0, 50).await);
    natter.restart().await;

    assert_eq!(bob.script.get("/api/users").await.is(200).json, users);
    assert_eq!(bob.script.reads_after(0, 50).await, log);
    assert_eq!(ada.visit("/rooms/lobby").await.is(200).messages(), ["Bob: one", "Bob: three"]);
    bob.socket = Socket::open(&bob.script, "?after=1&returning=true").await;
    let fragment = bob.socket.sees("Bob: three").await;
    assert_eq!((fragment.seq, fragment.rev), (3, 4));
    let answer = bob.socket.says("four").await;
    assert_eq!((&answer["seq"], &answer["rev"]), (&4.into(), &5.into()), "the numbers continue");
    bob.sees("Bob: four").await;
    let revs: Vec<_> =
        bob.socket.fragments.iter().map(|fragment| (fragment.seq, fragment.rev, fragment.hidden)).collect();
    assert_eq!(revs, [(2, 3, true), (3, 4, false), (4, 5, false)]);
}

#[tokio::test]
async fn a_repeat_is_recognized_after_a_restart() {
    let mut natter = Natter::start().await;
    let mut ada = natter.sign_up("ada").await;
    let first = ada.socket.sends("once", "17").await;
    natter.restart().await;
    ada.socket = Socket::open(&ada.script, "?after=0&returning=true").await;
    assert_eq!(ada.socket.sends("once", "17").await, first);
    assert_eq!(ada.script.reads_after(0, 50).await.len(), 1);
}
