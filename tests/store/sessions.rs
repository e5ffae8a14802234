//! Sessions, grants and revocations.

use natter::{
    domain::{Timestamp, TokenId, UserKey},
    store::{MessageRetention, SessionRow, UserChanges},
};

use crate::support::{TestDatabase, add, hash};

fn row(id: u8, data: &[u8], expires: i64) -> SessionRow {
    SessionRow { id: [id; 32], data: data.to_vec(), expires: Timestamp(expires), user: None }
}

pub async fn a_session_is_kept_until_it_is_deleted(database: &TestDatabase) {
    let store = database.open().await;
    let mut session = row(1, b"\0data\xff", 1_000);
    assert_eq!(store.session(&session.id).await.unwrap(), None);
    assert!(store.create_session(&session).await.unwrap());
    assert_eq!(store.session(&session.id).await.unwrap(), Some(session.clone()));
    (session.data, session.expires) = (vec![], Timestamp(2_000));
    store.save_session(&session).await.unwrap();
    assert_eq!(store.session(&session.id).await.unwrap(), Some(session.clone()));
    store.delete_session(&session.id).await.unwrap();
    assert_eq!(store.session(&session.id).await.unwrap(), None);
    store.delete_session(&session.id).await.unwrap();
}

pub async fn an_existing_session_id_is_refused(database: &TestDatabase) {
    let store = database.open().await;
    let first = row(1, b"first", 1_000);
    assert!(store.create_session(&first).await.unwrap());
    assert!(!store.create_session(&row(1, b"second", 2_000)).await.unwrap());
    assert_eq!(store.session(&first.id).await.unwrap(), Some(first));
}

