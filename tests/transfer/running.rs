//! An import into a natter that runs and has people of its own.

use crate::{
    store::{Place, add, post},
    support::{Natter, Old, natter, setting},
};

#[tokio::test(flavor = "multi_thread")]
async fn into_a_running_natter_on_the_embedded_database() {
    into_a_running_natter(&Place::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn into_a_running_natter_on_mongodb() {
    into_a_running_natter(&Place::mongodb().await).await;
}

async fn into_a_running_natter(place: &Place) {
    let store = place.open().await;
    let ada = add(store.as_ref(), "ada").await;
    store.post(post(ada.key, "1", "I was here first")).await.unwrap();
    store.close().await;
    let running = Natter::start(place).await;
    let import = Old::written_by_node().await.import_into(place).await;
    import.says("(\"ada\"): another account has the userID ada, it is ada-2 now");
    assert!(!import.out.contains("There is no admin"), "the first of this natter is one:\n{}", import.out);

    assert_eq!(running.log_in("ada", "ada's long secret").await, None, "nobody gets into another's account");
    let theirs = running.log_in("ada-2", "ada's long secret").await.unwrap();
    let (_, messages) = running.get(&theirs, "/api/messages?limit=50").await;
    let messages = messages["messages"].as_array().expect("a list").clone();
    let authors: Vec<_> = messages.iter().map(|message| message["userID"].as_str().unwrap()).collect();
    assert_eq!(authors[..3], ["ada", "ada-2", "bob"], "{messages:?}");
    assert_eq!(running.post(&theirs, "goes on").await, 11);

    // who is deleted here stays known by what they wrote
    let (flag, value) = setting(place);
    natter(&["user", "delete", "bob", "--messages", flag, &value]).await.ok();
    let again = Old::written_by_node().await.import_into(place).await;
    again.says("users     6 read, 1 added, 4 already present, 1 merged\n");
    again.says("messages  12 read, 0 added, 10 already present, 2 left out\n");
    running.stop().await;
}
