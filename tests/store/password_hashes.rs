//! Stored password hashes.

use natter::{
    domain::UserKey,
    store::{MessageRetention, PasswordHash, Store},
};

use crate::support::{TestDatabase, add, hash, id, new_user};

async fn add_with(store: &dyn Store, user_id: &str, hash: &str) -> natter::domain::User {
    let mut user = new_user(user_id, None);
    user.password = PasswordHash(hash.to_owned());
    store.create_user(user).await.unwrap()
}

pub async fn the_highest_hash_cost_is_found_in_every_bcrypt_version(database: &TestDatabase) {
    let store = database.open().await;
    assert_eq!(store.highest_hash_cost().await.unwrap(), None);
    add(store.as_ref(), "no-hash").await;
    assert_eq!(store.highest_hash_cost().await.unwrap(), None);
    let rest = "./..............................................zzzzz"; // with the lowest and the highest characters of a hash
    for (user_id, prefix, highest) in [
        ("ada", "$2b$05$", 5),
        ("bob", "$2a$11$", 11),
        ("cyd", "$2b$10$", 11),
        ("dan", "$2y$12$", 12),
        ("eve", "$2b$04$", 12),
    ] {
        add_with(store.as_ref(), user_id, &format!("{prefix}{rest}")).await;
        assert_eq!(store.highest_hash_cost().await.unwrap(), Some(highest), "{user_id}");
    }
    let dan = store.user(&id("dan")).await.unwrap().unwrap();
    store.delete_user(dan.key, MessageRetention::Keep).await.unwrap();
    assert_eq!(store.highest_hash_cost().await.unwrap(), Some(11));
}

pub async fn a_hash_is_replaced_only_if_it_is_unchanged(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let hash_now = async || store.credentials(&ada.user_id).await.unwrap().unwrap();
    let (old, new, other) = (hash("ada"), hash("new"), hash("other"));
    assert!(!store.replace_hash(ada.key, &other, &new).await.unwrap());
    assert_eq!(hash_now().await.1.0, old.0);
    assert!(store.replace_hash(ada.key, &old, &new).await.unwrap());
    let (user, stored) = hash_now().await;
    assert_eq!((user, stored.0), (ada.clone(), new.0.clone()), "the version stays");
    assert!(!store.replace_hash(ada.key, &old, &other).await.unwrap());
    assert!(!store.replace_hash(UserKey::generate(), &new, &other).await.unwrap());
}
