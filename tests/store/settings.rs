//! What users set for themselves.

use std::sync::Arc;

use futures_util::future::join_all;
use mongodb::bson::{Document, doc};
use natter::{
    domain::{LanguageChoice, Settings, SettingsChanges, Theme, TimeFormat, TokenId, User, UserKey},
    store::{Database, Table, UserChanges},
};
use rusqlite::Connection;

use crate::support::{TestDatabase, add, id, name};

async fn set(store: &dyn Database, user: UserKey, settings: SettingsChanges) -> User {
    store.update_user(user, UserChanges { settings, ..UserChanges::default() }).await.unwrap()
}

/// One change of each setting.
fn changes() -> [SettingsChanges; 4] {
    let none = SettingsChanges::default();
    [
        SettingsChanges { theme: Some(Theme::Dark), ..none },
        SettingsChanges { language: Some(LanguageChoice::German), ..none },
        SettingsChanges { time_format: Some(TimeFormat::Hours12), ..none },
        SettingsChanges { enter_sends: Some(false), ..none },
    ]
}

pub async fn settings_are_changed_one_by_one(database: &TestDatabase) {
    let store = database.open().await;
    let [ada, bob] = [add(store.as_ref(), "ada").await, add(store.as_ref(), "bob").await];
    assert_eq!(ada.settings, Settings::default());
    let mut expected = Settings::default();
    for changes in changes() {
        let changed = set(store.as_ref(), ada.key, changes).await;
        assert_ne!(changed.settings, expected);
        expected = expected.with(changes);
        assert_eq!((changed.settings, changed.version), (expected, 1));
        assert_eq!(store.user(&id("ada")).await.unwrap(), Some(changed));
    }
    store.update_user(ada.key, UserChanges { name: Some(name("Countess")), ..UserChanges::default() }).await.unwrap();
    let ada = store.user(&id("ada")).await.unwrap().unwrap();
    assert_eq!(ada.settings, expected, "another change keeps them");
    assert_eq!(store.authenticate(ada.key, 1, TokenId::generate()).await.unwrap().as_ref(), Some(&ada));
    assert_eq!(store.credentials(&id("ada")).await.unwrap().unwrap().0, ada);
    assert_eq!(store.users_after(None, 9).await.unwrap(), [ada, bob], "others keep theirs");
}

pub async fn two_settings_are_changed_at_the_same_time(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await.key;
    let all = changes().into_iter().fold(Settings::default(), Settings::with);
    let back = SettingsChanges {
        theme: Some(Theme::Auto),
        language: Some(LanguageChoice::Auto),
        time_format: Some(TimeFormat::Auto),
        enter_sends: Some(true),
    };
    for _ in 0..5 {
        join_all(changes().map(|changes| {
            let store = Arc::clone(&store);
            async move { set(store.as_ref(), ada, changes).await }
        }))
        .await;
        assert_eq!(store.user(&id("ada")).await.unwrap().unwrap().settings, all);
        assert_eq!(set(store.as_ref(), ada, back).await.settings, Settings::default());
    }
}

pub async fn the_default_leaves_nothing_in_the_store(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await.key;
    let row = async || store.rows(Table::Accounts, None, 1).await.unwrap()[0].canonical();
    let before = row().await;
    for changes in changes() {
        set(store.as_ref(), ada, changes).await;
    }
    assert_ne!(row().await, before, "the digest of a copy has them");
    assert_eq!(stored(database).await, r#"{"theme":"dark","language":"de","timeFormat":"12","enterSends":false}"#);
    let theme_and_enter = SettingsChanges { theme: Some(Theme::Auto), enter_sends: Some(true), ..Default::default() };
    set(store.as_ref(), ada, theme_and_enter).await;
    assert_eq!(stored(database).await, r#"{"language":"de","timeFormat":"12"}"#);
    let rest = SettingsChanges {
        language: Some(LanguageChoice::Auto),
        time_format: Some(TimeFormat::Auto),
        ..SettingsChanges::default()
    };
    set(store.as_ref(), ada, rest).await;
    assert_eq!(stored(database).await, "");
    assert_eq!(row().await, before);
}

/// What the database has of the only account's settings, as JSON.
async fn stored(database: &TestDatabase) -> String {
    match database {
        TestDatabase::Embedded(dir) => {
            let file = Connection::open(dir.path().join("natter.db")).unwrap();
            let settings: Option<String> = file.query_row("SELECT settings FROM users", [], |row| row.get(0)).unwrap();
            settings.unwrap_or_default()
        }
        TestDatabase::MongoDb(_) => {
            let users = database.mongo().await.collection::<Document>("users");
            let user = users.find_one(doc! {}).await.unwrap().unwrap();
            let settings = user.get_document("settings").cloned().unwrap_or_default();
            let text = |(name, value): (&String, _)| format!("{name:?}:{value}");
            let mut fields: Vec<_> = settings.iter().map(text).collect();
            // in the order of the embedded database: MongoDB has them in the order in which they were set
            let order = ["\"theme", "\"language", "\"timeFormat", "\"enterSends"];
            fields.sort_by_key(|field| order.iter().position(|name| field.starts_with(name)));
            if fields.is_empty() { String::new() } else { format!("{{{}}}", fields.join(",")) }
        }
    }
}

/// A later natter may know more values. An account must open nevertheless.
pub async fn an_unknown_value_is_read_as_the_default(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await.key;
    match database {
        TestDatabase::Embedded(dir) => {
            let file = Connection::open(dir.path().join("natter.db")).unwrap();
            let settings = r#"{"theme":"sepia","timeFormat":"24","sound":"bell"}"#;
            file.execute("UPDATE users SET settings = ?1", [settings]).unwrap();
        }
        TestDatabase::MongoDb(_) => {
            let settings = doc! { "theme": "sepia", "timeFormat": "24", "sound": "bell" };
            let users = database.mongo().await.collection::<Document>("users");
            users.update_one(doc! {}, doc! { "$set": { "settings": settings } }).await.unwrap();
        }
    }
    let settings = store.authenticate(ada, 1, TokenId::generate()).await.unwrap().unwrap().settings;
    assert_eq!(settings, Settings { time_format: TimeFormat::Hours24, ..Settings::default() });
}
