//! `natter import` of a database that the Node application wrote.

use mongodb::bson::{DateTime, doc, oid::ObjectId};
use natter::domain::UserId;
use natter_test_support::Mongod;

use crate::{
    store::TestDatabase,
    support::{Natter, NodeDatabase, log_of, natter, natter_with, object_id, texts_of},
};

const HASH: &str = "$2b$10$7cHeklJzsTa9dotP7CLrw.shTorFKequ91.bVHLPj.dfE0y.ppt8e";

#[tokio::test(flavor = "multi_thread")]
async fn data_of_the_node_application_is_imported_into_the_embedded_database() {
    import_data_of_the_node_application(&TestDatabase::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_of_the_node_application_is_imported_into_mongodb() {
    import_data_of_the_node_application(&TestDatabase::mongodb().await).await;
}

async fn import_data_of_the_node_application(database: &TestDatabase) {
    let node = NodeDatabase::written_by_node().await;
    let import = node.import_into(database).await;
    assert_eq!(import.code, 1, "both documents of bob have the empty message: {}", import.err);
    assert_eq!(import.err.lines().last(), Some("natter: 2 were left out, see above; everything else was imported"));
    for expected in [
        "merged    user",
        "name \"Bob again\", e-mail \"bob@example.org\", phone \"113\"",
        "(\"ADA\"): another account has the userID ADA, it is ADA-2 now; \
         another account has the e-mail address ADA@example.org, it is ADA-2@imported.invalid now",
        "the userID \"jürgen müller\" is invalid, it is j_rgen_m_ller now",
        "the phone number \"030/123.45\" is invalid, it is 030-123-45 now",
        "the userID \"x\" is invalid, it is x__ now",
        "it is longer than 4000 characters, it is 2 messages now",
        "users     6 read, 5 added, 1 merged\n",
        "messages  12 read, 8 added, 2 already present, 2 left out\n",
        "There is no admin yet. To make one, run: natter user admin USERID",
    ] {
        import.says(expected);
    }
    assert_eq!((import.lines_with("it is empty").len(), import.lines_with("repaired  user").len()), (2, 3));

    let expected = [
        ("ada", "Hello, is anybody here?"),
        ("bob", "I am, twice"),
        ("ada", "The engine weaves patterns."),
        ("ADA-2", "I am another Ada"),
        ("j_rgen_m_ller", "Grüße 👋 <b>ä</b>"),
        ("x__", &"x".repeat(3000)),
        ("x__", &"y".repeat(3000)),
        ("ada", "two\nlines"),
        ("bob", "two\nlines"),
    ];
    assert_eq!(texts_of(database).await, expected.map(|(who, what)| (who.to_owned(), what.to_owned())));
    let log = log_of(database).await;

    let again = node.import_into(database).await;
    again.says("users     6 read, 0 added, 5 already present, 1 merged\n");
    again.says("messages  12 read, 0 added, 10 already present, 2 left out\n");
    assert_eq!(again.lines_with("repaired"), [""; 0], "nothing was added, so nothing was repaired");
    assert_eq!(log_of(database).await, log, "nothing is doubled or moved");

    let natter = Natter::start(database).await;
    assert_eq!(natter.log_in("bob", "another one of bob").await, None, "the first stored document is used");
    for (user_id, password) in [("bob", "bob's long secret"), ("j_rgen_m_ller", "jürgen's long secret")] {
        assert!(natter.log_in(user_id, password).await.is_some(), "{user_id} logs in with the old password");
    }
    let ada = natter.log_in("ada", "ada's long secret").await.unwrap();
    let (_, user) = natter.get(&ada, "/api/users/ada").await;
    assert_eq!((&user["role"], &user["phone"]), (&"member".into(), &"+44 20 7946 0001".into()));
    let written: serde_json::Value =
        serde_json::from_str(include_str!("node-app.jsonl").lines().next().unwrap()).unwrap();
    let first = written["messages"][0]["sentTime"]["$date"]["$numberLong"].as_str().unwrap();
    assert_eq!(log[0].sent_at.0.to_string(), first, "the time of sending is kept");
    assert_eq!(natter.post(&ada, "goes on").await, 10);
    natter.stop().await;
    for user_id in ["ada", "bob"] {
        let unread = if user_id == "bob" { 1 } else { 0 };
        assert_eq!(unread_of(database, user_id).await, unread, "what was imported is read by {user_id}");
    }
}

async fn unread_of(database: &TestDatabase, user_id: &str) -> u64 {
    let store = database.open().await;
    let user = store.user(&UserId::parse(user_id).unwrap()).await.unwrap().unwrap();
    let rooms = store.rooms_of(&user, None, 10).await.unwrap();
    store.close().await;
    rooms[0].unread
}

/// More messages than one batch, some with equal times, in documents of another order.
#[tokio::test(flavor = "multi_thread")]
async fn messages_of_all_users_are_imported_in_one_order() {
    let (node, database) = (NodeDatabase::empty().await, TestDatabase::embedded());
    let message = |user: i64, n: i64| {
        let at = 1_600_000_000_000 + (n * 40 + (user * 17) % 40) / 2; // pairs share a time
        doc! { "_id": ObjectId::new(), "sentTime": DateTime::from_millis(at), "message": format!("{at} {user} {n}") }
    };
    let user = |user: i64| {
        let (user_id, email) = (format!("user{user}"), format!("u{user}@example.org"));
        let messages: Vec<_> = (0..50).map(|n| message(user, n)).collect();
        doc! { "userID": user_id, "name": "U", "password": HASH, "email": email, "phone": "", "messages": messages }
    };
    node.insert_users((0..40).map(user)).await;
    node.import_into(&database).await.ok().says("messages  2000 read, 2000 added\n");
    let log = log_of(&database).await;
    assert_eq!(log.len(), 2000);
    assert!(log.is_sorted_by_key(|message| message.sent_at));
    assert!(log.iter().zip(1..).all(|(message, n)| (message.seq(), message.rev) == (n, n)));

    // the Node application continues to be used
    let users = node.0.mongo().await.collection::<mongodb::bson::Document>("users");
    let push = doc! { "$push": { "messages": message(3, 60) } };
    users.update_one(doc! { "userID": "user3" }, push).await.unwrap();
    node.insert_users([user(40)]).await;
    let again = node.import_into(&database).await.ok();
    again.says("users     41 read, 1 added, 40 already present\n");
    again.says("messages  2051 read, 51 added, 2000 already present\n");
    assert_eq!(log_of(&database).await[..2000], log[..]);
}

/// The Node application needs no replica set. The command is spelled as in the specification.
#[tokio::test(flavor = "multi_thread")]
async fn the_source_needs_no_replica_set() {
    let server = Mongod::start(&[]);
    let users = server.connect().await.database("People").collection("users");
    let user = doc! { "userID": "ada", "name": "Ada", "password": HASH, "email": "ada@example.org", "phone": "" };
    users.insert_one(user).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("new");
    let url = server.url("");
    let from = ["import", "--from", url.trim_end_matches('/'), "--database", "People", "--data-dir"];
    let done = natter(&[&from[..], &[data.to_str().unwrap()]].concat()).await.ok();
    done.says("users     1 read, 1 added\nmessages  0 read, 0 added\n");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&data).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700, "only the owner can use the directory");
}

