//! The size of a result is limited, whatever was posted.

use natter::{
    domain::{Message, RoomId, Text, User, UserKey},
    store::{Database, TEXT_BYTES},
};

use crate::support::{TestDatabase, add, lobby, post};

/// Posts messages of the largest size that fill four results; returns how many.
async fn post_large(store: &dyn Database, author: &User, prefix: &str) -> u64 {
    let text = "🐝".repeat(Text::MAX);
    let count = 4 * TEXT_BYTES / text.len();
    let access = lobby(store, author).await;
    let posts = (0..count).map(|n| store.change(&access, post(&format!("{prefix}{n}"), &text)));
    for posted in futures_util::future::join_all(posts.collect::<Vec<_>>()).await {
        posted.unwrap();
    }
    count as u64
}

fn bytes(messages: &[Message]) -> usize {
    messages.iter().filter_map(|message| message.text()).map(str::len).sum()
}

pub async fn pages_of_large_messages_contain_each_once(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let count = post_large(store.as_ref(), &ada, "a").await;
    let access = lobby(store.as_ref(), &ada).await;
    for author in [None, Some(ada.key)] {
        let (mut seqs, mut before) = (Vec::new(), None);
        loop {
            let page = store.before(&access, before, 500, author).await.unwrap();
            assert!((1..=TEXT_BYTES).contains(&bytes(&page.messages)), "{} bytes", bytes(&page.messages));
            seqs.splice(0..0, page.messages.iter().map(|message| message.id.seq));
            before = seqs.first().copied();
            if !page.has_older {
                break;
            }
        }
        assert_eq!(seqs, (1..=count).collect::<Vec<_>>());
    }
}

pub async fn changes_of_large_messages_contain_each_once(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let count = post_large(store.as_ref(), &ada, "a").await;
    let mut revs = vec![0];
    loop {
        let changes = store.changes(&RoomId::lobby(), *revs.last().unwrap(), 500).await.unwrap();
        assert!((1..=TEXT_BYTES).contains(&bytes(&changes.messages)), "{} bytes", bytes(&changes.messages));
        revs.extend(changes.messages.iter().map(|message| message.rev));
        if !changes.has_more {
            break;
        }
    }
    assert_eq!(revs, (0..=count).collect::<Vec<_>>());
}

pub async fn latest_messages_of_many_authors_share_one_size_limit(database: &TestDatabase) {
    let store = database.open().await;
    let (ada, bob, cyd) =
        (add(store.as_ref(), "ada").await, add(store.as_ref(), "bob").await, add(store.as_ref(), "cyd").await);
    let count = post_large(store.as_ref(), &ada, "a").await + post_large(store.as_ref(), &bob, "b").await;
    let access = lobby(store.as_ref(), &cyd).await;
    for n in 0..3 {
        store.change(&access, post(&format!("c{n}"), "small")).await.unwrap();
    }
    let authors = [bob.key, UserKey::generate(), cyd.key, ada.key];
    let latest = store.latest(&access, &authors, 100).await.unwrap();
    assert_eq!(latest.len(), authors.len(), "one for each author, in their order");
    assert!(latest.iter().map(|page| bytes(&page.messages)).sum::<usize>() <= TEXT_BYTES);
    let [of_bob, of_unknown, of_cyd, of_ada] = &latest[..] else { unreachable!() };
    assert!(of_unknown.messages.is_empty() && !of_unknown.has_more);
    assert_eq!((of_cyd.messages.len(), of_cyd.has_more), (3, false), "small messages fit");
    for (author, chunk) in [(bob.key, of_bob), (ada.key, of_ada)] {
        assert!(chunk.has_more && chunk.messages.len() >= 5, "a fair share: {} messages", chunk.messages.len());
        let page = store.before(&access, None, chunk.messages.len() as u32, Some(author)).await.unwrap();
        assert_eq!(chunk.messages, page.messages, "the latest, in order of seq");
    }
    assert_eq!(store.head(&RoomId::lobby()).await.unwrap(), count + 3);

    let few = store.latest(&access, &[cyd.key], 2).await.unwrap();
    assert_eq!((few[0].messages.len(), few[0].has_more), (2, true), "the limit applies too");
    assert!(store.latest(&access, &[], 100).await.unwrap().is_empty());
}
