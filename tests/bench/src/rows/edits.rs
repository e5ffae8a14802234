//! Edits and reactions by one writer, compared with posts by the same writer. The three take turns.

use natter_test_support::ReplicaSet;
use serde_json::json;

use super::changes::{Client, number};
use crate::{
    natter::{Database, Natter},
    paths,
    report::{Finding, median},
    run::Run,
};

/// Messages that are posted, edited and reacted to in one turn.
const MESSAGES: usize = 50;

pub async fn measure(run: &Run) -> Result<(), String> {
    let directory = paths::temporary();
    measure_on(run, "embedded", &Database::Embedded(directory.path().to_owned())).await?;
    let mongodb = ReplicaSet::try_start_in(paths::temporary(), 1, &[]).await?;
    measure_on(run, "MongoDB", &Database::Mongo(mongodb.url("natter"))).await
}

async fn measure_on(run: &Run, scene: &str, database: &Database) -> Result<(), String> {
    let natter = Natter::start_on(run, database, 1).await?;
    let mut writer = Client::open(&natter, 0).await?;
    let has_changes = writer.has_changes().await?;
    let (mut posts, mut edits, mut reactions) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..if paths::quick() { 5 } else { 20 } {
        let mut messages = Vec::new();
        for _ in 0..MESSAGES {
            let (message, ms) = writer.post().await?;
            posts.push(ms);
            messages.push(message);
        }
        for message in messages.iter().filter(|_| has_changes) {
            edits.push(writer.edit(number(message, "seq"), number(message, "textRev"), turn).await?.1);
        }
        for message in messages.iter().filter(|_| has_changes) {
            reactions.push(writer.react(number(message, "seq"), true).await?.1);
        }
    }
    let post = median(posts);
    let mut figures = json!({ "post_ms": post });
    if has_changes {
        let (edit, reaction) = (median(edits), median(reactions));
        figures["edit_ms"] = edit.into();
        figures["reaction_ms"] = reaction.into();
        let text = format!(
            "an edit takes {edit:.2} ms ({:.2} × a post), a reaction {reaction:.2} ms ({:.2} ×)",
            edit / post,
            reaction / post
        );
        run.report(Finding::new("edits", "natter", text, figures).scene(scene));
    } else {
        // an older binary: its posts can be compared
        run.report(Finding::new("edits", "natter", format!("a post takes {post:.2} ms"), figures).scene(scene));
    }
    if run.with_references {
        let text = format!("a post takes {post:.2} ms");
        run.report(Finding::new("edits", "reference", text, json!({ "ms": post })).scene(scene));
    }
    Ok(())
}
