//! Posts to 50 rooms at once, compared with as many writers in one room, through the store trait.

use natter_test_support::ReplicaSet;
use serde_json::json;

use super::store_trait::{Place, Posted, post_for};
use crate::{
    natter::Database,
    paths,
    report::{Finding, median, thousands},
    run::Run,
};

/// Rooms, and writers.
const ROOMS: usize = 50;

pub async fn measure(run: &Run) -> Result<(), String> {
    if !run.with_references {
        return Ok(()); // the store trait is not that of another binary
    }
    let mut rounds = Vec::new();
    for _ in 0..round_count() {
        let directories = [paths::temporary(), paths::temporary()];
        let [one, many] = [0, 1].map(|n: usize| Database::Embedded(directories[n].path().to_owned()));
        rounds.push(round(&one, &many).await?);
    }
    report(run, "embedded", &rounds);
    let (mongodb, mut rounds) = (ReplicaSet::try_start_in(paths::temporary(), 1, &[]).await?, Vec::new());
    for round_number in 0..round_count() {
        let [one, many] = ["one", "many"].map(|name| Database::Mongo(mongodb.url(&format!("{name}{round_number}"))));
        rounds.push(round(&one, &many).await?);
    }
    report(run, "MongoDB", &rounds);
    Ok(())
}

fn round_count() -> usize {
    if paths::quick() { 1 } else { 3 }
}

/// Posts in one room and in many.
async fn round(one: &Database, many: &Database) -> Result<[Posted; 2], String> {
    let time = std::time::Duration::from_secs(if paths::quick() { 2 } else { 4 });
    let one = post_for(one, ROOMS, Place::OneRoom, time).await?;
    Ok([one, post_for(many, ROOMS, Place::RoomEach, time).await?])
}

fn report(run: &Run, scene: &str, rounds: &[[Posted; 2]]) {
    let middle = |of: fn(&[Posted; 2]) -> f64| median(rounds.iter().map(of).collect());
    let (one, many) = (middle(|[one, _]| one.per_second), middle(|[_, many]| many.per_second));
    let ratio = middle(|[one, many]| many.per_second / one.per_second);
    let p99 = middle(|[one, many]| many.p99_ms / one.p99_ms);
    let text = format!("{}/s in {ROOMS} rooms, {ratio:.2} × one room; p99 {p99:.2} × one room", thousands(many));
    let figures = json!({ "per_s": many, "ratio": ratio, "p99_ratio": p99 });
    run.report(Finding::new("rooms", "natter", text, figures).scene(scene));
    let text = format!("one room: {}/s, p99 {:.1} ms", thousands(one), middle(|[one, _]| one.p99_ms));
    run.report(Finding::new("rooms", "reference", text, json!({ "per_s": one })).scene(scene));
}
