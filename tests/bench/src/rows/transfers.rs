//! The memory of one large upload beside slow downloads.

use std::time::Duration;

use serde_json::json;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    http::{self, Http},
    natter::{Database, Natter},
    paths,
    process::peak_memory,
    report::Finding,
    run::Run,
    uploads,
};

const DOWNLOADS: usize = 100;
const DOWNLOADED: usize = 24 << 20;
/// Each download reads this much, four times a second.
const PART: usize = 16 * 1024;
/// Bytes of the upload, sent in pieces.
const UPLOADED: usize = 1 << 30;
const PIECE: usize = 16 << 20;
/// Target: what the process grows by, in MiB.
const TARGET: f64 = 16.0;

pub async fn measure(run: &Run) -> Result<(), String> {
    let directory = paths::temporary();
    let database = Database::Embedded(directory.path().to_owned());
    let tokens = Natter::sign_up_users(run, &database, 1).await?;
    let natter = Natter::start_with_users(run, &database, tokens, &["--max-file", "1100"])?;
    let path = uploads::post(&natter, 0, "file.bin", &uploads::random(DOWNLOADED)).await?;
    let request = http::get(&path, &natter.bearer(0));
    // what a first transfer makes once is not counted
    let mut http = Http::open(natter.address).await.map_err(|why| why.to_string())?;
    http.download(&request, &mut [0; PART], Duration::ZERO).await.map_err(|why| why.to_string())?;
    sleep(Duration::from_secs(2)).await;
    let before = natter.memory();
    let mut downloads = JoinSet::new();
    for _ in 0..DOWNLOADS {
        let request = request.clone();
        let mut http = Http::open_with_small_buffer(natter.address).await.map_err(|why| why.to_string())?;
        downloads.spawn(async move { http.download(&request, &mut [0; PART], Duration::from_millis(250)).await });
    }
    sleep(Duration::from_secs(2)).await;
    let with_downloads = natter.memory();
    let upload = async {
        let head = uploads::upload_head(&natter, 0, "large.bin", UPLOADED);
        let piece = uploads::random(PIECE);
        let mut parts = vec![&head[..]];
        parts.extend(std::iter::repeat_n(&piece[..], UPLOADED / PIECE));
        http.send_parts(&parts).await.map(|response| response.status).map_err(|why| why.to_string())
    };
    let (status, peak) = peak_memory(&natter, upload).await;
    let status = status?;
    let finished = std::iter::from_fn(|| downloads.try_join_next()).count();
    if status != 201 || finished > 0 {
        return Err(format!("the upload got {status}, {finished} of the slow downloads ended"));
    }
    let mib = |kib: u64| kib as f64 / 1024.0;
    let (grown, by_downloads) = (mib(peak) - mib(before), mib(with_downloads) - mib(before));
    let text = format!(
        "{grown:.1} MiB more at most ({by_downloads:.1} MiB by the downloads alone), {:.1} MiB before",
        mib(before)
    );
    let figures = json!({ "grown_mib": grown, "by_downloads_mib": by_downloads, "before_mib": mib(before) });
    run.report(Finding::new("transfers", "natter", text, figures).target("< 16 MiB", grown < TARGET));
    Ok(())
}
