//! Several natter processes on one database: a revocation reaches all of them, and each role can have its own process.

use std::time::{Duration, Instant};

use natter_test_support::{ReplicaSet, free_port};
use reqwest::{Client, Method, redirect::Policy};
use serde_json::json;
use tokio::time::timeout;

use crate::support::{Natter, PASSWORD, Socket};

/// Longest time that a socket at another process may stay open after a revocation.
const REVOCATION_LIMIT: Duration = Duration::from_secs(1);

/// Waits for the server's Close frame; returns its code and the time since `since`.
async fn close_code(socket: &mut Socket, since: Instant) -> (u16, Duration) {
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
async fn a_revocation_at_one_process_closes_sockets_at_the_other() {
    let set = ReplicaSet::of_one().await;
    let url = set.url("UsersData");
    let (first, second) = (Natter::start(&url), Natter::start(&url));
    first.register("ada").await; // the admin, who cannot be deleted
    let other = first.register("eve").await;
    let mut open = Socket::open(second.address, &other, 0).await.unwrap();

    for what in ["password", "deleted", "logged out"] {
        let user = what.replace(' ', "");
        let token = first.register(&user).await;
        let mut sockets = Vec::new();
        for natter in [&first, &second] {
            sockets.push(Socket::open(natter.address, &token, 0).await.unwrap());
        }
        let me = format!("/api/users/{user}");
        let request = match what {
            "password" => first
                .request(Method::PATCH, &me, &token)
                .json(&json!({ "password": "another one, longer", "currentPassword": PASSWORD })),
            "deleted" => first.request(Method::DELETE, &me, &token),
            _ => first.request(Method::POST, "/logout", &token),
        };
        let sent = Instant::now();
        let response = request.send().await.unwrap();
        assert!(
            response.status().is_success() || response.status().is_redirection(),
            "{what}: {}",
            response.text().await.unwrap()
        );
        for socket in &mut sockets {
            let (code, took) = close_code(socket, sent).await;
            assert!(code == 1008 && took < REVOCATION_LIMIT, "{what}: {code} after {took:?}");
        }
        println!("{what}: sockets at both processes closed within {:?}", sent.elapsed());
        assert_eq!(second.post(&token, "let me in").await, 401, "{what}");
    }
    assert_eq!(first.post(&other, "still here").await, 201);
    open.sees("still here").await;
}

/// A removal at one process ends the subscription at the other, and nothing that comes after it is sent there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_at_one_process_ends_the_subscription_at_the_other() {
    let set = ReplicaSet::of_one().await;
    let url = set.url("UsersData");
    let (first, second) = (Natter::start(&url), Natter::start(&url));
    let (ada, bob) = (first.register("ada").await, first.register("bob").await);
    let requests = |natter: &Natter, method: Method, path: String, token: &str, body: serde_json::Value| {
        let request = natter.request(method, &path, token).json(&body);
        async move {
            let response = request.send().await.unwrap();
            assert!(response.status().is_success(), "{path}: {}", response.text().await.unwrap());
            response.json::<serde_json::Value>().await.unwrap_or_default()
        }
    };
    let new = json!({ "name": "Lunch", "kind": "closed", "members": ["bob"] });
    let room = requests(&first, Method::POST, "/api/rooms".into(), &ada, new).await["id"].as_str().unwrap().to_owned();
    let (messages, member) = (format!("/api/rooms/{room}/messages"), format!("/api/rooms/{room}/members/bob"));
    for round in 0..20 {
        let mut socket = Socket::open_in(second.address, &bob, &room).await;
        let text = |what: &str| json!({ "message": format!("{what} {round}.") });
        requests(&first, Method::POST, messages.clone(), &ada, text("before")).await;
        socket.sees(&format!("before {round}.")).await;
        requests(&first, Method::DELETE, member.clone(), &ada, json!({})).await;
        requests(&first, Method::POST, messages.clone(), &ada, text("after")).await;
        let end = async {
            loop {
                let frame = socket.next().await.expect("the socket stays open");
                assert!(!frame.contains(&format!("after {round}.")), "{frame}");
                if frame.contains("\"gone\":true") {
                    return;
                }
            }
        };
        timeout(Duration::from_secs(20), end).await.expect("the subscription ends");
        requests(&second, Method::PUT, member.clone(), &ada, json!({})).await;
    }
}

/// Each role runs in a process of its own, on an address of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_three_processes_lead_to_each_other() {
    let set = ReplicaSet::of_one().await;
    let addresses: [String; 3] = std::array::from_fn(|_| format!("127.0.0.1:{}", free_port()));
    let [users, auth, chat] =
        addresses.each_ref().map(|address| format!("http://{}", address.replace("127.0.0.1", "localhost")));
    let start = |role: &str, n: usize| {
        let urls = ["--users-url", &users, "--auth-url", &auth, "--chat-url", &chat];
        Natter::start_with(
            &set.url("UsersData"),
            &[&["--roles", role, &format!("--{role}-addr"), &addresses[n]], &urls[..]].concat(),
        )
    };
    let _three = (start("users", 0), start("auth", 1), start("chat", 2));
    let browser = || Client::builder().redirect(Policy::none()).build().unwrap();
    let location_of = async |request: reqwest::RequestBuilder| {
        let response = request.header("accept", "text/html").send().await.unwrap();
        let location = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        location.unwrap_or_else(|| panic!("{} without a location", response.status()))
    };
    let form =
        [("userID", "ann"), ("name", "Ann"), ("email", "ann@example.org"), ("phone", ""), ("password", PASSWORD)];
    let signed_up = location_of(browser().post(format!("{users}/signup")).form(&form)).await;
    assert!(signed_up.starts_with(&format!("{chat}/?jwt=")), "{signed_up}");
    // the chat redirects a browser without a session to the login, which redirects back with a token
    assert_eq!(location_of(browser().get(format!("{chat}/"))).await, format!("{auth}/login"));
    let login = [("userID", "ann"), ("password", PASSWORD)];
    let logged_in = location_of(browser().post(format!("{auth}/login")).form(&login)).await;
    let token = logged_in.strip_prefix(&format!("{chat}/?jwt=")).unwrap_or_else(|| panic!("{logged_in}"));
    let page = browser().get(&logged_in).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(page.contains("hx-ws:connect") && page.contains(&format!("{users}/account")), "{page}");

    let mut socket = Socket::open(addresses[2].parse().unwrap(), token, 0).await.unwrap();
    socket.send("hello", "c1").await.unwrap();
    socket.sees("hello").await;
    // each process serves its own role only, and one token is valid for all three
    for (server, path, status) in [
        (&users, "/api/users/ann", 200),
        (&chat, "/api/users/ann", 404),
        (&auth, "/api/messages", 404),
        (&chat, "/api/messages", 200),
    ] {
        let response = browser().get(format!("{server}{path}")).bearer_auth(token).send().await.unwrap();
        assert_eq!(response.status(), status, "{server}{path}");
    }
    // a logout at one is a logout at all
    let logout = browser().post(format!("{auth}/logout")).bearer_auth(token).send().await.unwrap();
    assert!(logout.status().is_redirection() || logout.status().is_success(), "{}", logout.status());
    let (code, took) = close_code(&mut socket, Instant::now()).await;
    assert!(code == 1008 && took < REVOCATION_LIMIT, "{code} after {took:?}");
}