/// After `import`, `--database` is the name of the Node application's database; everywhere else it is natter's database.
#[tokio::test(flavor = "multi_thread")]
async fn natters_database_is_set_by_a_variable_or_a_flag() {
    let (node, by_variable, by_flag) =
        (NodeDatabase::written_by_node().await, TestDatabase::mongodb().await, TestDatabase::mongodb().await);
    let (server, name) = node.url().rsplit_once('/').unwrap();
    let import = ["import", "--from", server, "--database", name];
    let setting = [("NATTER_DATABASE_URL", by_variable.url())];
    natter_with(&setting, &import).await.says(&format!("database {name}\nto    {}\n", by_variable.url()));
    natter_with(&setting, &[&import[..], &["--to", by_flag.url()]].concat()).await.says("12 read, 8 added");
    for database in [&by_variable, &by_flag] {
        assert_eq!(log_of(database).await.len(), 9);
        natter(&["--database", database.url(), "import", "--from", node.url()]).await.says("12 read, 0 added");
    }
}

fn one_message(user_id: &str, text: &str) -> mongodb::bson::Document {
    let message = doc! { "_id": ObjectId::new(), "sentTime": DateTime::now(), "message": text };
    let email = format!("{user_id}@example.org");
    doc! { "userID": user_id, "name": "U", "password": HASH, "email": email, "phone": "", "messages": [message] }
}

/// In the Node application a user could take the userID of another. Earlier messages still belong to their author.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_user_id_moves_no_messages() {
    for database in [TestDatabase::embedded(), TestDatabase::mongodb().await] {
        let node = NodeDatabase::empty().await;
        node.insert_users([one_message("ada", "I am Ada"), one_message("bob", "I am Bob")]).await;
        node.import_into(&database).await.ok().says("users     2 read, 2 added\n");
        let log = log_of(&database).await;
        let users = node.0.mongo().await.collection::<mongodb::bson::Document>("users");
        users.update_one(doc! { "userID": "bob" }, doc! { "$set": { "userID": "ada" } }).await.unwrap();
        let again = node.import_into(&database).await.ok();
        again.says("users     2 read, 0 added, 2 already present\n");
        again.says("messages  2 read, 0 added, 2 already present\n");
        assert_eq!(log_of(&database).await, log);
    }
}

/// The Node application's findOne returns the first stored document, whatever its `_id`, so that user logged in.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_stored_document_with_a_user_id_is_used() {
    let (node, database) = (NodeDatabase::empty().await, TestDatabase::embedded());
    let with_id = |second, text| {
        let mut user = one_message("ada", text);
        user.insert("_id", object_id(second, 1));
        user
    };
    node.insert_users([with_id(2_000_000, "stored first"), with_id(1_000_000, "stored second")]).await;
    let import = node.import_into(&database).await.ok();
    assert!(import.lines_with("merged    user")[0].contains(&object_id(1_000_000, 1).to_hex()), "{import:?}");
}
