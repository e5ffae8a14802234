//! The calls about reactions, pins, mentions and saved messages.

use super::Api;
use crate::support::{Answer, Script};

const WHO: &str = "/api/rooms/{room}/messages/{seq}/reactions";
const PIN: &str = "/api/rooms/{room}/messages/{seq}/pin";
const SAVED: &str = "/api/rooms/{room}/messages/{seq}/saved";
const LISTS: [&str; 2] = ["/api/mentions", "/api/saved"];

/// `archived`: a room with a text and a notice.
pub(super) async fn messages(api: &mut Api, nobody: &Script, ada: &Script, bob: &Script, archived: &str) {
    let ask = async |who: &Script, method: &str, pattern: &str, room: &str, seq: u64| {
        let path = pattern.replace("{room}", room).replace("{seq}", &seq.to_string());
        Answer::of(who.request(method.to_uppercase().parse().unwrap(), &path).send().await.unwrap()).await
    };
    let seq = bob.says("hello @ada").await["seq"].as_u64().unwrap();
    ada.reacts(seq, "👍").await.is(200);
    let deleted = bob.says("a mistake").await["seq"].as_u64().unwrap();
    bob.deletes(deleted).await.is(204);
    api.documents("get", WHO, ask(ada, "get", WHO, "lobby", seq).await, 200);
    api.documents("get", WHO, ask(ada, "get", WHO, "lobby", 999).await, 404);
    api.documents("get", WHO, ask(nobody, "get", WHO, "lobby", seq).await, 401);
    for (pattern, done) in [(PIN, 200), (SAVED, 204)] {
        for method in ["put", "delete"] {
            api.documents(method, pattern, ask(nobody, method, pattern, "lobby", seq).await, 401);
            api.documents(method, pattern, ask(ada, method, pattern, "lobby", seq).await, done);
            api.documents(method, pattern, ask(ada, method, pattern, "none", seq).await, 404);
            let path = pattern.replace("{room}", "lobby").replace("{seq}", &seq.to_string());
            let foreign = ada.request(method.to_uppercase().parse().unwrap(), &path);
            let foreign = foreign.header("origin", "https://evil.example").send().await.unwrap();
            api.documents(method, pattern, Answer::of(foreign).await, 403);
            if (pattern, method) != (SAVED, "delete") {
                api.documents(method, pattern, ask(ada, method, pattern, "lobby", deleted).await, 410);
            }
        }
        api.documents(
            "put",
            pattern,
            ask(ada, "put", pattern, archived, 2).await,
            if pattern == PIN { 409 } else { 403 },
        );
    }
    api.documents("delete", PIN, ask(ada, "delete", PIN, archived, 1).await, 409);
    ask(ada, "put", SAVED, "lobby", seq).await.is(204);
    for list in LISTS {
        api.documents("get", list, ada.get(list).await, 200);
        api.documents("get", list, nobody.get(list).await, 401);
        api.documents("get", list, ada.get(&format!("{list}?colour=red")).await, 400);
        api.documents("get", list, ada.get(&format!("{list}?before=x")).await, 422);
    }
}
