//! What only MongoDB does with rooms of everyone: their memberships are written some at a time, after the change.

use mongodb::bson::{Document, doc};
use natter::{
    domain::{Action, RoomAction, RoomKind, Timestamp},
    store::Error,
};
use natter_test_support::eventually;

use crate::{
    fail_point::FailPoint,
    members::{Member, in_lobby},
    mongo_removals::key,
    support::TestDatabase,
};

#[tokio::test(flavor = "multi_thread")]
async fn adding_every_account_goes_on_after_the_process_ended() {
    let database = TestDatabase::mongodb().await;
    let [ada, bob, cyd] = in_lobby(&database, ["ada", "bob", "cyd"]).await;
    let room = ada.create(RoomKind::Open, &[&cyd]).await;
    let cyds = cyd.enter(room.room()).await.unwrap();
    cyds.manage(RoomAction::Leave).await;
    let rooms = database.mongo().await.collection::<Document>("rooms");
    let interrupted = doc! { "$set": { "everyone": true, "adding": true } };
    rooms.update_one(doc! { "_id": room.room().as_str() }, interrupted).await.unwrap();
    ada.store.sweep(Timestamp::now()).await.unwrap();
    assert_eq!(room.store.member_count(&room.access).await.unwrap(), 3);
    for member in [&bob, &cyd] {
        let summary = member.enter(room.room()).await.unwrap().summary().await;
        assert_eq!((summary.own.unwrap().mark.seq, summary.unread), (1, 0));
    }
    assert_eq!(rooms.count_documents(doc! { "adding": true }).await.unwrap(), 0);
}

/// A batch of accounts can be delayed after it has read the room.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_batch_adds_nobody_to_a_room_that_is_closed_by_now() {
    let database = TestDatabase::mongodb().await;
    let [ada, bob] = in_lobby(&database, ["ada", "bob"]).await;
    let room = ada.create(RoomKind::Open, &[&bob]).await;
    room.manage(RoomAction::SetEveryone(true)).await;
    let mongo = database.mongo().await;
    let (rooms, memberships) = (mongo.collection::<Document>("rooms"), mongo.collection::<Document>("memberships"));
    eventually("every account is added", async || {
        (rooms.count_documents(doc! { "adding": true }).await.unwrap() == 0).then_some(())
    })
    .await;
    let of_bob = doc! { "_id.room": room.room().as_str(), "_id.user": key(bob.user.key) };
    memberships.delete_one(of_bob).await.unwrap();
    let late = Member { store: database.named_process("late").open().await, ..bob.clone() };
    let delayed = doc! { "blockConnection": true, "blockTimeMS": 2000 };
    let delayed = FailPoint::set(&database, "late", "memberships", delayed).await;
    let listing = tokio::spawn(async move { late.rooms().await });
    delayed.entered().await;
    room.manage(RoomAction::SetEveryone(false)).await;
    room.manage(RoomAction::Close).await;
    let removed = room.give(Action::Room(RoomAction::Remove(bob.user.key))).await;
    assert!(matches!(removed, Ok(_) | Err(Error::Unchanged)), "{removed:?}");
    listing.await.unwrap();
    delayed.unset().await;
    assert!(matches!(bob.enter(room.room()).await, Err(Error::NoSuchRoom)));
    assert_eq!(room.store.member_count(&room.access).await.unwrap(), 1);
}
