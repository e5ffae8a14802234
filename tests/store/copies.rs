//! Copying all rows of a store into another, as `natter copy` does.

use natter::{
    domain::{Action, RoomAction, RoomKind},
    store::{self, Database, Location, MongoUrl, Row, Table},
};
use std::sync::Arc;

use crate::{
    members::{in_lobby, new_post, react},
    support::TestDatabase,
};

async fn rows(store: &dyn Database, table: Table, limit: u32) -> Vec<Row> {
    let mut all: Vec<Row> = Vec::new();
    loop {
        let page = store.rows(table, all.last(), limit).await.unwrap();
        let is_last = page.len() < limit as usize;
        all.extend(page);
        if is_last {
            assert_eq!(store.count(table).await.unwrap(), all.len() as u64);
            return all;
        }
    }
}

async fn open_target(database: &TestDatabase) -> Arc<dyn Database> {
    let location = match database {
        TestDatabase::Embedded(dir) => Location::Embedded(dir.path().to_owned()),
        TestDatabase::MongoDb(url) => Location::Mongo(MongoUrl::parse(url).unwrap()),
    };
    store::open_target(&location).await.unwrap()
}

pub async fn a_copy_has_all_rows_and_continues(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let closed = bob.create(RoomKind::Closed, &[]).await;
    let direct = bob.create(RoomKind::Direct, &[&ada]).await;
    for room in [&bob, &closed, &direct] {
        let root = room.post("question").await;
        let reply = room.reply(&root, "answer").await;
        room.edit(&reply, "better answer").await;
        room.change(react(&root, "👍")).await;
        room.change(Action::Pin { seq: 1 }).await;
        room.post("to delete").await;
        room.change(Action::Delete { seq: 3 }).await;
    }
    closed.manage(RoomAction::Add(ada.user.key)).await;
    let target = match database {
        TestDatabase::Embedded(_) => TestDatabase::embedded(),
        TestDatabase::MongoDb(_) => TestDatabase::mongodb().await,
    };
    let copy = open_target(&target).await;
    let canonical = |rows: &[Row]| rows.iter().map(Row::canonical).collect::<Vec<_>>();
    // the second copy starts over after the first, which was not finished
    for _ in 0..2 {
        copy.begin_copy().await.unwrap();
        for table in Table::ALL {
            let all = rows(bob.store.as_ref(), table, 2).await;
            assert_eq!(canonical(&rows(bob.store.as_ref(), table, 500).await), canonical(&all), "{table:?}");
            copy.insert_rows(all).await.unwrap();
        }
    }
    copy.finish_copy().await.unwrap();
    for table in Table::ALL {
        let (from, to) = (rows(bob.store.as_ref(), table, 500).await, rows(copy.as_ref(), table, 3).await);
        assert_eq!(canonical(&from), canonical(&to), "{table:?}");
    }
    copy.close().await;
    let copy = target.open().await;
    for room in [&bob, &closed, &direct] {
        let copied = crate::members::Member { store: Arc::clone(&copy), ..room.clone() };
        assert_eq!(copied.log().await, room.log().await);
        let post = new_post("next", Some(1));
        let (here, there) = (room.change(post.clone()).await, copied.change(post).await);
        assert_eq!((here.id, here.rev, here.author_texts), (there.id, there.rev, there.author_texts));
    }
    let copied = crate::members::Member { store: Arc::clone(&copy), ..ada.clone() };
    assert_eq!(copied.create(RoomKind::Direct, &[&bob]).await.room(), direct.room(), "it is found by its members");
}
