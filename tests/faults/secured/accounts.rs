//! Users of MongoDB, by name and password.

use std::time::Duration;

use tokio::time::timeout;

use super::{READ_WRITE, SecuredMongod, refusal};
use crate::support::{Natter, Socket};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn natter_works_over_tls_with_the_two_roles_and_is_refused_without() {
    let server = SecuredMongod::start().await;
    server.add_user("natter", "secret@/:", READ_WRITE).await;
    server.add_user("writer", "secret", ["readWrite"]).await;
    server.add_user("reader", "secret", ["read"]).await;
    server.add_user("nobody", "secret", []).await;

    // a new database
    let grant = r#"run once as an admin: db.getSiblingDB("admin").grantRolesToUser("writer", [{role: "readWrite", db"#;
    refusal(server.url("writer:secret@", ""), &["the user writer has no right to collMod in UsersData", grant]).await;

    let url = server.url("natter:secret%40%2F%3A@", "");
    let (first, second) = (Natter::start(&url), Natter::start(&url));
    let token = first.register("ada").await;
    let mut page = Socket::enter(second.address, &token).await;
    assert_eq!(first.post(&token, "by TLS").await, 201);
    timeout(Duration::from_secs(20), page.sees("by TLS")).await.expect("the other process shows the message");
    let log = second.whole_log(&token).await;
    assert_eq!(log.last().unwrap().message.as_deref(), Some("by TLS"));
    for log in [first.log(), second.log()] {
        assert_eq!(log, "");
    }
    drop((first, second, page));

    // a database with the schema
    let no_right = ["the user reader has no right to insert, update, remove in UsersData", r#"ToUser("reader""#];
    let nothing = ["the user nobody has no right to find, insert, update, remove, changeStream in UsersData"];
    let login = ["MongoDB refused the login (SCRAM failure: ", "created in the database admin (authSource"];
    let in_other = server.url("natter:secret%40%2F%3A@", "").replace("authSource=admin", "authSource=UsersData");
    let [reader, nobody, wrong, unknown, none] =
        ["reader:secret@", "nobody:secret@", "natter:secret@", "unknown:secret@", ""]
            .map(|login| server.url(login, ""));
    tokio::join!(
        refusal(&reader, &no_right),
        refusal(&nobody, &nothing),
        refusal(&wrong, &login),
        refusal(&unknown, &login),
        refusal(&in_other, &["MongoDB refused the login", "created in the database UsersData (authSource"]),
        refusal(&none, &["MongoDB requires a login; put user:password@ before the host"]),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_with_the_schema_needs_the_role_read_write_only() {
    let server = SecuredMongod::start().await;
    server.add_user("owner", "secret", ["dbOwner"]).await;
    server.add_user("writer", "secret", ["readWrite"]).await;
    drop(Natter::start(&server.url("owner:secret@", "")));
    let natter = Natter::start(&server.url("writer:secret@", ""));
    let token = natter.register("ada").await;
    assert_eq!(natter.post(&token, "hello").await, 201);
    assert_eq!(natter.log(), "");
}
