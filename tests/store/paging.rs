//! Pages of a room's log.

use natter::{
    domain::{Action, UserKey},
    store::Page,
};

use crate::{
    members::in_lobby,
    support::{TestDatabase, post_many, seqs},
};

type Expected = (Vec<u64>, bool, bool);

fn shown(page: &Page) -> Expected {
    (seqs(&page.messages), page.has_older, page.has_newer)
}

pub async fn pages_go_backwards(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let empty = ada.store.before(&ada.access, None, 5, None).await.unwrap();
    assert_eq!((shown(&empty), empty.head), ((vec![], false, false), 0));
    post_many(ada.store.as_ref(), &ada.user, 4).await;
    post_many(ada.store.as_ref(), &bob.user, 4).await;
    for (seq, limit, author, expected) in [
        (None, 3, None, (vec![6, 7, 8], true, false)),
        (Some(6), 3, None, (vec![3, 4, 5], true, true)),
        (Some(3), 3, None, (vec![1, 2], false, true)),
        (Some(1), 3, None, (vec![], false, true)),
        (None, 8, None, ((1..=8).collect(), false, false)),
        (Some(9), 2, None, (vec![7, 8], true, false)),
        (Some(u64::MAX), 2, None, (vec![7, 8], true, false)),
        (None, 3, Some(ada.user.key), (vec![2, 3, 4], true, false)),
        (Some(2), 3, Some(ada.user.key), (vec![1], false, true)),
        (Some(6), 3, Some(ada.user.key), (vec![2, 3, 4], true, false)),
        (Some(6), 3, Some(bob.user.key), (vec![5], false, true)),
        (None, 3, Some(UserKey::generate()), (vec![], false, false)),
        (None, 0, None, (vec![], true, false)),
    ] {
        let page = ada.store.before(&ada.access, seq, limit, author).await.unwrap();
        assert_eq!((shown(&page), page.head), (expected, 8), "{seq:?} {limit} {author:?}");
    }
}

pub async fn pages_go_forwards(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    post_many(ada.store.as_ref(), &ada.user, 8).await;
    for (seq, limit, expected) in [
        (0, 3, (vec![1, 2, 3], false, true)),
        (1, 3, (vec![1, 2, 3], false, true)),
        (4, 3, (vec![4, 5, 6], true, true)),
        (6, 3, (vec![6, 7, 8], true, false)),
        (9, 3, (vec![], true, false)),
        (u64::MAX, 3, (vec![], true, false)),
        (4, 0, (vec![], true, true)),
    ] {
        let page = ada.store.from(&ada.access, seq, limit).await.unwrap();
        assert_eq!((shown(&page), page.head), (expected, 8), "{seq} {limit}");
    }
}

pub async fn pages_go_around_a_message(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    post_many(ada.store.as_ref(), &ada.user, 8).await;
    for (seq, limit, expected) in [
        (5, 4, (vec![3, 4, 5, 6], true, true)),
        (5, 5, (vec![3, 4, 5, 6, 7], true, true)),
        (2, 4, (vec![1, 2, 3], false, true)),
        (8, 4, (vec![6, 7, 8], true, false)),
        (5, 20, ((1..=8).collect(), false, false)),
        (5, 1, (vec![5], true, true)),
        (20, 4, (vec![7, 8], true, false)),
        (u64::MAX, 4, (vec![7, 8], true, false)),
    ] {
        let page = ada.store.around(&ada.access, seq, limit).await.unwrap();
        assert_eq!((shown(&page), page.head), (expected, 8), "{seq} {limit}");
    }
}

pub async fn pages_leave_out_deleted_messages(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    post_many(ada.store.as_ref(), &ada.user, 4).await;
    post_many(ada.store.as_ref(), &bob.user, 4).await;
    for seq in [1, 3, 5, 8] {
        ada.change(Action::Delete { seq }).await;
    }
    let store = &ada.store;
    let page = store.before(&ada.access, None, 3, None).await.unwrap();
    assert_eq!((shown(&page), page.head), ((vec![4, 6, 7], true, false), 12));
    assert_eq!(shown(&store.before(&ada.access, Some(4), 3, None).await.unwrap()), (vec![2], false, true));
    assert_eq!(shown(&store.before(&ada.access, Some(8), 1, None).await.unwrap()), (vec![7], true, false));
    assert_eq!(shown(&store.from(&ada.access, 2, 2).await.unwrap()), (vec![2, 4], false, true));
    assert_eq!(shown(&store.around(&ada.access, 5, 4).await.unwrap()), (vec![2, 4, 6, 7], false, false));
    let of_ada = store.before(&ada.access, None, 3, Some(ada.user.key)).await.unwrap();
    assert_eq!(shown(&of_ada), (vec![2, 4], false, false));
    let latest = store.latest(&ada.access, &[bob.user.key, ada.user.key], 1).await.unwrap();
    assert_eq!(
        latest.iter().map(|chunk| (seqs(&chunk.messages), chunk.has_more)).collect::<Vec<_>>(),
        [(vec![7], true), (vec![4], true)]
    );
}
