//! Searches for users.

use natter::store::{SortUsersBy, Store, UserChanges, UserSearch};

use crate::support::{TestDatabase, add, email, name, new_user};

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
