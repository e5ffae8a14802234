//! The operation of the search.

use super::Api;
use crate::support::Script;

const SEARCH: &str = "/api/search";

pub async fn search(api: &mut Api, nobody: &Script, ada: &Script) {
    ada.says("found by the description").await;
    ada.finds_in_time("description", 1).await;
    api.documents("get", SEARCH, ada.get("/api/search?q=description&sort=best").await, 200);
    api.documents("get", SEARCH, ada.get("/api/search?q=is:mine&limit=1").await, 200);
    api.documents("get", SEARCH, ada.get("/api/search?after=x").await, 400);
    api.documents("get", SEARCH, nobody.get(SEARCH).await, 401);
    api.documents("get", SEARCH, ada.get("/api/search?limit=101").await, 422);
}
