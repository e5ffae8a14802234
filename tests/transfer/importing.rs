//! A database that the Node application wrote comes over, once.

use mongodb::bson::{DateTime, doc, oid::ObjectId};

use crate::{
    store::{Mongod, Place},
    support::{Natter, Old, log_of, made_at, natter, natter_with, said},
};

const HASH: &str = "$2b$10$7cHeklJzsTa9dotP7CLrw.shTorFKequ91.bVHLPj.dfE0y.ppt8e";

#[tokio::test(flavor = "multi_thread")]
async fn what_node_wrote_comes_into_the_embedded_database() {
    what_node_wrote_comes_over(&Place::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_node_wrote_comes_into_mongodb() {
    what_node_wrote_comes_over(&Place::mongodb().await).await;
}

async fn what_node_wrote_comes_over(place: &Place) {
    let old = Old::written_by_node().await;
    let import = old.import_into(place).await;
    assert_eq!(import.code, 1, "the empty message is in both documents of bob: {}", import.err);
    assert_eq!(import.err.lines().last(), Some("natter: 2 were left out, see above; everything else was imported"));
    for told in [
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
        import.says(told);
    }
    assert_eq!((import.about("it is empty").len(), import.about("repaired  user").len()), (2, 3));

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
    assert_eq!(said(place).await, expected.map(|(who, what)| (who.to_owned(), what.to_owned())));
    let log = log_of(place).await;

    let again = old.import_into(place).await;
    again.says("users     6 read, 0 added, 5 already present, 1 merged\n");
    again.says("messages  12 read, 0 added, 10 already present, 2 left out\n");
    assert_eq!(again.about("repaired"), [""; 0], "nothing was carried, and so nothing repaired");
    assert_eq!(log_of(place).await, log, "nothing is doubled, nothing moved");

    let natter = Natter::start(place).await;
    assert_eq!(natter.log_in("bob", "another one of bob").await, None, "the document that is stored first counts");
    for (user_id, password) in [("bob", "bob's long secret"), ("j_rgen_m_ller", "jürgen's long secret")] {
        assert!(natter.log_in(user_id, password).await.is_some(), "{user_id} logs in as ever");
    }
    let ada = natter.log_in("ada", "ada's long secret").await.unwrap();
    let (_, user) = natter.get(&ada, "/api/users/ada").await;
    assert_eq!((&user["role"], &user["phone"]), (&"member".into(), &"+44 20 7946 0001".into()));
    let written: serde_json::Value =
        serde_json::from_str(include_str!("node-app.jsonl").lines().next().unwrap()).unwrap();
    let first = written["messages"][0]["sentTime"]["$date"]["$numberLong"].as_str().unwrap();
    assert_eq!(log[0].sent_at.0.to_string(), first, "with the time it was sent");
    assert_eq!(natter.post(&ada, "goes on").await, 10);
    natter.stop().await;
}

/// More than goes at once, with equal times, and from documents in another order.
#[tokio::test(flavor = "multi_thread")]
async fn messages_of_all_users_stand_in_one_order() {
    let (old, place) = (Old::new().await, Place::embedded());
    let message = |user: i64, n: i64| {
        let at = 1_600_000_000_000 + (n * 40 + (user * 17) % 40) / 2; // pairs share a time
        doc! { "_id": ObjectId::new(), "sentTime": DateTime::from_millis(at), "message": format!("{at} {user} {n}") }
    };
    let user = |user: i64| {
        let (user_id, email) = (format!("user{user}"), format!("u{user}@example.org"));
        let messages: Vec<_> = (0..50).map(|n| message(user, n)).collect();
        doc! { "userID": user_id, "name": "U", "password": HASH, "email": email, "phone": "", "messages": messages }
    };
    old.holds((0..40).map(user)).await;
    old.import_into(&place).await.ok().says("messages  2000 read, 2000 added\n");
    let log = log_of(&place).await;
    assert_eq!(log.len(), 2000);
    assert!(log.is_sorted_by_key(|message| message.sent_at));
    assert!(log.iter().zip(1..).all(|(message, n)| (message.seq, message.rev) == (n, n)));

    // people go on writing over there
    let users = old.0.raw().await.collection::<mongodb::bson::Document>("users");
    let push = doc! { "$push": { "messages": message(3, 60) } };
    users.update_one(doc! { "userID": "user3" }, push).await.unwrap();
    old.holds([user(40)]).await;
    let again = old.import_into(&place).await.ok();
    again.says("users     41 read, 1 added, 40 already present\n");
    again.says("messages  2051 read, 51 added, 2000 already present\n");
    assert_eq!(log_of(&place).await[..2000], log[..]);
}

/// What the Node application runs on: no replica set. And as the mission spells the command.
#[tokio::test(flavor = "multi_thread")]
async fn the_source_needs_no_replica_set() {
    let server = Mongod::start(&[]);
    let users = server.direct().await.database("People").collection("users");
    let user = doc! { "userID": "ada", "name": "Ada", "password": HASH, "email": "ada@example.org", "phone": "" };
    users.insert_one(user).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("new");
    let url = server.url("");
    let from = ["import", "--from", url.trim_end_matches('/'), "--database", "People", "--data-dir"];
    let done = natter(&[&from[..], &[data.to_str().unwrap()]].concat()).await.ok();
    done.says("users     1 read, 1 added\nmessages  0 read, 0 added\n");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&data).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700, "the directory is its owner's alone");
}

