//! Avatars: who may change them, of what, and how their pictures are served.

use image::{ImageFormat, Rgba, RgbaImage};
use reqwest::{Method, header::ORIGIN};

use crate::support::{Answer, Browser, Natter, Page, Script};

const UNREADABLE: &str =
    "This file cannot be read as a picture. Choose a PNG, JPEG, GIF or WebP with at most 12,000 pixels a side.";
const TOO_LARGE: &str = "The picture is larger than 10 MB. Choose a smaller one.";

fn picture(format: ImageFormat) -> Vec<u8> {
    let image = RgbaImage::from_pixel(700, 600, Rgba([200, 30, 60, 255]));
    let mut file = std::io::Cursor::new(Vec::new());
    match format {
        ImageFormat::Jpeg => image::DynamicImage::from(image).to_rgb8().write_to(&mut file, format),
        _ => image.write_to(&mut file, format),
    }
    .unwrap();
    file.into_inner()
}

impl Script {
    async fn gives_avatar(&self, user_id: &str, file: Vec<u8>) -> Answer {
        let request = self.request(Method::PUT, &format!("/api/users/{user_id}/avatar")).body(file);
        Answer::of(request.send().await.unwrap()).await
    }
}

fn address(answer: &Answer) -> String {
    answer.json["avatar"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_avatar_is_made_of_every_format_and_served_for_ever() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    assert!(ada.get("/api/users/ada").await.json.get("avatar").is_none());
    let mut before = None;
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
        let avatar = address(&ada.gives_avatar("ada", picture(format)).await.is(200));
        assert_eq!(bob.get("/api/users/ada").await.json["avatar"], *avatar);
        assert_eq!(bob.get("/api/users").await.json["users"][0]["avatar"], *avatar);
        let response = bob.request(Method::GET, &avatar).send().await.unwrap();
        for (name, value) in [
            ("content-type", "image/jpeg"),
            ("cache-control", "private, max-age=31536000, immutable"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "sandbox; default-src 'none'"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(response.headers()[name], value, "{format:?}: {name}");
        }
        let seen = image::load_from_memory(&response.bytes().await.unwrap()).unwrap();
        assert_eq!((seen.width(), seen.height()), (512, 512), "{format:?}");
        if let Some(before) = before.replace(avatar) {
            bob.get(&before).await.is(404);
        }
    }
    ada.delete("/api/users/ada/avatar").await.is(204);
    ada.delete("/api/users/ada/avatar").await.is(204);
    bob.get(&before.unwrap()).await.is(404);
    assert!(bob.get("/api/users/ada").await.json.get("avatar").is_none());
    for bad in ["/avatars/", "/avatars/x", "/avatars/00000000000000000000000000000000", "/avatars/../natter.db"] {
        bob.get(bad).await.is(404);
    }
}

#[tokio::test]
async fn only_the_user_and_admins_change_an_avatar_and_every_user_sees_it() {
    let natter = Natter::start().await;
    let (admin, bob, cyd) = (natter.register("ada").await, natter.register("bob").await, natter.register("cyd").await);
    let file = || picture(ImageFormat::Png);
    let avatar = address(&bob.gives_avatar("bob", file()).await.is(200));
    cyd.gives_avatar("bob", file()).await.is(403);
    cyd.delete("/api/users/bob/avatar").await.is(403);
    natter.script().gives_avatar("bob", file()).await.is(401);
    cyd.gives_avatar("nobody", file()).await.is(404);
    let foreign = bob.request(Method::PUT, "/api/users/bob/avatar").header(ORIGIN, "https://evil.example");
    Answer::of(foreign.body(file()).send().await.unwrap()).await.is(403);

    cyd.get(&avatar).await.is(200);
    natter.script().get(&avatar).await.is(401);
    natter.browser().visit(&avatar).await.is(401);
    natter.browse_as("dan").await.visit(&avatar).await.is(200);

    let by_admin = address(&admin.gives_avatar("bob", file()).await.is(200));
    assert_ne!(by_admin, avatar);
    admin.delete("/api/users/bob/avatar").await.is(204);
    let audit = admin.get("/api/audit").await.json;
    let done: Vec<_> = audit["entries"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    assert_eq!(done, ["user-edited", "user-edited"], "{audit}");
    // what admins do to themselves is their own affair
    admin.gives_avatar("ada", file()).await.is(200);
    assert_eq!(admin.get("/api/audit").await.json["entries"].as_array().unwrap().len(), 2);
    // with the account it is gone
    let own = address(&cyd.gives_avatar("cyd", file()).await.is(200));
    cyd.delete("/api/users/cyd").await.is(204);
    bob.get(&own).await.is(404);
}

#[tokio::test]
async fn what_is_no_picture_is_refused() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    let avatar = address(&ada.gives_avatar("ada", picture(ImageFormat::Png)).await.is(200));
    let png = picture(ImageFormat::Png);
    // 60,000 pixels wide
    let mut bomb = png.clone();
    bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    for (what, file) in [
        ("a text", b"hello".to_vec()),
        ("a page", b"<!doctype html><script>alert(1)</script>".to_vec()),
        ("an SVG", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec()),
        ("half a picture", png[..png.len() / 2].to_vec()),
        ("a bomb", bomb),
        ("a header", b"GIF89a".to_vec()),
    ] {
        let refused = ada.gives_avatar("ada", file).await;
        assert_eq!(refused.blames(422, "avatar", UNREADABLE).headers["content-type"], "application/json", "{what}");
    }
    ada.gives_avatar("ada", Vec::new()).await.blames(422, "avatar", "Choose a picture first.");
    ada.gives_avatar("ada", vec![0; 10 << 20]).await.blames(422, "avatar", UNREADABLE);
    let too_large = ada.request(Method::PUT, "/api/users/ada/avatar").header("expect", "100-continue");
    if let Ok(answer) = too_large.body(vec![0; (10 << 20) + 1]).send().await {
        Answer::of(answer).await.blames(413, "avatar", TOO_LARGE);
    }
    assert_eq!(ada.get("/api/users/ada").await.json["avatar"], *avatar, "the picture stays");
}

impl Browser {
    async fn uploads(&self, field: &str, file: &[u8]) -> Page {
        let head = format!(
            "--border\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"a.html\"\r\nContent-Type: text/html\r\n\r\n"
        );
        let body = [head.as_bytes(), file, b"\r\n--border--\r\n"].concat();
        let request = self.request(Method::POST, "/account/avatar").header(ORIGIN, self.url(""));
        let request = request.header("content-type", "multipart/form-data; boundary=border").body(body);
        Page::of(request.send().await.unwrap()).await
    }
}

#[tokio::test]
async fn the_account_page_takes_and_removes_a_picture() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.browse_as("ada").await, natter.browse_as("bob").await);
    ada.submit("/rooms/lobby/messages", &[("message", "hello"), ("clientID", "1")]).await.leads_to("/rooms/lobby");
    let page = bob.visit("/rooms/lobby").await.is(200);
    assert!(page.each("img", |_| ()).is_empty(), "initials only");
    let page = ada.visit("/account").await.is(200);
    assert_eq!(page.attribute("form[action='/account/avatar']", "enctype"), "multipart/form-data");
    assert!(!page.html.contains("/account/avatar/remove"));

    let saved = ada.uploads("avatar", &picture(ImageFormat::WebP)).await.leads_to("/account?saved=avatar");
    let page = ada.visit(saved.location()).await.is(200);
    assert_eq!(page.text(".done"), "Your picture is saved.");
    let address = page.attribute(".profile .avatar img", "src");
    bob.visit(&address).await.is(200);
    let page = bob.visit("/rooms/lobby").await.is(200);
    let shown = "#messages .message > img.face";
    assert_eq!(page.attribute(shown, "src"), address);
    for (name, value) in [("alt", ""), ("loading", "lazy")] {
        assert_eq!(page.attribute(shown, name), value);
    }
    assert_eq!(bob.visit("/people/ada").await.attribute("main .avatar img", "src"), address);
    assert_eq!(bob.visit("/people").await.attribute("main .avatar img", "src"), address);
    assert_eq!(bob.visit("/rooms/lobby/members").await.attribute("main .avatar img", "src"), address);
    assert_eq!(ada.visit("/rooms/lobby").await.attribute("#sidebar footer .avatar img", "src"), address);
    assert!(ada.visit("/rooms/lobby").await.text("#sidebar footer .avatar") == "A", "the initials are beneath");

    for (field, file, status, why) in [
        ("avatar", &b"<script>alert(1)</script>"[..], 422, UNREADABLE),
        ("avatar", b"", 422, "Choose a picture first."),
        ("other", b"x", 422, "Choose a picture first."),
        ("avatar", &vec![0; (12 << 20) + 1], 413, TOO_LARGE),
    ] {
        let page = ada.uploads(field, file).await.is(status);
        assert_eq!(page.error_beside("avatar"), why);
        assert_eq!(page.attribute(".profile .avatar img", "src"), address, "the picture stays");
    }
    ada.submit("/account/avatar", &[("avatar", "x")]).await.is(400);
    ada.submit("/account/avatar/remove", &[]).await.leads_to("/account?saved=no-avatar");
    assert!(!bob.visit("/rooms/lobby").await.html.contains("/avatars/"));
    natter.browser().uploads("avatar", &picture(ImageFormat::Png)).await.leads_to("/login");
}

/// Each file of an avatar that comes takes memory, also if it comes slowly.
#[tokio::test]
async fn many_slow_files_let_others_wait_and_not_natter() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let mut slow = Vec::new();
    for _ in 0..16 {
        let mut connection = crate::support::RawConnection::connect(bob.address).await;
        let head = format!(
            "PUT /api/users/bob/avatar HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 1000\r\n\r\n",
            bob.token()
        );
        connection.send(head.as_bytes()).await;
        slow.push(connection);
    }
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let busy = ada.gives_avatar("ada", picture(ImageFormat::Png)).await.is(503);
    assert_eq!(busy.header("retry-after"), "5");
    drop(slow);
    ada.gives_avatar("ada", picture(ImageFormat::Png)).await.is(200);
}
