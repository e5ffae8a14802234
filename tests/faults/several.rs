//! Several natters on one database: who is shut out at one is shut out at all, and the three servers apart.

use std::time::{Duration, Instant};

use reqwest::{Client, Method, redirect::Policy};
use serde_json::json;
use tokio::time::timeout;

use crate::support::{Natter, PASSWORD, ReplicaSet, Socket, free_port};

/// Longest that somebody who was shut out may stay connected elsewhere.
const SOON: Duration = Duration::from_secs(1);

/// Waits until the server closes: the code, and how long after `since`.
async fn closed(socket: &mut Socket, since: Instant) -> (u16, Duration) {
    let end = async {
        loop {
            if let Err(code) = socket.next().await {
                return (code, since.elapsed());
            }
        }
    };
    timeout(Duration::from_secs(20), end).await.expect("the socket is closed")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_shut_out_at_one_natter_is_shut_out_at_the_other() {
    let set = ReplicaSet::of_one().await;
    let url = set.url("UsersData");
    let (here, there) = (Natter::start(&url), Natter::start(&url));
    here.register("ada").await; // the admin, who stays
    let kept = here.register("eve").await;
    let mut stays = Socket::open(there.address, &kept, 0).await.unwrap();

    for what in ["password", "deleted", "logged out"] {
        let user = what.replace(' ', "");
        let token = here.register(&user).await;
        let mut sockets = Vec::new();
        for natter in [&here, &there] {
            sockets.push(Socket::open(natter.address, &token, 0).await.unwrap());
        }
        let me = format!("/api/users/{user}");
        let request = match what {
            "password" => here
                .request(Method::PATCH, &me, &token)
                .json(&json!({ "password": "another one, longer", "currentPassword": PASSWORD })),
            "deleted" => here.request(Method::DELETE, &me, &token),
            _ => here.request(Method::POST, "/logout", &token),
        };
        let asked = Instant::now();
        let answer = request.send().await.unwrap();
        assert!(
            answer.status().is_success() || answer.status().is_redirection(),
            "{what}: {}",
            answer.text().await.unwrap()
        );
        for socket in &mut sockets {
            let (code, took) = closed(socket, asked).await;
            assert!(code == 1008 && took < SOON, "{what}: {code} after {took:?}");
        }
        println!("{what}: out of both within {:?}", asked.elapsed());
        assert_eq!(there.post(&token, "let me in").await, 401, "{what}");
    }
    assert_eq!(here.post(&kept, "still here").await, 201);
    stays.sees("still here").await;
}

/// A process for each role, with an address of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_processes_hand_people_from_one_to_the_other() {
    let set = ReplicaSet::of_one().await;
    let addresses: [String; 3] = std::array::from_fn(|_| format!("127.0.0.1:{}", free_port()));
    let [users, auth, chat] =
        addresses.each_ref().map(|address| format!("http://{}", address.replace("127.0.0.1", "localhost")));
    let start = |role: &str, n: usize| {
        let urls = ["--users-url", &users, "--auth-url", &auth, "--chat-url", &chat];
        Natter::with(
            &set.url("UsersData"),
            &[&["--roles", role, &format!("--{role}-addr"), &addresses[n]], &urls[..]].concat(),
        )
    };
    let _three = (start("users", 0), start("auth", 1), start("chat", 2));
    let browser = || Client::builder().redirect(Policy::none()).build().unwrap();
    let led_to = async |request: reqwest::RequestBuilder| {
        let answer = request.header("accept", "text/html").send().await.unwrap();
        let location = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        location.unwrap_or_else(|| panic!("led nowhere"))
    };
    let form =
        [("userID", "ann"), ("name", "Ann"), ("email", "ann@example.org"), ("phone", ""), ("password", PASSWORD)];
    let signed_up = led_to(browser().post(format!("{users}/signup")).form(&form)).await;
    assert!(signed_up.starts_with(&format!("{chat}/?jwt=")), "{signed_up}");
    // a stranger at the chat is sent to the login, and from there back with a token
    assert_eq!(led_to(browser().get(format!("{chat}/"))).await, format!("{auth}/login"));
    let login = [("userID", "ann"), ("password", PASSWORD)];
    let logged_in = led_to(browser().post(format!("{auth}/login")).form(&login)).await;
    let token = logged_in.strip_prefix(&format!("{chat}/?jwt=")).unwrap_or_else(|| panic!("{logged_in}"));
    let page = browser().get(&logged_in).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(page.contains("hx-ws:connect") && page.contains(&format!("{users}/account")), "{page}");

    let mut socket = Socket::open(addresses[2].parse().unwrap(), token, 0).await.unwrap();
    socket.send("hello", "c1").await.unwrap();
    socket.sees("hello").await;
    // each answers for its own role only, and the same token is good for all
    for (server, path, status) in [
        (&users, "/api/users/ann", 200),
        (&chat, "/api/users/ann", 404),
        (&auth, "/api/messages", 404),
        (&chat, "/api/messages", 200),
    ] {
        let answer = browser().get(format!("{server}{path}")).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status(), status, "{server}{path}");
    }
    // logged out of one, out of all
    let left = browser().post(format!("{auth}/logout")).bearer_auth(token).send().await.unwrap();
    assert!(left.status().is_redirection() || left.status().is_success(), "{}", left.status());
    let (code, took) = closed(&mut socket, Instant::now()).await;
    assert!(code == 1008 && took < SOON, "{code} after {took:?}");
}
