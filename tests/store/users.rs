//! Users.

use natter::{
    domain::{Phone, Role, UserKey},
    store::{Conflict, Database, Error, MessageRetention, UserChanges},
};
use std::sync::Arc;

use crate::support::{TestDatabase, add, email, hash, id, name, new_user};

fn role(role: Role) -> UserChanges {
    UserChanges { role: Some(role), ..UserChanges::default() }
}

async fn admins(store: &dyn Database) -> usize {
    store.users_after(None, 1000).await.unwrap().iter().filter(|user| user.is_admin()).count()
}

pub async fn the_first_user_is_an_admin(database: &TestDatabase) {
    let store = database.open().await;
    assert!(add(store.as_ref(), "ada").await.is_admin());
    let bob = add(store.as_ref(), "bob").await;
    assert_eq!((bob.role, bob.version), (Role::Member, 1));
    let cyd = store.create_user(new_user("cyd", Some(Role::Admin))).await.unwrap();
    assert!(cyd.is_admin());
    assert_eq!(store.user(&id("CYD")).await.unwrap(), Some(cyd));
    assert_eq!(store.user(&id("nobody")).await.unwrap(), None);
    let mut found = store.users(&[id("BOB"), id("nobody"), id("cyd")]).await.unwrap();
    found.sort_by_key(|user| user.user_id.to_string());
    assert_eq!(found.iter().map(|user| user.user_id.as_str()).collect::<Vec<_>>(), ["bob", "cyd"]);
    assert_eq!(store.users(&[]).await.unwrap(), []);
}

pub async fn one_of_many_concurrent_first_users_is_an_admin(database: &TestDatabase) {
    let store = database.open().await;
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { add(store.as_ref(), &format!("user{n}")).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(admins(store.as_ref()).await, 1);
}

pub async fn user_ids_and_emails_are_unique_regardless_of_case(database: &TestDatabase) {
    let store = database.open().await;
    add(store.as_ref(), "Ada").await;
    let mut again = new_user("aDA", None);
    again.email = email("other@example.org");
    let taken = store.create_user(again).await.unwrap_err();
    assert!(matches!(taken, Error::Conflict(Conflict::UserIdTaken)), "{taken:?}");
    let mut other = new_user("bob", None);
    other.email = email("ADA@example.ORG");
    let taken = store.create_user(other).await.unwrap_err();
    assert!(matches!(taken, Error::Conflict(Conflict::EmailTaken)), "{taken:?}");
    // the case of the sign-up is kept
    let ada = store.user(&id("ADA")).await.unwrap().unwrap();
    assert_eq!((ada.user_id.as_str(), ada.email.as_str()), ("Ada", "Ada@example.org"));
    let bob = add(store.as_ref(), "bob").await;
    let changes = UserChanges { email: Some(email("ada@EXAMPLE.org")), ..UserChanges::default() };
    let taken = store.update_user(bob.key, changes).await.unwrap_err();
    assert!(matches!(taken, Error::Conflict(Conflict::EmailTaken)), "{taken:?}");
    assert_eq!(store.user(&id("bob")).await.unwrap(), Some(bob));
}

pub async fn one_of_many_concurrent_sign_ups_gets_the_user_id(database: &TestDatabase) {
    let store = database.open().await;
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let store = Arc::clone(&store);
            let mut user = new_user("ada", None);
            user.email = email(&format!("ada{n}@example.org"));
            tokio::spawn(async move { store.create_user(user).await })
        })
        .collect();
    let mut created = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => created += 1,
            Err(error) => assert!(matches!(error, Error::Conflict(Conflict::UserIdTaken)), "{error:?}"),
        }
    }
    assert_eq!((created, store.users_after(None, 10).await.unwrap().len()), (1, 1));
}

pub async fn an_update_changes_the_given_fields_only(database: &TestDatabase) {
    let store = database.open().await;
    let before = add(store.as_ref(), "ada").await;
    let changes = UserChanges { name: Some(name("Ada L.")), ..UserChanges::default() };
    let mut expected = before.clone();
    expected.name = name("Ada L.");
    assert_eq!(store.update_user(before.key, changes).await.unwrap(), expected);
    let changes = UserChanges {
        email: Some(email("ada@example.com")),
        phone: Some(Phone::parse("").unwrap()),
        ..UserChanges::default()
    };
    (expected.email, expected.phone) = (email("ada@example.com"), Phone::default());
    assert_eq!(store.update_user(before.key, changes).await.unwrap(), expected);
    // no change, and a change of case
    assert_eq!(store.update_user(before.key, UserChanges::default()).await.unwrap(), expected);
    let changes = UserChanges { email: Some(email("Ada@Example.com")), ..UserChanges::default() };
    expected.email = email("Ada@Example.com");
    assert_eq!(store.update_user(before.key, changes).await.unwrap(), expected);
    assert_eq!(store.user(&id("ada")).await.unwrap(), Some(expected));
    for changes in [UserChanges::default(), role(Role::Member), role(Role::Admin)] {
        let gone = store.update_user(UserKey::generate(), changes).await.unwrap_err();
        assert!(matches!(gone, Error::NotFound), "{gone:?}");
    }
}

