//! The search: 1,000,000 messages in 200 rooms, of which the searcher may read 50.
//!
//! What is indexed is compared with durable ingest, and a page of 20 hits with the newest 20 messages of a room, both as
//! JSON over one connection.

mod asking;
mod corpus;
mod filling;
mod found;
mod indexing;
mod queries;

use serde_json::json;

use crate::{
    http::{self, Http},
    natter::Natter,
    paths,
    report::Finding,
    run::Run,
};

use self::{
    corpus::{Corpus, Mix},
    filling::{Filled, Size},
    queries::{Sort, path},
};

const ROOMS: usize = 200;
/// Rooms of the databases that only the index's size is measured with.
const FEWER_ROOMS: usize = 20;

pub async fn measure(run: &Run) -> Result<(), String> {
    if !can_search(run).await? {
        return Ok(()); // the binary of --against
    }
    let messages = if paths::quick() { 50_000 } else { 1_000_000 };
    let filled = Filled::copy(run, Size { mix: Mix::Both, rooms: ROOMS, messages }).await?;
    let indexed = indexing::measure(run, &filled).await?;
    indexing::report_rate(run, &indexed).await?;
    report_size(run, &filled).await?;
    let natter = indexed.natter;
    asking::measure(run, &natter, &filled, &Corpus::new()).await?;
    found::measure(run, &natter, &filled).await?;
    let (mib, before) = (natter.memory() as f64 / 1024.0, indexed.memory_before as f64 / 1024.0);
    let text = format!("{mib:.0} MiB after all searches, {before:.0} MiB before the first one");
    let figures = json!({ "memory_mib": mib, "before_mib": before });
    run.report(Finding::new("search", "natter", text, figures).scene("memory"));
    Ok(())
}

/// Whether this natter has the search.
async fn can_search(run: &Run) -> Result<bool, String> {
    let natter = Natter::start(run, 1).await?;
    let mut http = Http::open(natter.address).await.map_err(|why| why.to_string())?;
    let request = http::get(&path("x", Sort::Newest), &natter.bearer(0));
    Ok(http.send(&request).await.map_err(|why| why.to_string())?.status != 404)
}

/// The size of the index, by the bytes of the texts: of English, of Chinese and Japanese, and of the mixture.
async fn report_size(run: &Run, both: &Filled) -> Result<(), String> {
    let messages = if paths::quick() { 10_000 } else { 100_000 };
    let (mut parts, mut figures, mut english) = (Vec::new(), json!({}), 0.0);
    for (what, mix) in [("English", Mix::English), ("CJK", Mix::Cjk), ("5% CJK", Mix::Both)] {
        let of_mix;
        let filled = if mix == Mix::Both {
            both
        } else {
            of_mix = Filled::copy(run, Size { mix, rooms: FEWER_ROOMS, messages }).await?;
            drop(indexing::measure(run, &of_mix).await?);
            &of_mix
        };
        let (index, log) = filled.index_bytes()?;
        let of_text = |bytes: u64| bytes as f64 / filled.text_bytes as f64;
        if mix == Mix::English {
            english = of_text(index);
        }
        let mean = filled.text_bytes as f64 / filled.size.messages as f64;
        parts.push(format!("{what} {:.2} (messages of {mean:.0} bytes; its WAL {:.2})", of_text(index), of_text(log)));
        figures[format!("{}_ratio", mix.name())] = of_text(index).into();
        figures[format!("{}_wal", mix.name())] = of_text(log).into();
    }
    let text = format!("the file, in bytes of the texts: {}", parts.join(", "));
    let found = Finding::new("search", "natter", text, figures).scene("size of the index");
    run.report(found.target("English ≤ 2 × the text", english <= 2.0));
    Ok(())
}
