//! Files: chosen, pasted and dropped, sent with a message, and looked at.

use std::{path::PathBuf, time::Duration};

use natter_test_support::eventually;

use super::support::{BrowserOptions, Natter, Person, Proxy, Random};

/// A file to choose.
struct Chosen {
    directory: tempfile::TempDir,
}

impl Chosen {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

/// Makes a PNG of this size in the page, and gives it to a script as `file`.
fn with_picture(name: &str, then: &str) -> String {
    format!(
        "return (async () => {{ const canvas = Object.assign(document.createElement('canvas'), {{ width: 900, height: 600 }});
         const context = canvas.getContext('2d');
         for (let n = 0; n < 900; n++) {{ context.fillStyle = `hsl(${{n}} 80% 50%)`; context.fillRect(n, 0, 1, 600); }}
         const blob = await new Promise((done) => canvas.toBlob(done));
         const data = new DataTransfer();
         data.items.add(new File([blob], '{name}', {{ type: 'image/png' }}));
         {then}
         return true; }})()"
    )
}

async fn chooses_file(person: &Person, path: &std::path::Path) {
    let input = person.finds(".attach input").await;
    input.send_keys(path.to_str().unwrap()).await.unwrap();
}

async fn attachments(person: &Person, done: usize) {
    person.holds("uploads", &format!("document.querySelectorAll('.attachment.complete').length === {done}")).await;
}

#[tokio::test]
async fn a_picture_is_pasted_and_seen_by_everybody() {
    let natter = Natter::start().await;
    let (ann, ben) = (natter.person("Ann").await, natter.person("Ben").await);
    ann.waits_until_connected().await;
    ben.waits_until_connected().await;
    let paste = "document.querySelector('#message').dispatchEvent(
        new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));";
    let _: bool = ann.runs(&with_picture("rainbow.png", paste)).await;
    attachments(&ann, 1).await;
    assert_eq!(ann.texts(".attachment .name").await, ["rainbow.png"]);
    ann.holds("a preview", "document.querySelector('.attachment .preview').naturalWidth === 900").await;
    let alt = ann.finds(".attachment .alt").await;
    alt.send_keys("a rainbow").await.unwrap();
    ann.says("look").await;
    for person in [&ann, &ben] {
        person.holds("the picture", "document.querySelector('#messages .files img')?.naturalWidth > 0").await;
        let size: (u32, u32, String) = person
            .runs(
                "const img = document.querySelector('#messages .files img'); return [img.width, img.height, img.alt];",
            )
            .await;
        assert_eq!(size, (360, 240, "a rainbow".to_owned()));
    }
    ann.sees("You: look").await;
    eventually("an empty outbox", || async { ann.texts("#outbox li").await.is_empty().then_some(()) }).await;
    assert!(ann.texts(".attachment").await.is_empty());
    // the picture, large
    ben.finds("#messages .files a").await.click().await.unwrap();
    ben.holds("the lightbox", "document.querySelector('#lightbox[open] img').naturalWidth === 900").await;
    ben.finds("body").await.send_keys(thirtyfour::Key::Escape + "").await.unwrap();
    ben.holds("no lightbox", "!document.querySelector('#lightbox').open").await;
    ann.closes_browser(&[]).await;
    ben.closes_browser(&[]).await;
}

