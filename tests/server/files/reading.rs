//! Reading files.

use serde_json::json;

use super::{PIXEL, with_two};

#[tokio::test]
async fn only_who_reads_the_room_reads_its_files() {
    let (natter, ada, bob) = with_two().await;
    let attic = ada.creates("closed", "Attic", &[]).await;
    let file = ada.posts_file(&attic, "secret.txt", b"secret").await;
    let url = file["url"].as_str().unwrap();
    assert_eq!(ada.reads(url, &[]).await.bytes, b"secret");
    assert_eq!(bob.reads(url, &[]).await.status, 404);
    // the lobby is everybody's, and this file is not in it
    let id = file["id"].as_str().unwrap();
    assert_eq!(ada.reads(&format!("/rooms/lobby/files/{id}/secret.txt"), &[]).await.status, 404);
    assert_eq!(natter.browser().visit(url).await.status, 303, "to the login");
    assert_eq!(natter.script().reads(&format!("{url}x"), &[("authorization", "Bearer x")]).await.status, 401);
    // a browser reads it by its session
    let eve = natter.browse_as("eve").await;
    assert_eq!(eve.visit(url).await.status, 404);
    ada.put(&format!("/api/rooms/{attic}/members/eve"), json!({})).await;
    assert_eq!(eve.visit(url).await.is(200).html, "secret");
    let messages = ada.get(&format!("/api/rooms/{attic}/messages")).await.json;
    let seq = messages["messages"].as_array().unwrap().iter().find(|m| m["message"] == "").unwrap()["seq"].clone();
    ada.delete(&format!("/api/rooms/{attic}/messages/{seq}")).await.is(204);
    assert_eq!((eve.visit(url).await.status, ada.reads(url, &[]).await.status), (404, 404));
}

#[tokio::test]
async fn a_file_cannot_run_anything() {
    let (_natter, ada, _) = with_two().await;
    let html = b"<!doctype html><script>alert(1)</script>";
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    for (name, bytes, media_type, disposition) in [
        ("a.png", PIXEL, "image/png", "inline"),
        ("page.html", &html[..], "application/octet-stream", "attachment"),
        ("picture.svg", &svg[..], "application/octet-stream", "attachment"),
        ("picture.png", &svg[..], "application/octet-stream", "attachment"),
        ("a.pdf", b"%PDF-1.7", "application/octet-stream", "attachment"),
        ("a.js", b"alert(1)", "text/plain; charset=utf-8", "inline"),
        ("a.mp3", b"ID3\x04\0\0\0\0\0\0", "audio/mpeg", "inline"),
    ] {
        let file = ada.posts_file("lobby", name, bytes).await;
        let read = ada.reads(file["url"].as_str().unwrap(), &[]).await;
        assert_eq!((read.status, read.header("content-type")), (200, media_type), "{name}");
        assert!(read.header("content-disposition").starts_with(disposition), "{name}");
        assert!(read.header("content-security-policy").starts_with("sandbox; default-src 'none'"), "{name}");
        for (header, value) in [
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "private, no-cache"),
        ] {
            assert_eq!(read.header(header), value, "{name}");
        }
    }
}

#[tokio::test]
async fn a_picture_that_is_too_large_to_show_tells_as_little_as_the_others() {
    let (_natter, ada, _) = with_two().await;
    let [width, height] = [13_000_u16, 1].map(u16::to_le_bytes);
    let comment = [&[0x21, 0xFE, 5][..], b"place", &[0]].concat();
    let picture = [&[0x2C, 0, 0, 0, 0][..], &width, &height, &[0, 2, 1, 0, 0]].concat();
    let gif = [&b"GIF89a"[..], &width, &height, &[0, 0, 0], &comment, &picture, &[0x3B]].concat();
    let file = ada.posts_file("lobby", "wide.gif", &gif).await;
    assert_eq!(file["type"], "application/octet-stream");
    let read = ada.reads(file["url"].as_str().unwrap(), &[]).await;
    assert!(read.header("content-disposition").starts_with("attachment"));
    assert!(read.bytes.starts_with(b"GIF89a") && !read.bytes.windows(5).any(|bytes| bytes == b"place"));
}

#[tokio::test]
async fn a_part_of_a_file_is_read() {
    let (_natter, ada, _) = with_two().await;
    let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    let file = ada.posts_file("lobby", "a.bin", &bytes).await;
    let url = file["url"].as_str().unwrap();
    let whole = ada.reads(url, &[]).await;
    assert_eq!((whole.header("accept-ranges"), whole.header("content-length")), ("bytes", "400000"));
    assert_eq!(whole.bytes, bytes);
    for (range, first, last) in
        [("bytes=0-0", 0, 0), ("bytes=70000-70100", 70_000, 70_100), ("bytes=-5", 399_995, 399_999)]
    {
        let part = ada.reads(url, &[("range", range)]).await;
        assert_eq!((part.status, part.header("content-range")), (206, format!("bytes {first}-{last}/400000").as_str()));
        assert_eq!(part.bytes, bytes[first..=last]);
    }
    let beyond = ada.reads(url, &[("range", "bytes=400000-")]).await;
    assert_eq!((beyond.status, beyond.header("content-range")), (416, "bytes */400000"));
    let tag = whole.header("etag");
    assert_eq!(ada.reads(url, &[("if-none-match", tag)]).await.status, 304);
    assert_eq!(ada.reads(url, &[("range", "bytes=0-9"), ("if-range", tag)]).await.bytes.len(), 10);
    assert_eq!(ada.reads(url, &[("range", "bytes=0-9"), ("if-range", "\"other\"")]).await.status, 200);
}
