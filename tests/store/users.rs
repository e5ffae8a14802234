//! Users.

use natter::{
    domain::{Phone, Role, UserKey},
    store::{Conflict, Error, MessageRetention, PasswordHash, SortUsersBy, Store, UserChanges, UserSearch},
};
use std::sync::Arc;

use crate::support::{TestDatabase, add, email, hash, id, name, new_user};

fn role(role: Role) -> UserChanges {
    UserChanges { role: Some(role), ..UserChanges::default() }
}

async fn admins(store: &dyn Store) -> usize {
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

async fn found(store: &dyn Store, search: UserSearch) -> (Vec<String>, u64) {
    let (users, total) = store.search_users(&search).await.unwrap();
    (users.into_iter().map(|user| user.user_id.to_string()).collect(), total)
}

pub async fn a_search_matches_its_text_literally(database: &TestDatabase) {
    let store = database.open().await;
    for (user_id, called) in [("ada", "100% Ada"), ("bob", "Bob_Builder"), ("cyd", r"C\yd (.*) [x]"), ("dan", "Dan")] {
        let mut user = new_user(user_id, None);
        user.name = name(called);
        store.create_user(user).await.unwrap();
    }
    for (text, expected) in [
        ("%", &["ada"][..]),
        ("0% a", &["ada"]),
        ("_", &["bob"]),
        ("b_b", &["bob"]),
        (r"\", &["cyd"]),
        (r"c\Y", &["cyd"]),
        (".*", &["cyd"]),
        ("(.", &["cyd"]),
        ("[x]", &["cyd"]),
        ("a.a", &[]),
        ("DAN@example", &["dan"]),
        ("112", &["ada", "bob", "cyd", "dan"]),
        ("", &["ada", "bob", "cyd", "dan"]),
        ("a\0", &[]),
        ("nobody", &[]),
    ] {
        let search = UserSearch { text: text.to_owned(), limit: 10, ..UserSearch::default() };
        let expected = expected.iter().map(|user_id| (*user_id).to_owned()).collect::<Vec<_>>();
        let total = expected.len() as u64;
        assert_eq!(found(store.as_ref(), search).await, (expected, total), "{text:?}");
    }
}

pub async fn a_search_sorts_and_pages(database: &TestDatabase) {
    let store = database.open().await;
    for (user_id, called, address) in
        [("cyd", "Anna", "B@example.org"), ("ada", "bella", "c@example.org"), ("Bob", "Clara", "a@example.org")]
    {
        let mut user = new_user(user_id, None);
        (user.name, user.email) = (name(called), email(address));
        store.create_user(user).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    for (sort, expected) in [
        (SortUsersBy::UserId, ["ada", "Bob", "cyd"]),
        (SortUsersBy::Name, ["cyd", "ada", "Bob"]),
        (SortUsersBy::Email, ["Bob", "cyd", "ada"]),
        (SortUsersBy::Created, ["cyd", "ada", "Bob"]),
    ] {
        let search = UserSearch { sort, limit: 10, ..UserSearch::default() };
        assert_eq!(found(store.as_ref(), search.clone()).await.0, expected, "{sort:?}");
        let mut backwards = expected;
        backwards.reverse();
        let search = UserSearch { descending: true, ..search };
        assert_eq!(found(store.as_ref(), search.clone()).await.0, backwards, "{sort:?}");
        let page = UserSearch { offset: 1, limit: 1, ..search.clone() };
        assert_eq!(found(store.as_ref(), page).await, (vec![backwards[1].to_owned()], 3));
        let nothing = UserSearch { limit: 0, ..search };
        assert_eq!(found(store.as_ref(), nothing).await, (vec![], 3));
    }
}

/// Letters beyond ASCII are folded too, and equally by both stores.
pub async fn a_search_ignores_the_case_of_every_letter(database: &TestDatabase) {
    let store = database.open().await;
    for (user_id, called, address) in [
        ("ada", "Özlem", "a@example.org"),
        ("bob", "ärmel", "Émile@example.org"),
        ("cyd", "Ärger", "c@example.org"),
        ("dan", "ZOË", "d@example.org"),
        ("eve", "ΣΟΦΟΣ", "e@example.org"),
    ] {
        let mut user = new_user(user_id, None);
        (user.name, user.email) = (name(called), email(address));
        store.create_user(user).await.unwrap();
    }
    let changes =
        UserChanges { name: Some(name("ÅSA")), email: Some(email("ÑU@example.org")), ..UserChanges::default() };
    store.update_user(add(store.as_ref(), "fay").await.key, changes).await.unwrap();
    for (text, expected) in [
        ("ä", &["bob", "cyd"][..]),
        ("Ä", &["bob", "cyd"]),
        ("ÖZL", &["ada"]),
        ("zoë", &["dan"]),
        ("éMILE", &["bob"]),
        ("åsa", &["fay"]),
        ("ñu@", &["fay"]),
        ("σοφο", &["eve"]),
        ("φοσ", &["eve"]), // a final sigma is folded like any other
        ("a", &["ada", "bob", "cyd", "dan", "eve", "fay"]),
    ] {
        let search = UserSearch { text: text.to_owned(), limit: 10, ..UserSearch::default() };
        assert_eq!(found(store.as_ref(), search).await.0, expected, "{text:?}");
    }
    let search = UserSearch { sort: SortUsersBy::Name, limit: 10, ..UserSearch::default() };
    assert_eq!(found(store.as_ref(), search).await.0, ["dan", "cyd", "bob", "fay", "ada", "eve"]);
}

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
