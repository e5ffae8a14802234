//! Lists of rooms over the API.

use serde_json::{Value, json};

use crate::support::{Natter, Script};

async fn names(who: &Script, first: &str) -> Vec<String> {
    let (mut names, mut next) = (Vec::new(), Some(first.to_owned()));
    while let Some(path) = next {
        let page = who.get(&path).await.is(200).json;
        let rooms = page["rooms"].as_array().unwrap();
        assert!(!rooms.is_empty() || names.is_empty(), "no page is empty but the first");
        names.extend(rooms.iter().map(|room| room["name"].as_str().unwrap().to_owned()));
        next = page["next"].as_str().map(str::to_owned);
    }
    names
}

#[tokio::test]
async fn ones_own_rooms_and_the_open_ones_are_listed_in_pages() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    for name in ["beta & co", "Alpha", "gamma"] {
        ada.creates("open", name, &[]).await;
    }
    ada.creates("closed", "secret", &["bob"]).await;
    let own = names(&bob, "/api/rooms").await;
    assert_eq!(own.len(), 2);
    assert!(own.contains(&"Lobby".to_owned()) && own.contains(&"secret".to_owned()), "{own:?}");
    for limit in 1..=5 {
        let all = names(&bob, &format!("/api/rooms?browse=true&limit={limit}")).await;
        assert_eq!(all, ["Alpha", "beta & co", "gamma", "Lobby"], "{limit}");
        assert_eq!(names(&ada, &format!("/api/rooms?limit={limit}")).await.len(), 5);
    }
    let first = bob.get("/api/rooms?browse=true&limit=1").await.is(200).json;
    assert_eq!(first["next"], "/api/rooms?browse=true&after=alpha&limit=1");
    assert_eq!(names(&bob, "/api/rooms?browse=true&q=A%20%26&limit=1").await, ["beta & co"]);
    assert_eq!(names(&bob, "/api/rooms?browse=true&q=nowhere").await, [""; 0]);
    bob.get("/api/rooms?q=alpha").await.blames(422, "q", "Use it with browse=true.");
    bob.get("/api/rooms?limit=201").await.blames(422, "limit", "Use 1 to 200.");
}

#[tokio::test]
async fn an_open_room_shows_its_number_of_members_and_what_is_ones_own() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let id = ada.creates("open", "Garden", &[]).await;
    ada.says_in(&id, "hello").await;
    let browsed = async |who: &Script| {
        let rooms = who.get("/api/rooms?browse=true&q=garden").await.is(200).json;
        rooms["rooms"][0].clone()
    };
    let field = |room: &Value, name: &str| room.get(name).cloned();
    let of_bob = browsed(&bob).await;
    assert_eq!((field(&of_bob, "members"), field(&of_bob, "role")), (Some(json!(1)), None));
    let of_ada = browsed(&ada).await;
    assert_eq!((field(&of_ada, "members"), field(&of_ada, "role")), (Some(json!(1)), Some(json!("owner"))));
    assert_eq!(field(&of_ada, "seq"), Some(json!(1)));
}
