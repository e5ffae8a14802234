//! The size of a room's page for who opens it first, compressed as a release build and a proxy send it.

use std::io::Write;

use scraper::{Html, Selector};

use crate::support::Natter;

/// Bytes after compression.
const SCRIPTS: usize = 30_000;
const STYLES: usize = 14_000;
/// The page with everything it loads.
const PAGE: usize = 80_000;

/// As `build/assets.rs` compresses.
fn compressed(bytes: &[u8]) -> usize {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
    writer.write_all(bytes).unwrap();
    writer.into_inner().len()
}

/// The addresses of the assets in the attribute `name` of all elements that match `css`, each once.
fn assets(page: &Html, css: &str, name: &str) -> Vec<String> {
    let css = Selector::parse(css).unwrap();
    let address = |element: scraper::ElementRef| element.attr(name)?.split('#').next().map(str::to_owned);
    let mut all: Vec<_> = page.select(&css).filter_map(address).filter(|path| path.starts_with("/static/")).collect();
    all.sort();
    all.dedup();
    all
}

#[tokio::test]
async fn the_first_page_is_small() {
    let natter = Natter::unlimited().await;
    let (script, ada) = (natter.register("bob").await, natter.browse_as("ada").await);
    for index in 0..60 {
        script.says(&format!("message {index}: **some** text of a usual length, with a `word` of code")).await;
    }
    let html = ada.visit("/rooms/lobby").await.is(200).html;
    let page = Html::parse_document(&html);
    let kinds = [
        ("scripts", assets(&page, "script[src]", "src"), SCRIPTS),
        ("styles", assets(&page, "link[rel=stylesheet]", "href"), STYLES),
        ("pictures", [assets(&page, "link[rel~=icon]", "href"), assets(&page, "use, img", "href")].concat(), PAGE),
    ];
    let mut sizes = vec![("html".to_owned(), compressed(html.as_bytes()))];
    for (kind, paths, limit) in kinds {
        assert!(!paths.is_empty(), "{kind}");
        let mut total = 0;
        for path in paths {
            let bytes = ada.request(reqwest::Method::GET, &path).send().await.unwrap().bytes().await.unwrap();
            let size = compressed(&bytes);
            total += size;
            sizes.push((path, size));
        }
        assert!(total <= limit, "{kind}: {total} > {limit} bytes; {sizes:?}");
    }
    let total: usize = sizes.iter().map(|(_, size)| size).sum();
    println!("{total} bytes: {sizes:?}");
    assert!(total <= PAGE, "{total} > {PAGE} bytes; {sizes:?}");
}
