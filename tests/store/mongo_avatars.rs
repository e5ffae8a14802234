//! An avatar whose upload was not forgotten, on MongoDB.

use bytes::Bytes;
use mongodb::bson::{Binary, DateTime, Document, doc, spec::BinarySubtype};
use natter::{
    domain::Timestamp,
    store::{remove_expired_objects, set_avatar},
};

use crate::{
    mongo_removals::key,
    support::{TestDatabase, add},
};

/// Leaves the data as if a process had ended after the change of the account.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_left_over_does_not_remove_the_avatar() {
    let database = TestDatabase::mongodb().await;
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let picture = Bytes::from_static(b"a picture");
    let avatar = set_avatar(store.as_ref(), ada.key, &picture, None).await.unwrap().avatar.unwrap();
    let id = Binary { subtype: BinarySubtype::Uuid, bytes: avatar.0.as_bytes().to_vec() };
    let uploads = database.mongo().await.collection::<Document>("uploads");
    assert_eq!(uploads.count_documents(doc! {}).await.unwrap(), 0);
    let left = doc! {
        "_id": id, "owner": key(ada.key), "name": "avatar", "size": 9_i64, "received": 0_i64,
        "keptUntil": DateTime::from_millis(0),
    };
    uploads.insert_one(left).await.unwrap();
    assert_eq!(remove_expired_objects(store.as_ref(), Timestamp::now()).await.unwrap(), 0);
    assert_eq!(uploads.count_documents(doc! {}).await.unwrap(), 0, "it is forgotten");
    assert_eq!(store.avatar(avatar).await.unwrap().unwrap().whole().await.unwrap(), picture);
}