/// `--database` is the old database's name behind `import`, and natter's own everywhere else.
#[tokio::test(flavor = "multi_thread")]
async fn natters_own_database_is_found_by_its_settings() {
    let (old, by_variable, by_flag) = (Old::written_by_node().await, Place::mongodb().await, Place::mongodb().await);
    let (server, name) = old.url().rsplit_once('/').unwrap();
    let import = ["import", "--from", server, "--database", name];
    let setting = [("NATTER_DATABASE_URL", by_variable.url())];
    natter_with(&setting, &import).await.says(&format!("database {name}\nto    {}\n", by_variable.url()));
    natter_with(&setting, &[&import[..], &["--to", by_flag.url()]].concat()).await.says("12 read, 8 added");
    for place in [&by_variable, &by_flag] {
        assert_eq!(log_of(place).await.len(), 9);
        natter(&["--database", place.url(), "import", "--from", old.url()]).await.says("12 read, 0 added");
    }
}

fn one_message(user_id: &str, text: &str) -> mongodb::bson::Document {
    let message = doc! { "_id": ObjectId::new(), "sentTime": DateTime::now(), "message": text };
    let email = format!("{user_id}@example.org");
    doc! { "userID": user_id, "name": "U", "password": HASH, "email": email, "phone": "", "messages": [message] }
}

/// Over there anybody could take the userID of another, and what they wrote was theirs before that.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_id_that_changed_since_moves_no_messages() {
    for place in [Place::embedded(), Place::mongodb().await] {
        let old = Old::new().await;
        old.holds([one_message("ada", "I am Ada"), one_message("bob", "I am Bob")]).await;
        old.import_into(&place).await.ok().says("users     2 read, 2 added\n");
        let log = log_of(&place).await;
        let users = old.0.raw().await.collection::<mongodb::bson::Document>("users");
        users.update_one(doc! { "userID": "bob" }, doc! { "$set": { "userID": "ada" } }).await.unwrap();
        let again = old.import_into(&place).await.ok();
        again.says("users     2 read, 0 added, 2 already present\n");
        again.says("messages  2 read, 0 added, 2 already present\n");
        assert_eq!(log_of(&place).await, log);
    }
}

/// As the Node application's findOne does, which takes the first that is stored, whatever its `_id`.
#[tokio::test(flavor = "multi_thread")]
async fn of_documents_with_one_user_id_the_one_that_logged_in_counts() {
    let (old, place) = (Old::new().await, Place::embedded());
    let with_id = |second, text| {
        let mut user = one_message("ada", text);
        user.insert("_id", made_at(second, 1));
        user
    };
    old.holds([with_id(2_000_000, "stored first"), with_id(1_000_000, "stored second")]).await;
    let import = old.import_into(&place).await.ok();
    assert!(import.about("merged    user")[0].contains(&made_at(1_000_000, 1).to_hex()), "{import:?}");
}
