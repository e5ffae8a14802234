//! An import into a natter that runs and has users.

use crate::{
    store::{TestDatabase, add, lobby, post},
    support::{Natter, NodeDatabase, natter, setting},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_running_natter_on_the_embedded_database_accepts_an_import() {
    import_into_a_running_natter(&TestDatabase::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_natter_on_mongodb_accepts_an_import() {
    import_into_a_running_natter(&TestDatabase::mongodb().await).await;
}

async fn import_into_a_running_natter(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let access = lobby(store.as_ref(), &ada).await;
    store.change(&access, post("1", "I was here first")).await.unwrap();
    store.close().await;
    let running = Natter::start(database).await;
    let import = NodeDatabase::written_by_node().await.import_into(database).await;
    import.says("(\"ada\"): another account has the userID ada, it is ada-2 now");
    assert!(!import.out.contains("There is no admin"), "the first user of this natter is an admin:\n{}", import.out);

    assert_eq!(
        running.log_in("ada", "ada's long secret").await,
        None,
        "the imported password does not open the existing account"
    );
    let token = running.log_in("ada-2", "ada's long secret").await.unwrap();
    let (_, messages) = running.get(&token, "/api/messages?limit=50").await;
    let messages = messages["messages"].as_array().expect("a list").clone();
    let authors: Vec<_> = messages.iter().map(|message| message["userID"].as_str().unwrap()).collect();
    assert_eq!(authors[..3], ["ada", "ada-2", "bob"], "{messages:?}");
    assert_eq!(running.post(&token, "goes on").await, 11);

    // the messages of a user who was deleted here are recognized
    let (flag, value) = setting(database);
    natter(&["user", "delete", "bob", "--messages", flag, &value]).await.ok();
    let again = NodeDatabase::written_by_node().await.import_into(database).await;
    again.says("users     6 read, 1 added, 4 already present, 1 merged\n");
    again.says("messages  12 read, 0 added, 10 already present, 2 left out\n");
    running.stop().await;
}
