//! The pages.

use super::site::Site;

pub struct Page {
    pub name: &'static str,
    pub path: String,
    pub status: u16,
}

fn page(name: &'static str, path: impl Into<String>) -> Page {
    Page { name, path: path.into(), status: 200 }
}

fn error(name: &'static str, path: impl Into<String>, status: u16) -> Page {
    Page { name, path: path.into(), status }
}

/// Those for anybody.
pub fn of_visitors() -> Vec<Page> {
    vec![
        page("log in", "/login"),
        page("log in before a page", "/login?next=/saved"),
        page("sign up", "/signup"),
        page("API", "/api/docs"),
        error("not found", "/nowhere", 404),
    ]
}

/// Those of Ann, who is an admin. `news`: a room with the line of what is new.
pub fn of_ann(site: &Site, news: &str) -> Vec<Page> {
    let Site { own, closed, empty, archived, foreign, direct, root, mine, deleted, files, .. } = site;
    let room = |id: &str, rest: &str| format!("/rooms/{id}{rest}");
    let lobby = |seq: u64, rest: &str| format!("/rooms/lobby/{seq}{rest}");
    vec![
        page("room with new messages", room(news, "")),
        page("lobby", "/rooms/lobby"),
        page("lobby, older", format!("/rooms/lobby?before={root}")),
        page("lobby at a message", format!("/rooms/lobby?at={mine}")),
        page("own room", room(own, "")),
        page("closed room", room(closed, "")),
        page("empty room", room(empty, "")),
        page("archived room", room(archived, "")),
        page("room not joined", room(foreign, "")),
        page("conversation", room(direct, "")),
        page("new conversation", "/direct/cyd"),
        page("thread", format!("/rooms/lobby/threads/{root}")),
        page("thread without replies", format!("/rooms/lobby/threads/{mine}")),
        page("own message", lobby(*mine, "")),
        page("other's message", lobby(*root, "")),
        page("message in an archived room", room(archived, "/2")),
        page("notice", room(own, "/1")),
        error("deleted message", lobby(*deleted, ""), 404),
        page("edit", lobby(*mine, "/edit")),
        page("delete", lobby(*mine, "/delete")),
        page("pins", "/rooms/lobby/pins"),
        page("no pins", room(empty, "/pins")),
        page("files", room(own, "/files")),
        page("no files", room(empty, "/files?kind=pictures")),
        page("own message with files", room(own, &format!("/{files}"))),
        page("members", "/rooms/lobby/members"),
        page("members of an own room", room(own, "/members")),
        page("lobby settings", "/rooms/lobby/settings"),
        page("room settings", room(own, "/settings?saved=true")),
        page("settings of an archived room", room(archived, "/settings")),
        page("settings of a room not joined", room(foreign, "/settings")),
        page("delete a room", room(own, "/delete")),
        page("rooms", "/rooms"),
        page("no rooms found", "/rooms?q=nothing"),
        page("new room", "/rooms/new"),
        page("people", "/people"),
        page("no people found", "/people?q=nobody"),
        page("person", "/people/bob"),
        page("oneself", "/people/ann"),
        page("mentions", "/mentions"),
        page("saved", "/saved"),
        page("search", "/search"),
        page("hits", "/search?q=reply+from:bob+in:lobby"),
        page("no hits", "/search?q=nothingofthis"),
        page("keys", "/keys"),
        page("account", "/account?saved=settings"),
        page("users", "/admin/users"),
        page("no users found", "/admin/users?q=nobody"),
        page("new user", "/admin/users?new=true"),
        page("edit a user", "/admin/users?edit=bob"),
        page("delete a user", "/admin/users?delete=bob"),
        page("API", "/api/docs"),
        error("room not found", "/rooms/nowhere", 404),
        error("not found", "/nowhere", 404),
    ]
}
