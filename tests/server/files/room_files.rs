//! The list of a room's files, and removing a file from a message.

use serde_json::{Value, json};

use super::{PIXEL, with_two};

fn names(listed: &Value) -> Vec<String> {
    let files = listed["files"].as_array().unwrap().iter();
    files.map(|listed| listed["file"]["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_files_of_a_room_are_listed_by_kind_and_by_page() {
    let (natter, ada, bob) = with_two().await;
    for (name, bytes) in [("a.png", PIXEL), ("b.txt", b"text"), ("c.png", PIXEL)] {
        ada.posts_file("lobby", name, bytes).await;
    }
    let attic = ada.creates("closed", "Attic", &[]).await;
    ada.posts_file(&attic, "secret.txt", b"x").await;
    let listed = bob.get("/api/rooms/lobby/files").await.is(200).json;
    assert_eq!(names(&listed), ["c.png", "b.txt", "a.png"]);
    assert_eq!((&listed["files"][1]["userID"], &listed["files"][1]["seq"]), (&json!("ada"), &json!(2)));
    let page = bob.get("/api/rooms/lobby/files?limit=2").await.is(200).json;
    assert_eq!(names(&page), ["c.png", "b.txt"]);
    assert_eq!(names(&bob.get(page["next"].as_str().unwrap()).await.is(200).json), ["a.png"]);
    assert_eq!(names(&bob.get("/api/rooms/lobby/files?kind=others").await.is(200).json), ["b.txt"]);
    bob.get("/api/rooms/lobby/files?kind=x").await.is(400);
    bob.get(&format!("/api/rooms/{attic}/files")).await.is(404);

    let eve = natter.browse_as("eve").await;
    let page = eve.visit("/rooms/lobby/files").await.is(200);
    assert_eq!(page.texts(".file-list > li .files a").len(), 3);
    assert_eq!(eve.visit("/rooms/lobby/files?kind=others").await.texts(".file-list > li pre"), ["text"]);
    assert_eq!(eve.visit(&format!("/rooms/{attic}/files")).await.status, 404);
}

#[tokio::test]
async fn a_file_is_removed_from_ones_own_message() {
    let (_natter, ada, bob) = with_two().await;
    let (one, two) = (ada.uploads("a.txt", b"one").await, ada.uploads("b.txt", b"two").await);
    let posted = ada.posts_files("lobby", "", &[&one, &two]).await.is(201).json;
    let url = posted["files"][0]["url"].as_str().unwrap();
    let path = |id: &str| format!("/api/rooms/lobby/messages/1/files/{id}");
    bob.delete(&path(&one)).await.is(403);
    ada.delete(&path(&one)).await.is(204);
    ada.delete(&path(&one)).await.is(204);
    assert_eq!(ada.reads(url, &[]).await.status, 404);
    let message = ada.message(1).await;
    assert_eq!((&message["files"].as_array().unwrap().len(), message["editedTime"].is_string()), (&1, true));
    ada.delete(&path(&two)).await.blames(422, "message", "Write something first.");
    // the caption can be edited, and be nothing while there is a file
    let text_rev = message["textRev"].as_u64().unwrap();
    let edited = ada.edits(1, text_rev, "a caption").await.is(200).json;
    ada.edits(1, edited["textRev"].as_u64().unwrap(), "").await.is(200);
}
