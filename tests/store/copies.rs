//! Copying all rows of a store into another, as `natter copy` does.

use natter::{
    domain::{About, Action, Level, Role, RoomAction, RoomKind, SettingsChanges, Theme, Timestamp},
    store::{self, Database, Location, MongoUrl, Row, Table, UserChanges},
};
use std::sync::Arc;

use crate::{
    marks::{read, unread},
    members::{in_lobby, new_post, react},
    support::{TestDatabase, add, new_user, post_many},
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
        room.post("@ada, @room").await;
        for seq in [4, 1] {
            room.store.save(&room.access, seq).await.unwrap();
        }
    }
    ada.store.save(&ada.access, 2).await.unwrap();
    closed.manage(RoomAction::Add(ada.user.key)).await;
    closed.store.set_level(&closed.access, Level::Hidden).await.unwrap();
    closed.store.set_starred(&closed.access, true).await.unwrap();
    ada.mark(read(2)).await;
    ada.mark(unread(1)).await;
    let about = UserChanges {
        about: Some(About::parse("likes bees").unwrap()),
        shows_last_seen: Some(false),
        settings: SettingsChanges { theme: Some(Theme::Dark), enter_sends: Some(false), ..SettingsChanges::default() },
        ..UserChanges::default()
    };
    ada.store.update_user(ada.user.key, about).await.unwrap();
    ada.store.record_seen(&[ada.user.key, bob.user.key], Timestamp(1_700_000_000_000)).await.unwrap();
    ada.store.create_user(new_user("bot", Some(Role::Bot))).await.unwrap();
    let deleted = bob.create(RoomKind::Open, &[]).await;
    deleted.post("not copied").await;
    deleted.store.save(&deleted.access, 1).await.unwrap();
    deleted.manage(RoomAction::Delete).await;
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
        assert_eq!(copied.summary().await.own, room.summary().await.own);
    }
    let settings = copy.user(&ada.user.user_id).await.unwrap().unwrap().settings;
    assert_eq!((settings.theme, settings.enter_sends), (Theme::Dark, false));
    let copied = crate::members::Member { store: Arc::clone(&copy), ..ada.clone() };
    assert_eq!(copied.mentions(9).await, ada.mentions(9).await);
    assert_eq!((copied.mentions(9).await.len(), copied.summary().await.mentions), (2, 1));
    for user in [&ada.user, &bob.user] {
        let saved = ada.store.saved_by(user, None, 9).await.unwrap();
        assert_eq!(copy.saved_by(user, None, 9).await.unwrap(), saved);
        assert_eq!(saved.len(), if user.key == ada.user.key { 1 } else { 6 });
    }
    assert_eq!(copied.create(RoomKind::Direct, &[&bob]).await.room(), direct.room(), "it is found by its members");
}

/// A crash at sign-up can leave an account without them on MongoDB.
pub async fn who_lacks_a_membership_of_everyone_gets_it(database: &TestDatabase) {
    let source = database.open().await;
    let ada = add(source.as_ref(), "ada").await;
    post_many(source.as_ref(), &ada, 3).await;
    let target = match database {
        TestDatabase::Embedded(_) => TestDatabase::embedded(),
        TestDatabase::MongoDb(_) => TestDatabase::mongodb().await,
    };
    let copy = open_target(&target).await;
    copy.begin_copy().await.unwrap();
    for table in [Table::Accounts, Table::Rooms, Table::Messages] {
        copy.insert_rows(rows(source.as_ref(), table, 100).await).await.unwrap();
    }
    copy.finish_copy().await.unwrap();
    copy.close().await;
    let copy = target.open().await;
    assert_eq!(copy.count(Table::Members).await.unwrap(), 0);
    let rooms = copy.rooms_of(&ada, None, 10).await.unwrap();
    assert_eq!((rooms.len(), rooms[0].unread, rooms[0].own.unwrap().mark.seq), (1, 0, 3));
    assert_eq!(copy.count(Table::Members).await.unwrap(), 1);
}
