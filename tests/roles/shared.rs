//! Processes with different roles on one MongoDB.

use std::time::Duration;

use mongodb::{
    Client as MongoClient,
    bson::{Document, doc},
};
use natter::app::{Server, roles::ServerRole};
use natter_test_support::{ReplicaSet, eventually};
use reqwest::Client;
use serde_json::json;

use crate::support::{PASSWORD, serve};

/// A process of its own data directory on the database, with these roles; another one serves the rest.
async fn process(database: &str, roles: &str, others: &[&str]) -> Server {
    let args = ["--database", database, "--roles", roles];
    let elsewhere = others.iter().flat_map(|flag| [flag, "http://localhost:1/"]);
    let (_dir, server) = serve(&args.into_iter().chain(elsewhere).collect::<Vec<_>>()).await.unwrap();
    server
}

/// The open change streams of all processes.
async fn change_streams(mongo: &MongoClient) -> usize {
    let pipeline = [
        doc! { "$currentOp": { "idleCursors": true } },
        doc! { "$match": { "cursor.originatingCommand.pipeline.0.$changeStream": { "$exists": true } } },
        doc! { "$group": { "_id": "$cursor.cursorId" } },
    ];
    let mut found = mongo.database("admin").aggregate(pipeline).await.unwrap();
    let mut count = 0;
    while found.advance().await.unwrap() {
        count += 1;
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_process_with_the_chat_role_runs_the_live_part() {
    let set = ReplicaSet::start(1, &[]).await;
    let url = set.members[0].url("UsersData");
    let mongo = MongoClient::with_uri_str(&url).await.unwrap();
    let leases = mongo.database("UsersData").collection::<Document>("leases");
    let accounts = process(&url, "users,auth", &["--chat-url"]).await;
    // a hub would take a lease and follow the events at once
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((leases.count_documents(doc! {}).await.unwrap(), change_streams(&mongo).await), (0, 0));

    let chat = process(&url, "chat", &["--users-url", "--auth-url"]).await;
    eventually("the chat has a lease", async || {
        (leases.count_documents(doc! {}).await.unwrap() == 1 && change_streams(&mongo).await == 1).then_some(())
    })
    .await;

    let user = json!({ "userID": "ann", "name": "Ann", "email": "ann@example.org", "password": PASSWORD });
    let address = |server: &Server, role| format!("http://{}", server.address_of(role).unwrap());
    let script = Client::new();
    let users = format!("{}/api/users", address(&accounts, ServerRole::Users));
    assert_eq!(script.post(users).json(&user).send().await.unwrap().status(), 201);
    let login = script
        .post(format!("{}/api/login", address(&accounts, ServerRole::Auth)))
        .json(&json!({ "userID": "ann", "password": PASSWORD }));
    let login: serde_json::Value = login.send().await.unwrap().json().await.unwrap();
    let messages = format!("{}/api/messages", address(&chat, ServerRole::Chat));
    let posted = script.post(messages).bearer_auth(login["jwtToken"].as_str().unwrap());
    assert_eq!(posted.json(&json!({ "message": "hello" })).send().await.unwrap().status(), 201);
    assert_eq!((leases.count_documents(doc! {}).await.unwrap(), change_streams(&mongo).await), (1, 1));
    accounts.stop().await;
    chat.stop().await;
}