pub async fn a_new_password_raises_the_version(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    assert_eq!(store.credentials(&id("ADA")).await.unwrap().unwrap().1.0, hash("ada").0);
    let changes = UserChanges { password: Some(hash("new")), ..UserChanges::default() };
    assert_eq!(store.update_user(ada.key, changes).await.unwrap().version, 2);
    let (after, password) = store.credentials(&id("ada")).await.unwrap().unwrap();
    assert_eq!((after.version, password.0), (2, hash("new").0));
    assert!(store.credentials(&id("nobody")).await.unwrap().is_none());
}

pub async fn the_last_admin_is_kept(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let bob = add(store.as_ref(), "bob").await;
    for refused in [
        store.update_user(ada.key, role(Role::Member)).await.map(drop),
        store.delete_user(ada.key, MessageRetention::Keep).await,
        store.delete_user(ada.key, MessageRetention::Delete).await,
    ] {
        assert!(matches!(refused, Err(Error::Conflict(Conflict::LastAdmin))), "{refused:?}");
    }
    assert!(!store.update_user(bob.key, role(Role::Member)).await.unwrap().is_admin(), "a member stays one");
    assert!(store.update_user(ada.key, role(Role::Admin)).await.unwrap().is_admin(), "an admin stays one");
    assert!(store.update_user(bob.key, role(Role::Admin)).await.unwrap().is_admin());
    assert!(!store.update_user(ada.key, role(Role::Member)).await.unwrap().is_admin());
    store.delete_user(ada.key, MessageRetention::Keep).await.unwrap();
    let last = store.delete_user(bob.key, MessageRetention::Keep).await.unwrap_err();
    assert!(matches!(last, Error::Conflict(Conflict::LastAdmin)), "{last:?}");
}

pub async fn two_admins_cannot_remove_each_other_concurrently(database: &TestDatabase) {
    let store = database.open().await;
    for round in 0..5 {
        let ada = store.create_user(new_user(&format!("ada{round}"), Some(Role::Admin))).await.unwrap();
        let bob = store.create_user(new_user(&format!("bob{round}"), Some(Role::Admin))).await.unwrap();
        for other in store.users_after(None, 100).await.unwrap() {
            if other.is_admin() && other.key != ada.key && other.key != bob.key {
                store.delete_user(other.key, MessageRetention::Keep).await.unwrap();
            }
        }
        let demoted = store.update_user(ada.key, role(Role::Member));
        let deleted = store.delete_user(bob.key, MessageRetention::Keep);
        let (demoted, deleted) = tokio::join!(demoted, deleted);
        assert!(demoted.is_ok() != deleted.is_ok(), "{demoted:?} {deleted:?}");
        assert_eq!(admins(store.as_ref()).await, 1);
    }
}

pub async fn a_deleted_user_does_not_exist(database: &TestDatabase) {
    let store = database.open().await;
    add(store.as_ref(), "ada").await;
    let bob = add(store.as_ref(), "bob").await;
    store.delete_user(bob.key, MessageRetention::Keep).await.unwrap();
    assert_eq!(store.user(&id("bob")).await.unwrap(), None);
    for messages in [MessageRetention::Keep, MessageRetention::Delete] {
        assert!(matches!(store.delete_user(bob.key, messages).await, Err(Error::NotFound)));
    }
    let successor = add(store.as_ref(), "Bob").await;
    assert_ne!(successor.key, bob.key, "a reused userID is a new account");
}

pub async fn users_are_listed_by_folded_user_id(database: &TestDatabase) {
    let store = database.open().await;
    for user_id in ["bob", "Ada", "cyd", "a_d", "Zoe", "a.d", "a-d"] {
        add(store.as_ref(), user_id).await;
    }
    let listed = |users: Vec<natter::domain::User>| -> Vec<String> {
        users.into_iter().map(|user| user.user_id.to_string()).collect()
    };
    let all = ["a-d", "a.d", "a_d", "Ada", "bob", "cyd", "Zoe"];
    assert_eq!(listed(store.users_after(None, 100).await.unwrap()), all);
    assert_eq!(listed(store.users_after(None, 3).await.unwrap()), all[..3]);
    assert_eq!(listed(store.users_after(Some(&id("ADA")), 2).await.unwrap()), all[4..6]);
    assert!(store.users_after(Some(&id("zoe")), 2).await.unwrap().is_empty());
    assert!(store.users_after(None, 0).await.unwrap().is_empty());
}
