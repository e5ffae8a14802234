//! `natter room` while the server runs.

use tempfile::tempdir;

use crate::support::{Process, Socket, new_user, password_of, run_with_input};

#[tokio::test]
async fn rooms_of_every_kind_are_listed_and_deleted() {
    let here = tempdir().unwrap();
    let natter = Process::start(here.path(), &[]);
    for user_id in ["ada", "bob"] {
        natter.script().post("/api/users", new_user(user_id)).await.is(201);
    }
    let ada = natter.script().log_in("ada", &password_of("ada")).await;
    let closed = ada.creates("closed", "Secret garden", &[]).await;
    let direct = ada.opens_direct(&["bob"]).await;
    ada.says_in(&closed, "below the oak").await;
    let room = |arguments: &[&str]| {
        let output = run_with_input(here.path(), &[&["room"], arguments].concat(), "");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (_, list, _) = room(&["list"]);
    let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split_whitespace().collect()).collect();
    let mut listed: Vec<(&str, &str)> = lines.iter().map(|line| (line[0], line[1])).collect();
    listed.sort_unstable();
    let mut expected = [("lobby", "open"), (closed.as_str(), "closed"), (direct.as_str(), "direct")];
    expected.sort_unstable();
    assert_eq!(listed, expected);
    assert!(list.contains("  ada, bob\n") || list.contains("  bob, ada\n"), "who a direct room is of: {list}");
    assert!(list.contains("Secret garden") && !list.contains("below the oak"), "{list}");

    let mut socket = Socket::open(&ada, &format!("?room={closed}&after=1")).await;
    assert_eq!(room(&["delete", &closed]), (Some(0), format!("{closed} is deleted.\n"), String::new()));
    assert_eq!(socket.answer().await["gone"], true, "at the running server too");
    ada.get(&format!("/api/rooms/{closed}")).await.is(404);
    assert!(!room(&["list"]).1.contains("Secret garden"));
    let unknown = format!("natter: there is no room {closed}; natter room list shows all rooms\n");
    assert_eq!(room(&["delete", &closed]), (Some(1), String::new(), unknown));
    let lobby = "natter: The lobby cannot be deleted, and everybody is always a member of it.\n";
    assert_eq!(room(&["delete", "lobby"]), (Some(1), String::new(), lobby.to_owned()));
    natter.kill();
}