pub async fn the_sessions_of_a_user_are_found(database: &TestDatabase) {
    let store = database.open().await;
    let (ada, bob) = (UserKey::generate(), UserKey::generate());
    let of = |user: UserKey, id: u8| SessionRow { user: Some(user), ..row(id, b"data", 1_000) };
    for session in [of(ada, 1), of(bob, 2), of(ada, 3), row(4, b"nobody", 1_000)] {
        assert!(store.create_session(&session).await.unwrap());
    }
    let ids = async |user: UserKey| {
        let sessions = store.sessions_of(user).await.unwrap();
        assert!(sessions.iter().all(|session| session.user == Some(user) && session.data == b"data"));
        let mut ids: Vec<_> = sessions.iter().map(|session| session.id[0]).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!((ids(ada).await, ids(bob).await), (vec![1, 3], vec![2]));
    // a login makes it another user's
    store.save_session(&of(bob, 3)).await.unwrap();
    store.save_session(&of(bob, 4)).await.unwrap();
    assert_eq!(store.session(&[3; 32]).await.unwrap().unwrap().user, Some(bob));
    assert_eq!((ids(ada).await, ids(bob).await), (vec![1], vec![2, 3, 4]));
    store.save_session(&row(4, b"data", 1_000)).await.unwrap();
    store.delete_session(&[2; 32]).await.unwrap();
    assert_eq!((ids(ada).await, ids(bob).await), (vec![1], vec![3]));
}

pub async fn a_deleted_account_has_no_sessions(database: &TestDatabase) {
    let store = database.open().await;
    let (ada, bob) = (add(store.as_ref(), "ada").await, add(store.as_ref(), "bob").await);
    let of = |user: UserKey, id: u8| SessionRow { user: Some(user), ..row(id, b"data", 1_000) };
    for session in [of(ada.key, 1), of(bob.key, 2), of(bob.key, 3)] {
        assert!(store.create_session(&session).await.unwrap());
    }
    store.delete_user(bob.key, MessageRetention::Keep).await.unwrap();
    assert_eq!(store.sessions_of(bob.key).await.unwrap(), []);
    assert_eq!(store.session(&[2; 32]).await.unwrap(), None);
    assert_eq!(store.sessions_of(ada.key).await.unwrap().len(), 1);
}

pub async fn a_deleted_session_is_not_saved_again(database: &TestDatabase) {
    let store = database.open().await;
    let session = row(1, b"data", 1_000);
    store.create_session(&session).await.unwrap();
    store.delete_session(&session.id).await.unwrap();
    store.save_session(&session).await.unwrap();
    assert_eq!(store.session(&session.id).await.unwrap(), None);
}

pub async fn expired_sessions_and_revocations_are_removed(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let (old, new) = (TokenId::generate(), TokenId::generate());
    for (session, token) in [(row(1, b"old", 1_000), old), (row(2, b"new", 1_001), new)] {
        store.create_session(&session).await.unwrap();
        store.revoke_token(token, session.expires).await.unwrap();
    }
    store.sweep(Timestamp(1_000)).await.unwrap();
    assert_eq!(store.session(&[1; 32]).await.unwrap(), None);
    assert!(store.session(&[2; 32]).await.unwrap().is_some());
    assert!(
        store.authenticate(ada.key, 1, old).await.unwrap().is_some(),
        "the revocation is removed: the token itself has expired"
    );
    assert!(store.authenticate(ada.key, 1, new).await.unwrap().is_none());
}

pub async fn a_grant_is_valid_until_it_is_revoked(database: &TestDatabase) {
    let store = database.open().await;
    add(store.as_ref(), "ada").await;
    let bob = add(store.as_ref(), "bob").await;
    let (token, other) = (TokenId::generate(), TokenId::generate());
    assert_eq!(store.authenticate(bob.key, 1, token).await.unwrap(), Some(bob.clone()));
    assert_eq!(store.authenticate(bob.key, 2, token).await.unwrap(), None);
    assert_eq!(store.authenticate(UserKey::generate(), 1, token).await.unwrap(), None);
    for _ in 0..2 {
        store.revoke_token(token, Timestamp::now().plus_secs(60)).await.unwrap();
        assert_eq!(store.authenticate(bob.key, 1, token).await.unwrap(), None);
    }
    assert_eq!(store.authenticate(bob.key, 1, other).await.unwrap(), Some(bob.clone()));
    let changes = UserChanges { password: Some(hash("new")), ..UserChanges::default() };
    store.update_user(bob.key, changes).await.unwrap();
    assert_eq!(store.authenticate(bob.key, 1, other).await.unwrap(), None);
    assert!(store.authenticate(bob.key, 2, other).await.unwrap().is_some());
    store.delete_user(bob.key, MessageRetention::Keep).await.unwrap();
    assert_eq!(store.authenticate(bob.key, 2, other).await.unwrap(), None);
}

pub async fn the_void_ones_of_many_grants_are_found(database: &TestDatabase) {
    let store = database.open().await;
    let (ada, bob) = (add(store.as_ref(), "ada").await.key, add(store.as_ref(), "bob").await.key);
    let changes = UserChanges { password: Some(hash("new")), ..UserChanges::default() };
    store.update_user(bob, changes).await.unwrap();
    // more than fit into one query: every third of Bob's has his old version
    let mut grants: Vec<_> = (0..2500).map(|n| (ada, 1, TokenId::generate(), n % 250 != 7)).collect();
    grants.extend((0..900).map(|n| (bob, if n % 3 == 0 { 1 } else { 2 }, TokenId::generate(), n % 3 != 0)));
    grants.push((UserKey::generate(), 1, TokenId::generate(), false));
    for (user, _, token, _) in grants.iter().filter(|(user, _, _, is_valid)| *user == ada && !is_valid) {
        assert!(store.authenticate(*user, 1, *token).await.unwrap().is_some());
        store.revoke_token(*token, Timestamp::now().plus_secs(60)).await.unwrap();
    }
    let void: Vec<_> = grants.iter().filter(|grant| !grant.3).map(|grant| grant.2).collect();
    let grants: Vec<_> = grants.into_iter().map(|(user, version, token, _)| (user, version, token)).collect();
    assert_eq!(store.void_tokens(&grants).await.unwrap(), void);
    assert_eq!(void.len(), 10 + 300 + 1);
    assert!(store.void_tokens(&[]).await.unwrap().is_empty());
}

pub async fn only_mongodb_shares_a_secret(database: &TestDatabase) {
    let store = database.open().await;
    let (first, second) = tokio::join!(store.shared_secret("one"), store.shared_secret("two"));
    let (first, second) = (first.unwrap(), second.unwrap());
    match database {
        TestDatabase::Embedded(_) => assert_eq!((first, second), (None, None)),
        TestDatabase::MongoDb(_) => {
            assert!(first.as_deref() == Some("one") || first.as_deref() == Some("two"), "{first:?}");
            assert_eq!(first, second);
            assert_eq!(database.open().await.shared_secret("three").await.unwrap(), first);
        }
    }
}
