//! The size of a result is limited, whatever was posted.

use natter::{
    domain::{Message, RoomId, Text, UserKey},
    store::{Store, TEXT_BYTES},
};

use crate::support::{TestDatabase, add, post};

/// Posts messages of the largest size that fill four results; returns how many.
async fn post_large(store: &dyn Store, author: UserKey, prefix: &str) -> u64 {
    let text = "🐝".repeat(Text::MAX);
    let count = 4 * TEXT_BYTES / text.len();
    let posts = (0..count).map(|n| store.post(post(author, &format!("{prefix}{n}"), &text)));
    for posted in futures_util::future::join_all(posts.collect::<Vec<_>>()).await {
        posted.unwrap();
    }
    count as u64
}

fn bytes(messages: &[Message]) -> usize {
    messages.iter().filter_map(|message| message.text.as_ref()).map(String::len).sum()
}

pub async fn pages_of_large_messages_contain_each_once(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let count = post_large(store.as_ref(), ada.key, "a").await;
    for author in [None, Some(ada.key)] {
        let (mut seqs, mut before) = (Vec::new(), None);
        loop {
            let page = store.page(&RoomId::lobby(), before, 500, author).await.unwrap();
            assert!((1..=TEXT_BYTES).contains(&bytes(&page.messages)), "{} bytes", bytes(&page.messages));
            seqs.splice(0..0, page.messages.iter().map(|message| message.seq));
            before = seqs.first().copied();
            if !page.more {
                break;
            }
        }
        assert_eq!(seqs, (1..=count).collect::<Vec<_>>());
    }
}

pub async fn changes_of_large_messages_contain_each_once(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let count = post_large(store.as_ref(), ada.key, "a").await;
    let mut revs = vec![0];
    loop {
        let changes = store.changes(&RoomId::lobby(), *revs.last().unwrap(), 500).await.unwrap();
        assert!((1..=TEXT_BYTES).contains(&bytes(&changes.messages)), "{} bytes", bytes(&changes.messages));
        revs.extend(changes.messages.iter().map(|message| message.rev));
        if !changes.more {
            break;
        }
    }
    assert_eq!(revs, (0..=count).collect::<Vec<_>>());
}

pub async fn latest_messages_of_many_authors_share_one_size_limit(database: &TestDatabase) {
    let store = database.open().await;
    let (ada, bob, cyd) =
        (add(store.as_ref(), "ada").await, add(store.as_ref(), "bob").await, add(store.as_ref(), "cyd").await);
    let count = post_large(store.as_ref(), ada.key, "a").await + post_large(store.as_ref(), bob.key, "b").await;
    for n in 0..3 {
        store.post(post(cyd.key, &format!("c{n}"), "small")).await.unwrap();
    }
    let authors = [bob.key, UserKey::generate(), cyd.key, ada.key];
    let latest = store.latest(&RoomId::lobby(), &authors, 100).await.unwrap();
    assert_eq!(latest.len(), authors.len(), "one for each author, in their order");
    assert!(latest.iter().map(|page| bytes(&page.messages)).sum::<usize>() <= TEXT_BYTES);
    let [of_bob, of_unknown, of_cyd, of_ada] = &latest[..] else { unreachable!() };
    assert!(of_unknown.messages.is_empty() && !of_unknown.more);
    assert_eq!((of_cyd.messages.len(), of_cyd.more), (3, false), "small messages fit");
    for (author, chunk) in [(bob.key, of_bob), (ada.key, of_ada)] {
        assert!(chunk.more && chunk.messages.len() >= 5, "a fair share: {} messages", chunk.messages.len());
        let page = store.page(&RoomId::lobby(), None, chunk.messages.len() as u32, Some(author)).await.unwrap();
        assert_eq!(chunk.messages, page.messages, "the latest, in order of seq");
    }
    assert_eq!(store.head(&RoomId::lobby()).await.unwrap(), count + 3);

    let few = store.latest(&RoomId::lobby(), &[cyd.key], 2).await.unwrap();
    assert_eq!((few[0].messages.len(), few[0].more), (2, true), "the limit applies too");
    assert!(store.latest(&RoomId::lobby(), &[], 100).await.unwrap().is_empty());
}
