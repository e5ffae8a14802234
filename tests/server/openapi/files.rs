//! The calls about uploads and files.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::Api;
use crate::support::{Answer, Script};

const UPLOADS: &str = "/api/uploads";
const UPLOAD: &str = "/api/uploads/{id}";
const FILES: &str = "/api/rooms/{room}/files";
const FILE: &str = "/api/rooms/{room}/messages/{seq}/files/{file}";

async fn answer(request: RequestBuilder) -> Answer {
    Answer::of(request.send().await.unwrap()).await
}

/// `archived`: a room with a notice. Files have at most 1 MiB, all of a user 2 MiB.
pub(super) async fn files(api: &mut Api, nobody: &Script, ada: &Script, bob: &Script, archived: &str) {
    let begin = |who: &Script, query: &str, size: usize| {
        who.request(Method::POST, &format!("{UPLOADS}{query}")).body(vec![1_u8; size])
    };
    let begun = answer(begin(ada, "?name=a.bin&size=10", 4)).await;
    let id = begun.json["id"].as_str().unwrap().to_owned();
    api.documents("post", UPLOADS, begun, 201);
    api.documents("post", UPLOADS, answer(begin(ada, "?size=x", 4)).await, 400);
    api.documents("post", UPLOADS, answer(begin(nobody, "", 4)).await, 401);
    api.documents("post", UPLOADS, answer(begin(ada, "", (1 << 20) + 1)).await, 413);
    api.documents("post", UPLOADS, answer(begin(ada, "?size=0", 0)).await, 422);
    let foreign = |method: Method, path: &str| ada.request(method, path).header("origin", "https://evil.example");
    api.documents("post", UPLOADS, answer(foreign(Method::POST, UPLOADS)).await, 403);

    let path = format!("{UPLOADS}/{id}");
    let go_on = |who: &Script, path: &str, offset: u64, size: usize| {
        who.request(Method::PATCH, path).header("Upload-Offset", offset).body(vec![1_u8; size])
    };
    api.documents("get", UPLOAD, ada.get(&path).await, 200);
    api.documents("get", UPLOAD, nobody.get(&path).await, 401);
    api.documents("get", UPLOAD, bob.get(&path).await, 404);
    api.documents("patch", UPLOAD, answer(go_on(ada, &path, 0, 4)).await, 409);
    api.documents("patch", UPLOAD, answer(go_on(ada, &path, 4, 40)).await, 400);
    api.documents("patch", UPLOAD, answer(go_on(ada, &path, 4, 6)).await, 200);
    api.documents("patch", UPLOAD, answer(go_on(nobody, &path, 4, 6)).await, 401);
    api.documents("patch", UPLOAD, answer(foreign(Method::PATCH, &path)).await, 403);
    api.documents("patch", UPLOAD, answer(go_on(bob, &path, 4, 6)).await, 404);

    let two = ada.uploads("b.txt", b"text").await;
    let message = json!({ "message": "", "files": [{ "id": id, "alt": "ones" }, { "id": two }] });
    let posted = ada.post("/api/messages", message).await.is(201).json;
    api.documents("delete", UPLOAD, ada.delete(&format!("{UPLOADS}/x")).await, 204);
    api.documents("delete", UPLOAD, nobody.delete(&path).await, 401);
    api.documents("delete", UPLOAD, answer(foreign(Method::DELETE, &path)).await, 403);

    api.documents("get", FILES, ada.get("/api/rooms/lobby/files").await, 200);
    api.documents("get", FILES, ada.get("/api/rooms/lobby/files?limit=x").await, 400);
    api.documents("get", FILES, nobody.get("/api/rooms/lobby/files").await, 401);
    api.documents("get", FILES, ada.get("/api/rooms/none/files").await, 404);
    api.documents("get", FILES, ada.get("/api/rooms/lobby/files?limit=0").await, 422);

    let of = |room: &str, seq: &serde_json::Value, id: &str| format!("/api/rooms/{room}/messages/{seq}/files/{id}");
    let file = of("lobby", &posted["seq"], &id);
    api.documents("delete", FILE, nobody.delete(&file).await, 401);
    api.documents("delete", FILE, bob.delete(&file).await, 403);
    api.documents("delete", FILE, ada.delete(&of("none", &posted["seq"], &id)).await, 404);
    api.documents("delete", FILE, ada.delete(&of(archived, &json!(2), &id)).await, 409);
    api.documents("delete", FILE, ada.delete(&file).await, 204);
    api.documents("delete", FILE, ada.delete(&of("lobby", &posted["seq"], &two)).await, 422);
    ada.delete(&format!("/api/messages/{}", posted["seq"])).await;
    ada.deletes(posted["seq"].as_u64().unwrap()).await.is(204);
    api.documents("delete", FILE, ada.delete(&file).await, 410);

    ada.uploads("c", &vec![1; 1 << 20]).await;
    ada.uploads("d", &vec![1; (1 << 20) - 100]).await;
    api.documents("post", UPLOADS, answer(begin(ada, "", 200)).await, 409);
}
