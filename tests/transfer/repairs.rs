//! The Node application validated nothing: an import repairs invalid data or leaves it out, and reports both.

use mongodb::bson::{Bson, DateTime, Document, doc};

use crate::{
    store::TestDatabase,
    support::{Natter, NodeDatabase, log_of, object_id, texts_of},
};

const HASH: &str = "$2a$04$zfb4VzZHcRmWtHs6fUoJwuMaF5wzCMiCSMAuRWJqMRqPTDbXOxAtC";
/// 2020-09-13, 12:26:40.
const DAY: u32 = 1_600_000_000;

/// A valid user, except for the fields in `invalid`. A field that is `Undefined` is omitted.
fn user(number: u8, invalid: Document) -> Document {
    let (user_id, email) = (format!("user{number}"), format!("u{number}@example.org"));
    let mut user = doc! {
        "_id": object_id(DAY, number), "userID": user_id, "name": "U", "password": HASH, "email": email, "phone": "112",
        "messages": [],
    };
    user.extend(invalid);
    user.into_iter().filter(|(_, value)| *value != Bson::Undefined).collect()
}

fn message(number: u8, text: impl Into<Bson>) -> Document {
    let at = DateTime::from_millis(i64::from(DAY) * 1000 + i64::from(number));
    doc! { "_id": object_id(DAY, number), "sentTime": at, "message": text.into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_users_are_repaired() {
    for database in [TestDatabase::embedded(), TestDatabase::mongodb().await] {
        repair_users_in(&database).await;
    }
}

async fn repair_users_in(database: &TestDatabase) {
    let node = NodeDatabase::empty().await;
    let missing = Bson::Undefined;
    let nothing = doc! { "userID": &missing, "name": &missing, "email": &missing, "phone": &missing,
    "password": &missing, "messages": &missing };
    let cases = [
        (doc! {}, vec![]),
        (
            nothing,
            vec!["it has no userID, it is user-5f5e10000000000000000002 now", "no name", "no e-mail", "not a bcrypt"],
        ),
        (
            doc! { "userID": 4711, "name": true },
            vec![r#"userID was not text, it is "4711" now"#, r#"it is "true" now"#],
        ),
        (doc! { "userID": ["a"], "name": { "a": 1 } }, vec!["the userID was a list", "the name was an object"]),
        (doc! { "password": "correct horse" }, vec!["its password is not a bcrypt hash"]),
        (doc! { "email": "U1@EXAMPLE.org" }, vec!["another account has the e-mail address U1@EXAMPLE.org"]),
        (doc! { "userID": "USER1" }, vec!["another account has the userID USER1, it is USER1-2 now"]),
        (doc! { "userID": "User1" }, vec!["another account has the userID User1, it is User1-3 now"]),
        (doc! { "name": "a\u{1b}[31mb\u{202e}c" }, vec![r#"the name "a\u{1b}[31mb\u{202e}c" is invalid"#]),
        (doc! { "phone": "call me" }, vec!["it is empty now"]),
    ];
    node.insert_users((1..).zip(&cases).map(|(number, (invalid, _))| user(number, invalid.clone()))).await;
    let import = node.import_into(database).await.ok();
    for (number, (_, repairs)) in (1..).zip(&cases) {
        let lines = import.lines_with(&format!("user {}", object_id(DAY, number)));
        assert_eq!(lines.len(), usize::from(!repairs.is_empty()), "{lines:?}");
        assert!(repairs.iter().all(|repair| lines[0].contains(repair)), "{lines:?} lacks some of {repairs:?}");
    }
    import.says("users     10 read, 10 added\n");
    import.says("repaired  9, see above\n");
    node.import_into(database).await.ok().says("users     10 read, 0 added, 10 already present\n");

    let natter = Natter::start(database).await;
    assert_eq!(natter.log_in("user5", "correct horse").await, None, "a stored text that is no hash is not a password");
    natter.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_messages_are_repaired_or_left_out() {
    for database in [TestDatabase::embedded(), TestDatabase::mongodb().await] {
        repair_messages_in(&database).await;
    }
}

async fn repair_messages_in(database: &TestDatabase) {
    let node = NodeDatabase::empty().await;
    let at = DateTime::from_millis(i64::from(DAY) * 1000 + 50);
    let mut undated = message(20, "by its id's time");
    undated.remove("sentTime");
    let mut invalid_time = message(21, "an invalid time");
    invalid_time.insert("sentTime", "last tuesday");
    let mut as_text = message(22, "the time as text");
    as_text.insert("sentTime", "2020-09-13T12:26:40.030Z");
    let mut far = message(23, "in the year 20000");
    far.insert("sentTime", DateTime::from_millis(569_034_205_000_000));
    let same_id = [message(24, "one id"), message(24, "for two")];
    let messages: Vec<Bson> = vec![
        message(1, "in order").into(),
        message(2, "").into(),
        message(3, " \n\t").into(),
        message(4, Bson::Null).into(),
        message(5, doc! { "a": 1 }).into(),
        message(6, 42).into(),
        message(7, "word ".repeat(2000)).into(),
        undated.into(),
        invalid_time.into(),
        as_text.into(),
        far.into(),
        same_id[0].clone().into(),
        same_id[1].clone().into(),
        doc! { "sentTime": at, "message": "twins" }.into(),
        doc! { "sentTime": at, "message": "twins" }.into(),
        "bare text".into(),
        Bson::Null,
    ];
    node.insert_users([user(1, doc! { "messages": messages }), user(2, doc! { "messages": "no list" })]).await;
    let import = node.import_into(database).await;
    assert_eq!(import.code, 1);
    assert_eq!(import.err.lines().last(), Some("natter: 6 were left out, see above; everything else was imported"));
    let id = |number| format!("message {} of user", object_id(DAY, number));
    for (what, (kind, why)) in [
        (id(2), "left out", "it is empty"),
        (id(3), "left out", "it is empty"),
        (id(4), "left out", "it has no text"),
        (id(5), "left out", "it is an object, not text"),
        (id(6), "repaired", r#"it was not text, it is "42" now"#),
        (id(7), "repaired", "it is 3 messages now"),
        (id(20), "repaired", "its sentTime is missing, it is 2020-09-13T12:26:40.000Z now"),
        (id(21), "repaired", r#"its sentTime is "last tuesday", it is 2020-09-13T12:26:40.000Z now"#),
        (id(22), "repaired", "it is 2020-09-13T12:26:40.030Z now"),
        (id(23), "repaired", "it is 2020-09-13T12:26:40.000Z now"),
        ("message 15 of user".into(), "repaired", "its sentTime is missing"),
        ("message 16 of user".into(), "left out", "it has no text"),
        (format!("user {}", object_id(DAY, 2)), "left out", r#"its messages are "no list", not a list"#),
    ]
    .map(|(what, kind, why)| (what, (kind, why)))
    {
        let lines = import.lines_with(&what);
        assert!(matches!(&lines[..], [line] if line.starts_with(kind) && line.contains(why)), "{what}: {lines:?}");
    }
    assert_eq!(import.lines_with(&id(1)), [""; 0]);
    import.says("messages  18 read, 12 added, 6 left out\n");

    let texts: Vec<String> = texts_of(database).await.into_iter().map(|(_, text)| text).collect();
    for (text, times) in [("twins", 2), ("one id", 1), ("for two", 1), ("bare text", 1), ("42", 1), ("in order", 1)] {
        assert_eq!(texts.iter().filter(|found| *found == text).count(), times, "{text}");
    }
    let log = log_of(database).await;
    assert!(log.is_sorted_by_key(|message| message.sent_at));
    node.import_into(database).await.says("messages  18 read, 0 added, 12 already present, 6 left out\n");
    assert_eq!(log_of(database).await, log);
}

/// An `_id` may have any type if Mongoose did not assign it.
#[tokio::test(flavor = "multi_thread")]
async fn ids_of_other_types_are_escaped_and_not_read_as_times() {
    let (node, database) = (NodeDatabase::empty().await, TestDatabase::embedded());
    let far = DateTime::from_millis(569_034_205_000_000);
    let long_ago = DateTime::from_millis(-1_000_000_000_000);
    let messages: Vec<Bson> = vec![
        doc! { "_id": far, "message": "by its user's time" }.into(),
        doc! { "_id": "\u{1b}[2J", "message": "obeyed?" }.into(),
    ];
    let bare: Vec<Bson> = vec![doc! { "message": "in 1970" }.into()];
    node.insert_users([
        user(1, doc! { "messages": messages }),
        user(2, doc! { "_id": "\u{1b}[31m", "name": "" }),
        user(3, doc! { "_id": long_ago, "messages": bare }),
    ])
    .await;
    let import = node.import_into(&database).await.ok();
    assert!(!import.out.contains('\u{1b}'), "{:?}", import.out);
    import.says("user \"\\u{1b}[31m\"");
    import.says("message \"\\u{1b}[2J\"");
    let at: Vec<(i64, Option<String>)> = log_of(&database)
        .await
        .into_iter()
        .map(|message| (message.sent_at.0, message.text().map(str::to_owned)))
        .collect();
    let by_user = i64::from(DAY) * 1000;
    for (time, text) in [(0, "in 1970"), (by_user, "by its user's time"), (by_user, "obeyed?")] {
        assert!(at.contains(&(time, Some(text.into()))), "{at:?}");
    }
}
