//! 200 photographs of 12 megapixels, and the latency of messages while their thumbnails are made.

use std::{
    io::Cursor,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use image::{ImageFormat, Rgb, RgbImage};
use serde_json::json;
use tokio::{task::JoinSet, time::sleep};

use crate::{http::Http, load::Load, natter::Natter, paths, process::peak_memory, report::Finding, run::Run, uploads};

const WIDTH: u32 = 4000;
const HEIGHT: u32 = 3000;
const PHOTOGRAPHS: usize = 200;
/// People who upload at the same time, one photograph after the other.
const UPLOADERS: usize = 8;
const MEMBERS: usize = 100;
const RATE: usize = 20;
/// Seconds of chat without photographs.
const BEFORE_SECS: usize = 10;
/// Target: the p99 beside the photographs, as a multiple of that without.
const TARGET_RATIO: f64 = 2.0;

pub async fn measure(run: &Run) -> Result<(), String> {
    let dir = paths::temporary();
    let natter = Natter::start(run, MEMBERS).await?;
    let urls = natter.write_urls(dir.path());
    let photographs = if paths::quick() { PHOTOGRAPHS / 5 } else { PHOTOGRAPHS };
    let photograph: Arc<[u8]> = photograph()?.into();
    let upload = |count| upload_all(&natter, &photograph, count);
    // how long they take, so that people chat for as long
    let secs = upload(UPLOADERS * 2).await? / (UPLOADERS * 2) as f64 * photographs as f64;
    let chat = |secs| Load::natter(&natter, &urls, MEMBERS, RATE, secs).run();
    let (before, memory) = (chat(BEFORE_SECS).await?, natter.memory());
    let uploads = async {
        // the load generator connects, and then waits for a second
        sleep(Duration::from_millis(1500)).await;
        upload(photographs).await
    };
    let both = async { tokio::join!(chat(secs.ceil() as usize), uploads) };
    let ((with, took), peak) = peak_memory(&natter, both).await;
    let (with, took) = (with?, took?);
    let (p99, p99_before, missing) = (with.get("p99_ms"), before.get("p99_ms"), with.get("missing"));
    let ratio = p99 / p99_before;
    let mib = |kib: u64| kib as f64 / 1024.0;
    let text = format!(
        "messages' p99 {p99:.1} ms ({ratio:.2} × {p99_before:.1} ms), max {:.0} ms, {missing} missing; {photographs} photographs of {:.1} MiB in {took:.1} s beside {secs:.0} s of chat; memory {:.0} MiB at most (before {:.0})",
        with.get("max_ms"),
        photograph.len() as f64 / f64::from(1 << 20),
        mib(peak),
        mib(memory),
    );
    let figures =
        json!({ "p99_ms": p99, "before_ms": p99_before, "ratio": ratio, "secs": took, "peak_mib": mib(peak) });
    let met = ratio <= TARGET_RATIO && missing == 0.0;
    run.report(Finding::new("thumbnails", "natter", text, figures).target("messages' p99 ≤ 2 ×", met));
    Ok(())
}

/// A JPEG of 12 megapixels with as many details as a photograph: slopes of light, and the noise of a sensor.
fn photograph() -> Result<Vec<u8>, String> {
    let noise = uploads::random((WIDTH * HEIGHT) as usize);
    let picture = RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let noise = noise[(y * WIDTH + x) as usize] % 24;
        Rgb([x * 200 / WIDTH, y * 200 / HEIGHT, (x + y) * 200 / (WIDTH + HEIGHT)].map(|light| light as u8 + noise))
    });
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Jpeg).map_err(|why| why.to_string())?;
    Ok(file.into_inner())
}

/// Uploads a photograph `count` times, by [`UPLOADERS`]. Returns the seconds.
async fn upload_all(natter: &Natter, photograph: &Arc<[u8]>, count: usize) -> Result<f64, String> {
    let (started, mut uploading) = (Instant::now(), JoinSet::new());
    for uploader in 0..UPLOADERS {
        let head = uploads::upload_head(natter, uploader, "photograph.jpg", photograph.len());
        uploading.spawn(upload(natter.address, head, Arc::clone(photograph), count / UPLOADERS));
    }
    while let Some(done) = uploading.join_next().await {
        done.map_err(|why| why.to_string())??;
    }
    Ok(started.elapsed().as_secs_f64())
}

async fn upload(address: SocketAddr, head: Vec<u8>, photograph: Arc<[u8]>, count: usize) -> Result<(), String> {
    let mut http = Http::open(address).await.map_err(|why| why.to_string())?;
    for _ in 0..count {
        uploads::upload(&mut http, &head, &photograph).await?;
    }
    Ok(())
}