#[tokio::test]
async fn files_alone_are_a_message_and_a_file_can_be_taken_out_before() {
    let natter = Natter::start().await;
    let (ann, ben, files) = (natter.person("Ann").await, natter.person("Ben").await, Chosen::new());
    ann.waits_until_connected().await;
    ben.waits_until_connected().await;
    chooses_file(&ann, &files.file("one.txt", b"the first")).await;
    chooses_file(&ann, &files.file("two.txt", b"the second")).await;
    let drop = "document.querySelector('#messages').dispatchEvent(
        new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));";
    let _: bool = ann.runs(&with_picture("dropped.png", drop)).await;
    attachments(&ann, 3).await;
    ann.finds(".attachment:first-child button").await.click().await.unwrap();
    attachments(&ann, 2).await;
    // they stay while one looks elsewhere, and over a reload
    ann.goes_to("/rooms").await;
    ann.opens("lobby").await;
    attachments(&ann, 2).await;
    ann.waits_until_connected().await;
    ann.says("").await;
    for person in [&ann, &ben] {
        person.holds("two files", "document.querySelectorAll('#messages .files > li').length === 2").await;
        assert_eq!(person.texts("#messages .files pre").await, ["the second"]);
    }
    eventually("an empty outbox", || async { ann.texts("#outbox li").await.is_empty().then_some(()) }).await;
    let quote = "document.querySelector('#context-text').textContent.includes('📎 two.txt, dropped.png')";
    let seq: u64 = ben.runs("return +document.querySelector('#messages .message').dataset.seq;").await;
    ben.does(seq, "reply").await;
    ben.holds("a quote", quote).await;
    ann.closes_browser(&[]).await;
    ben.closes_browser(&[]).await;
}

#[tokio::test]
async fn an_upload_goes_on_after_the_line_was_cut_and_the_message_follows_it() {
    let natter = Natter::start().await;
    let mut random = Random::new();
    let proxy = Proxy::start(natter.port(), &random).await;
    let ann = natter.visitor(BrowserOptions { port: Some(proxy.port), ..BrowserOptions::default() }).await;
    ann.sign_up(&natter, "Ann").await;
    ann.waits_until_connected().await;
    let files = Chosen::new();
    let bytes: Vec<u8> = (0..5_000_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    chooses_file(&ann, &files.file("large.bin", &bytes)).await;
    ann.says("with a large file").await;
    for _ in 0..3 {
        proxy.set_cut(true);
        tokio::time::sleep(Duration::from_millis(100 + random.below(300))).await;
        proxy.set_cut(false);
        tokio::time::sleep(Duration::from_millis(2100 + random.below(300))).await;
    }
    ann.holds("the file", "!!document.querySelector('#messages .files a')").await;
    let robot = natter.token("robot").await;
    let log = natter.call(reqwest::Method::GET, "/api/messages", &robot, serde_json::Value::Null).await;
    let messages: Vec<_> = log["messages"].as_array().unwrap().iter().filter(|m| m["notice"].is_null()).collect();
    assert_eq!(messages.len(), 1);
    let sha256 = ring::digest::digest(&ring::digest::SHA256, &bytes);
    assert_eq!(messages[0]["files"][0]["sha256"], hex::encode(sha256));
    ann.closes_browser(&["net::ERR_", "WebSocket connection to", "htmx: htmx:ws:error"]).await;
}

#[tokio::test]
async fn a_file_that_is_refused_says_why_and_the_text_stays() {
    let natter = Natter::with(&["--max-file", "1"]).await;
    let (ann, files) = (natter.person("Ann").await, Chosen::new());
    ann.waits_until_connected().await;
    chooses_file(&ann, &files.file("large.bin", &vec![1; (1 << 20) + 1])).await;
    ann.holds("the reason", "document.querySelector('.attachment .why').textContent.includes('at most 1 MiB')").await;
    ann.says("the text").await;
    ann.holds("the reason", "document.querySelector('#refused').textContent.includes('at most 1 MiB')").await;
    assert_eq!(ann.value("message").await, "the text");
    ann.finds(".attachment button").await.click().await.unwrap();
    ann.finds("#message").await.send_keys("" + thirtyfour::Key::Enter).await.unwrap();
    ann.sees("You: the text").await;
    ann.closes_browser(&["413"]).await;
}

#[tokio::test]
async fn a_file_is_sent_without_javascript() {
    let natter = Natter::start().await;
    let (ann, files) =
        (natter.visitor(BrowserOptions { no_script: true, ..BrowserOptions::default() }).await, Chosen::new());
    ann.sign_up(&natter, "Ann").await;
    ann.reaches(super::support::LOBBY).await;
    let path = files.file("note.txt", b"a note");
    ann.finds("#file").await.send_keys(path.to_str().unwrap()).await.unwrap();
    ann.presses("Send").await;
    eventually("the file", || async { (ann.texts("#messages .files pre").await == ["a note"]).then_some(()) }).await;
    ann.closes_browser(&[]).await;
}
