//! The web app manifest, its icons, and the colours around a page.

use serde_json::Value;

use crate::support::{Browser, Natter};

async fn manifest_of(browser: &Browser, page: &str) -> Value {
    let page = browser.visit(page).await.is(200);
    let manifest = browser.visit(&page.attribute("link[rel=manifest]", "href")).await.is(200);
    assert_eq!(manifest.header("content-type"), "application/manifest+json");
    serde_json::from_str(&manifest.html).unwrap()
}

/// Width and height from the header of a PNG.
fn size_of(png: &[u8]) -> String {
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    format!("{}x{}", number(16), number(20))
}

#[tokio::test]
async fn the_manifest_names_icons_that_have_the_sizes_stated() {
    let natter = Natter::start().await;
    let nobody = natter.browser();
    let manifest = manifest_of(&nobody, "/login").await;
    for (field, value) in
        [("name", "natter"), ("start_url", "/"), ("id", "/"), ("display", "standalone"), ("lang", "en")]
    {
        assert_eq!(manifest[field], value);
    }
    let icons = manifest["icons"].as_array().unwrap();
    let mut found = Vec::new();
    for icon in icons {
        let field = |name: &str| icon[name].as_str().unwrap();
        let response = nobody.request(reqwest::Method::GET, field("src")).send().await.unwrap();
        assert_eq!(response.status(), 200, "{icon}");
        assert_eq!(response.headers()["content-type"], field("type"));
        let bytes = response.bytes().await.unwrap();
        match field("type") {
            "image/png" => assert_eq!(size_of(&bytes), field("sizes")),
            _ => assert!(bytes.starts_with(b"<svg") && field("sizes") == "any"),
        }
        found.push(format!("{} {}", field("purpose"), field("sizes")));
    }
    for purpose in ["any", "maskable"] {
        for size in ["any", "192x192", "512x512"] {
            assert!(found.contains(&format!("{purpose} {size}")), "{purpose} {size}");
        }
    }
    let touch = nobody.visit("/login").await.attribute("link[rel=apple-touch-icon]", "href");
    let touch = nobody.request(reqwest::Method::GET, &touch).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(size_of(&touch), "180x180");
}

#[tokio::test]
async fn the_manifest_has_the_language_of_the_page_and_its_shortcuts_lead_to_pages() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    ada.submit("/account/settings", &[("theme", "dark"), ("language", "de"), ("timeFormat", "auto")]).await.is(303);
    let manifest = manifest_of(&ada, "/rooms/lobby").await;
    assert_eq!(manifest["lang"], "de");
    assert_eq!(manifest["shortcuts"][1]["name"], "Neue Nachricht");
    for shortcut in manifest["shortcuts"].as_array().unwrap() {
        ada.visit(shortcut["url"].as_str().unwrap()).await.is(200);
    }
    let by_browser = ada.follow_link("/manifest.webmanifest?lang=xx", &[("accept-language", "de")]).await.is(200);
    assert_eq!(by_browser.header("vary"), "Accept-Language");
}

#[tokio::test]
async fn the_theme_colour_follows_the_setting() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    let colors = async || {
        let page = ada.visit("/rooms/lobby").await.is(200);
        page.each("meta[name=theme-color]", |meta| {
            (meta.attr("content").unwrap().to_owned(), meta.attr("media").unwrap_or_default().to_owned())
        })
    };
    let pair = |color: &str, media: &str| (color.to_owned(), media.to_owned());
    let both = [pair("#fbfdfc", "(prefers-color-scheme: light)"), pair("#101513", "(prefers-color-scheme: dark)")];
    assert_eq!(colors().await, both);
    for (theme, color) in [("light", "#fbfdfc"), ("dark", "#101513")] {
        ada.submit("/account/settings", &[("theme", theme), ("language", "en"), ("timeFormat", "auto")]).await.is(303);
        assert_eq!(colors().await, [pair(color, "")]);
    }
}
