//! A thousand changes of one message: what others' posts and reads cost before and after them.

use natter_test_support::ReplicaSet;
use serde_json::json;

use super::changes::{Client, number};
use crate::{
    natter::{Database, Natter},
    paths,
    report::{Finding, median},
    run::Run,
};

/// Edits and reactions of the one message.
const CHANGES: usize = 1000;
/// Requests of each kind, before and after.
const REQUESTS: usize = 200;
/// Longest time after the changes, as a multiple of the time before.
const ENOUGH: f64 = 1.2;

/// Median times in milliseconds.
struct Times {
    post: f64,
    /// The page with the changed message.
    page: f64,
}

pub async fn measure(run: &Run) -> Result<(), String> {
    let directory = paths::temporary();
    measure_on(run, "embedded", &Database::Embedded(directory.path().to_owned())).await?;
    let mongodb = ReplicaSet::try_start_in(paths::temporary(), 1, &[]).await?;
    measure_on(run, "MongoDB", &Database::Mongo(mongodb.url("natter"))).await
}

async fn measure_on(run: &Run, scene: &str, database: &Database) -> Result<(), String> {
    let natter = Natter::start_on(run, database, 2).await?;
    let (mut author, mut other) = (Client::open(&natter, 0).await?, Client::open(&natter, 1).await?);
    if !author.has_changes().await? {
        eprintln!("bench: hot: {} has no edits", run.binary.display());
        return Ok(());
    }
    times(&mut other, 1).await?; // warms up
    let hot = number(&author.post().await?.0, "seq");
    let before = times(&mut other, hot).await?;
    let mut text_rev = number(&author.get(&format!("/api/rooms/lobby/messages/{hot}")).await?.0, "textRev");
    for change in 0..CHANGES / 2 {
        text_rev = number(&author.edit(hot, text_rev, change).await?.0, "textRev");
        author.react(hot, change % 2 == 0).await?;
    }
    let after = times(&mut other, hot).await?;
    let (post, page) = (after.post / before.post, after.page / before.page);
    let text = format!(
        "after {CHANGES} changes of one message, a post of another user takes {post:.2} × ({:.2} ms), the page with it \
         {page:.2} × ({:.2} ms)",
        after.post, after.page
    );
    let figures = json!({ "post_growth": post, "page_growth": page, "post_ms": after.post, "page_ms": after.page });
    let found = Finding::new("hot", "natter", text, figures).scene(scene);
    run.report(found.target(format!("each within {ENOUGH} ×"), post.max(page) <= ENOUGH));
    Ok(())
}

/// The times of posts and of reads around the message `seq`, which take turns.
async fn times(client: &mut Client<'_>, seq: u64) -> Result<Times, String> {
    let (mut posts, mut pages) = (Vec::new(), Vec::new());
    for _ in 0..if paths::quick() { REQUESTS / 4 } else { REQUESTS } {
        posts.push(client.post().await?.1);
        pages.push(client.get(&format!("/api/rooms/lobby/messages?around={seq}&limit=50")).await?.1);
    }
    Ok(Times { post: median(posts), page: median(pages) })
}
