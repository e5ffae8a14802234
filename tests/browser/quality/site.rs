//! A natter with something on every page.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Natter;

/// Texts of all kinds. Those of Bob; Ann is the reader.
const TEXTS: [&str; 9] = [
    "plain words with https://example.org/?a=1&b=2 and `code`",
    "# A heading\n\n*emphasis*, **more**, ~~less~~ and a [link](https://example.org)\n\n- one\n- two\n  - three\n\n1. first\n2. second\n\n- [x] done\n- [ ] open\n\n---\n\nthe end",
    "```rust\nfn main() { println!(\"a line that is far wider than any text is, so that it has to scroll inside of its box, whatever the width of the window\"); }\n```",
    "> a quote\n> of two lines\n\nand an answer",
    "|name|count|one more column with a long heading|and one more column with a long heading|\n|-|-:|:-:|-|\n|a|1|2|[3](https://example.com)|",
    "🎉",
    "/me waves",
    "<b>no markup</b> & no &amp; entity, שלום and :heart:",
    "two\nlines",
];

/// A PNG of one pixel.
const PIXEL: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\xdac\
    \xfc\xcf\xc0P\x0f\0\x04\x85\x01\x80\x84\xa9\x8c!\0\0\0\0IEND\xaeB`\x82";

/// A natter whose rooms have messages of all kinds.
pub struct Site {
    pub natter: Natter,
    /// The token of Ann, who is an admin and reads.
    pub ann: String,
    /// The token of Bob, who writes.
    pub bob: String,
    /// An open room of Ann's with a topic and a starred one of Bob's that is closed.
    pub own: String,
    pub closed: String,
    /// Rooms that are empty, archived, and not joined by Ann.
    pub empty: String,
    pub archived: String,
    pub foreign: String,
    /// A room of each language's own with something new: who looks has read it.
    pub news: [String; 2],
    /// Ann's conversation with Bob.
    pub direct: String,
    /// A message in the lobby with a thread, one of Ann's, and a deleted one.
    pub root: u64,
    pub mine: u64,
    pub deleted: u64,
    /// Ann's message with files in her own room.
    pub files: u64,
}

impl Site {
    pub async fn start() -> Self {
        let natter = Natter::start().await;
        let ann = natter.token("ann").await; // the first user is an admin
        let [bob, cyd, dan] = [natter.token("bob").await, natter.token("cyd").await, natter.token("dan").await];
        natter.post(&dan, "of a user who is deleted").await;
        let mine = natter.post(&ann, "a question of @bob's and of everybody's").await;
        for text in TEXTS {
            let seq = natter.post(&bob, text).await;
            natter.react(&cyd, seq, "👍").await;
        }
        let root = natter.post(&cyd, "the beginning of a thread").await;
        for text in ["first reply", "second reply\n\nwith two paragraphs"] {
            natter.reply(&bob, root, text).await;
        }
        natter.reply(&ann, root, "my reply").await;
        for (seq, emoji) in [(mine, "👍"), (mine, "🎉"), (root, "❤️")] {
            natter.react(&bob, seq, emoji).await;
            natter.react(&ann, seq, emoji).await;
        }
        natter.edit(&ann, mine, "a question of @bob's, edited").await;
        natter.pin(&ann, mine).await;
        natter.pin(&bob, root).await;
        natter.save(&ann, root).await;
        natter.save(&ann, mine).await;
        let deleted = natter.post(&bob, "deleted").await;
        let gone = natter.post(&bob, "the parent of a reply, deleted").await;
        natter.reply(&cyd, gone, "a reply to what is deleted").await;
        natter.delete(&bob, deleted).await;
        natter.delete(&bob, gone).await;
        natter.delete_account(&dan, "dan").await;
        // after this one the line of what is new
        let read = natter.post(&ann, "read up to here").await;
        natter.post(&bob, "@ann, look at this").await;
        natter.post(&cyd, "@room, and all of you").await;

        let own = natter.room(&ann, "design", "open", &["bob", "cyd"]).await;
        let topic = "a topic that is long enough to be cut off in the head of a page that is not very wide at all";
        natter.patch_room(&ann, &own, json!({ "topic": topic, "name": "design and words" })).await;
        natter.post_to(&bob, &own, "@ann, a mention elsewhere").await;
        let shown = [("pixel.png", PIXEL), ("a.txt", &b"one\ntwo"[..]), ("a.bin", b"\0")];
        let files = natter.post_files(&ann, &own, "with files", &shown).await;
        let closed = natter.room(&bob, "closed", "closed", &["ann"]).await;
        natter.post_to(&bob, &closed, "in a closed room").await;
        natter.star(&ann, &closed).await;
        let empty = natter.room(&ann, "empty", "open", &[]).await;
        let archived = natter.room(&ann, "archive", "open", &["bob"]).await;
        natter.post_to(&bob, &archived, "of old").await;
        natter.patch_room(&ann, &archived, json!({ "archived": true })).await;
        let foreign = natter.room(&bob, "gardens", "open", &["cyd"]).await;
        natter.post_to(&bob, &foreign, "for those who look in").await;
        // not in a room where nothing may shift: Chromium's own controls do, inside of themselves, when they appear
        let sounds = [("a.mp3", &b"ID3\x04\0\0\0\0\0\0"[..]), ("a.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom")];
        natter.post_files(&bob, &foreign, "", &sounds).await;
        let muted = natter.room(&bob, "muted", "open", &["ann"]).await;
        natter.post_to(&bob, &muted, "unread, but muted").await;
        natter.set_level(&ann, &muted, "nothing").await;
        let mut news = [String::new(), String::new()];
        for id in &mut news {
            *id = natter.room(&bob, "news", "closed", &["ann"]).await;
            let read = natter.post_to(&bob, id, "old").await;
            natter.read(&ann, id, read).await;
            natter.post_to(&bob, id, "new").await;
        }
        let direct = natter.direct(&ann, &["bob"]).await;
        natter.post_to(&bob, &direct, "just between us").await;
        natter.read(&ann, "lobby", read).await;
        Self { natter, ann, bob, own, closed, empty, archived, foreign, news, direct, root, mine, deleted, files }
    }

    /// Posts so many messages to a room, each of one line or of a few.
    pub async fn fill(&self, room: &str, count: u64) -> u64 {
        let mut last = 0;
        for n in 1..=count {
            let more = if n % 5 == 0 { "\n\n- with\n- a list" } else { "" };
            last = self.natter.post_to(&self.bob, room, &format!("number {n}{more}")).await;
        }
        last
    }
}

impl Natter {
    /// Keeps a message of the lobby in the user's own list.
    async fn save(&self, token: &str, seq: u64) {
        let path = format!("/api/rooms/lobby/messages/{seq}/saved");
        self.call(Method::PUT, &path, token, Value::Null).await;
    }
}
