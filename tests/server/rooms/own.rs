//! What a member keeps of a room: the read mark, the level, the star.

use serde_json::json;

use crate::support::Natter;

#[tokio::test]
async fn a_mark_moves_forward_and_an_older_version_changes_nothing() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let id = ada.creates("closed", "Garden", &["bob"]).await;
    for n in 1..=4 {
        ada.says_in(&id, &format!("{n}")).await;
    }
    let path = format!("/api/rooms/{id}/read");
    assert_eq!(bob.room(&id).await["unread"], 4);
    let mark = |seq: u64, version: u64| json!({ "readSeq": seq, "readVersion": version });
    assert_eq!(bob.put(&path, json!({ "seq": 3 })).await.is(200).json, mark(3, 0));
    assert_eq!(bob.put(&path, json!({ "seq": 2 })).await.is(200).json, mark(3, 0));
    assert_eq!(bob.put(&path, json!({ "seq": 99 })).await.is(200).json, mark(4, 0));
    assert_eq!(bob.put(&path, json!({ "seq": 1, "unread": true })).await.is(200).json, mark(1, 1));
    assert_eq!(bob.put(&path, json!({ "seq": 4, "version": 0 })).await.is(200).json, mark(1, 1));
    assert_eq!(bob.put(&path, json!({ "seq": 0, "unread": true, "version": 0 })).await.is(200).json, mark(1, 1));
    let room = bob.room(&id).await;
    assert_eq!((&room["unread"], &room["readSeq"], &room["readVersion"]), (&json!(3), &json!(1), &json!(1)));
    assert_eq!(ada.room(&id).await["unread"], 0, "own posts never count");
    bob.put(&path, json!({ "seq": -1 })).await.is(422);
    bob.put(&path, json!({})).await.is(422);
}

#[tokio::test]
async fn a_level_and_a_star_belong_to_one_member() {
    let natter = Natter::unlimited().await;
    let (ada, bob, cyd) = (natter.register("ada").await, natter.register("bob").await, natter.register("cyd").await);
    let id = ada.creates("open", "Garden", &["bob"]).await;
    let (level, star) = (format!("/api/rooms/{id}/level"), format!("/api/rooms/{id}/star"));
    for name in ["everything", "mentions", "hidden", "nothing"] {
        bob.put(&level, json!({ "level": name })).await.is(204);
        assert_eq!(bob.room(&id).await["level"], name);
    }
    bob.put(&level, json!({ "level": "loud" })).await.blames(
        422,
        "level",
        "Use \"everything\", \"mentions\", \"nothing\" or \"hidden\".",
    );
    bob.put(&star, json!({})).await.is(204);
    assert_eq!(bob.room(&id).await["starred"], true);
    bob.delete(&star).await.is(204);
    assert_eq!(bob.room(&id).await["starred"], false);
    let of_ada = ada.room(&id).await;
    assert_eq!((&of_ada["level"], &of_ada["starred"]), (&json!("mentions"), &json!(false)));
    let not_member = "This user is not a member of the room.";
    cyd.put(&level, json!({ "level": "nothing" })).await.says(404, not_member);
    cyd.put(&star, json!({})).await.says(404, not_member);
    cyd.put(&format!("/api/rooms/{id}/read"), json!({ "seq": 0 })).await.says(404, not_member);
}
