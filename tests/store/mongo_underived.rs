//! A change on MongoDB counts once its document is in the log, even if the process ended before it derived what the change
//! does to the room and its members.

use mongodb::bson::{DateTime, Document, doc};
use natter::{
    domain::{Action, ClientId, Notice, ReadMark, RoomAction, RoomKind, User},
    store::Error,
};
use natter_test_support::eventually;

use crate::{
    members::{Member, in_lobby},
    mongo_removals::key,
    support::TestDatabase,
};

/// Writes the document of the room's next change, and nothing else.
async fn commit_notice(database: &TestDatabase, room: &Member, by: &User, notice: &Notice) {
    let rev = room.head().await as i64 + 1;
    let document = doc! {
        "_id": { "room": room.room().as_str(), "rev": rev }, "seq": rev, "author": key(by.key),
        "clientID": ClientId::generate().as_str(), "sentTime": DateTime::now(), "texts": 0_i64, "authorTexts": 0_i64,
        "notice": serde_json::to_string(notice).unwrap(),
    };
    database.mongo().await.collection::<Document>("log").insert_one(document).await.unwrap();
}

/// Whether the user is a member of the closed room when they ask for it, list their rooms, and enter it.
async fn is_member(user: &Member, room: &Member) -> [bool; 3] {
    let ids = [room.room().clone()];
    [
        !user.store.summaries(&user.user, &ids).await.unwrap().is_empty(),
        user.rooms().await.iter().any(|found| found.room.id == ids[0]),
        user.enter(room.room()).await.is_ok(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_membership_that_is_not_derived_is_lost() {
    let database = TestDatabase::mongodb().await;
    let [_, bob, cyd] = in_lobby(&database, ["ada", "bob", "cyd"]).await;
    let removed = Notice::Removed { user: cyd.user.key, heir: None };
    for (notice, by) in [(removed, &bob), (Notice::Left { heir: None }, &cyd)] {
        // each question is the first one
        for question in 0..3 {
            let room = bob.create(RoomKind::Closed, &[&cyd]).await;
            commit_notice(&database, &room, &by.user, &notice).await;
            let ids = [room.room().clone()];
            let is_member = match question {
                0 => cyd.rooms().await.iter().any(|found| found.room.id == ids[0]),
                1 => !cyd.store.summaries(&cyd.user, &ids).await.unwrap().is_empty(),
                _ => cyd.enter(room.room()).await.is_ok(),
            };
            assert!(!is_member, "{notice:?}, question {question}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_membership_that_is_not_derived_has_begun() {
    let database = TestDatabase::mongodb().await;
    let [_, bob, cyd] = in_lobby(&database, ["ada", "bob", "cyd"]).await;
    let room = bob.create(RoomKind::Closed, &[]).await;
    assert_eq!(is_member(&cyd, &room).await, [false; 3]);
    commit_notice(&database, &room, &bob.user, &Notice::Added { user: cyd.user.key }).await;
    assert_eq!(is_member(&cyd, &room).await, [true; 3]);
    let own = cyd.enter(room.room()).await.unwrap().own().await;
    assert_eq!(own.mark, ReadMark::of_new(1, 1));
    commit_notice(&database, &room, &bob.user, &Notice::Removed { user: cyd.user.key, heir: None }).await;
    room.post("only for members").await;
    assert_eq!(is_member(&cyd, &room).await, [false; 3]);
    assert_eq!(room.head().await, 3);
}

/// Its notice is in the log, and then the process ended.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_is_not_derived_counts() {
    let database = TestDatabase::mongodb().await;
    let [_, bob] = in_lobby(&database, ["ada", "bob"]).await;
    let room = bob.create(RoomKind::Closed, &[]).await;
    room.manage(RoomAction::Archive).await;
    let log = database.mongo().await.collection::<Document>("log");
    let mut notice = log.find_one(doc! { "_id.room": room.room().as_str() }).await.unwrap().unwrap();
    notice.insert("_id", doc! { "room": room.room().as_str(), "rev": 2_i64 });
    notice.extend(doc! { "seq": 2_i64, "clientID": "another", "notice": "{\"kind\":\"deleted\"}" });
    log.insert_one(notice).await.unwrap();
    assert!(matches!(bob.enter(room.room()).await, Err(Error::NoSuchRoom)));
    assert_eq!(bob.store.heads(std::slice::from_ref(room.room())).await.unwrap(), [None]);
    assert!(matches!(room.give(Action::Room(RoomAction::Unarchive)).await, Err(Error::NoSuchRoom)));
    assert_eq!(bob.rooms().await.len(), 1, "the lobby");
}

/// The process that deleted the account of the owner ended after it named an heir, whose account is deleted as well.
#[tokio::test(flavor = "multi_thread")]
async fn an_heir_who_is_deleted_breaks_no_room() {
    let database = TestDatabase::mongodb().await;
    let [ada, bob, cyd] = in_lobby(&database, ["ada", "bob", "cyd"]).await;
    let room = ada.create(RoomKind::Open, &[]).await;
    room.manage(RoomAction::SetEveryone(true)).await;
    let cyds = cyd.enter(room.room()).await.unwrap();
    let stored = database.mongo().await;
    eventually("everybody is a member", async || {
        let rooms = stored.collection::<Document>("rooms");
        (rooms.count_documents(doc! { "adding": true }).await.unwrap() == 0).then_some(())
    })
    .await;
    let memberships = stored.collection::<Document>("memberships");
    let of_heir = doc! { "_id": { "room": room.room().as_str(), "user": key(bob.user.key) } };
    memberships.delete_one(of_heir).await.unwrap();
    commit_notice(&database, &room, &ada.user, &Notice::Left { heir: Some(bob.user.key) }).await;
    cyds.post("hello").await;
    let members = cyd.store.members_after(&cyds.access, None, 10).await.unwrap();
    assert!(members.iter().all(|member| member.person.key != bob.user.key));
}
