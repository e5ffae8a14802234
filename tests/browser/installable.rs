//! natter as an application of the device: the manifest as Chromium reads it, and the colours around a page.

use serde_json::json;

use super::support::{LOBBY, Natter};

#[tokio::test]
async fn chromium_finds_no_error_in_the_manifest() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    for page in [LOBBY, "/account", "/notifications"] {
        ann.goes_to(page).await;
        let found = ann.commands("Page.getAppManifest", json!({})).await;
        let (url, data) = (found["value"]["url"].as_str().unwrap(), found["value"]["data"].as_str().unwrap());
        assert!(url.ends_with("/manifest.webmanifest?lang=en") && data.contains("maskable"), "{found}");
        assert_eq!(found["value"]["errors"], json!([]), "{found}");
        let hindrances = ann.commands("Page.getInstallabilityErrors", json!({})).await;
        assert_eq!(hindrances["value"]["installabilityErrors"], json!([]), "{hindrances}");
    }
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn the_colour_around_the_page_is_that_of_its_ground() {
    let natter = Natter::start().await;
    let ann = natter.person("Ann").await;
    let colors = "
        const paint = (color) => {
            const canvas = document.createElement('canvas').getContext('2d');
            canvas.fillStyle = color;
            canvas.fillRect(0, 0, 1, 1);
            return [...canvas.getImageData(0, 0, 1, 1).data].join();
        };
        const around = [...document.querySelectorAll('meta[name=theme-color]')].find(({ media }) => matchMedia(media).matches);
        return [paint(around.content), paint(getComputedStyle(document.body).backgroundColor)];";
    let mut seen = Vec::new();
    for device in ["light", "dark"] {
        ann.prefers_colors(device).await;
        ann.goes_to(LOBBY).await;
        let [around, ground]: [String; 2] = ann.runs(colors).await;
        assert_eq!(around, ground, "{device}");
        seen.push(ground);
    }
    assert_ne!(seen[0], seen[1]);
    ann.closes_browser(&[]).await;
}
