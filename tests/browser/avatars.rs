//! Pictures of users, with and without JavaScript.

use natter_test_support::eventually;

use super::support::{BrowserOptions, LOBBY, Natter, Person};

/// A picture file of one's own, red on the left and blue on the right.
fn picture(directory: &std::path::Path) -> String {
    let path = directory.join("me.png");
    let colour = |x| if x < 400 { image::Rgb([200, 40, 60]) } else { image::Rgb([40, 60, 200]) };
    image::RgbImage::from_fn(800, 600, |x, _| colour(x)).save(&path).unwrap();
    path.display().to_string()
}

impl Person {
    async fn uploads_picture(&self, path: &str) {
        self.finds("#avatar").await.send_keys(path).await.unwrap();
        self.presses("Save picture").await;
        self.reaches("/account?saved=avatar").await;
    }

    /// Waits until the picture that matches is loaded, and asserts that it covers what it stands for.
    async fn sees_picture(&self, css: &str) {
        self.finds(css).await.scroll_into_view().await.unwrap();
        let script = format!(
            "const image = document.querySelector({css:?});
             return image.complete && image.naturalWidth === 512 && image.offsetWidth === image.offsetHeight && image.offsetWidth >= 20;"
        );
        eventually(&format!("the picture {css}"), || async { self.runs::<bool>(&script).await.then_some(()) }).await;
    }
}

#[tokio::test]
async fn a_picture_is_shown_beside_messages_and_names() {
    let natter = Natter::start().await;
    let files = tempfile::tempdir().unwrap();
    let picture = picture(files.path());
    let ann = natter.person("Ann").await;
    ann.waits_until_connected().await;
    ann.says("hello").await;
    ann.sees("You: hello").await;
    let bob = natter.person("Bob").await;
    bob.waits_until_connected().await;
    bob.sees("Ann: hello").await;
    assert_eq!(bob.runs::<u32>("return document.querySelectorAll('.avatar img').length").await, 0, "initials only");

    ann.chooses("Account").await;
    ann.uploads_picture(&picture).await;
    ann.sees_picture(".profile .avatar img").await;
    ann.goes_to(LOBBY).await;
    ann.waits_until_connected().await;
    ann.sees_picture("#messages .message > .face").await;
    ann.sees_picture("#sidebar footer .avatar img").await;
    ann.says("with a picture").await;
    // a live row, under another name's row
    bob.sees("Ann: with a picture").await;
    let place = "const row = [...document.querySelectorAll('#messages .message')].at(-1), { x, y } = row.getBoundingClientRect();
        return [x, y]";
    let before: (f64, f64) = bob.runs(place).await;
    bob.goes_to(LOBBY).await;
    bob.waits_until_connected().await;
    bob.sees_picture("#messages .message > .face").await;
    assert_eq!(bob.runs::<(f64, f64)>(place).await.0, before.0);
    bob.goes_to("/rooms/lobby/members").await;
    bob.sees_picture("main .avatar img").await;

    // who has no right to it any more, or finds it gone, sees the initials
    bob.goes_to(LOBBY).await;
    bob.waits_until_connected().await;
    ann.goes_to("/account").await;
    ann.presses("Remove picture").await;
    ann.reaches("/account?saved=no-avatar").await;
    let broken = "const face = document.querySelector('#messages .message > .face'), address = new URL(face.src);
        address.search = '?again'; // not from the cache
        face.src = address.href;
        return true";
    bob.runs::<bool>(broken).await;
    let is_invisible = "(() => {
        const face = document.querySelector('#messages .message > .face');
        return face.complete && face.naturalWidth === 0 && face.offsetHeight === 0 // no sign of a broken picture
            && getComputedStyle(face.closest('.message'), '::before').content.startsWith('\"A\"');
    })()";
    bob.holds("initials in place of a picture that is gone", is_invisible).await;
    bob.closes_browser(&["status of 404"]).await;
    ann.closes_browser(&[]).await;
}

#[tokio::test]
async fn a_picture_is_uploaded_and_seen_without_javascript() {
    let natter = Natter::start().await;
    let files = tempfile::tempdir().unwrap();
    let (picture, text) = (picture(files.path()), files.path().join("me.txt"));
    std::fs::write(&text, "this is no picture").unwrap();
    let ann = natter.visitor(BrowserOptions { no_script: true, narrow: true, ..BrowserOptions::default() }).await;
    ann.sign_up(&natter, "Ann").await;
    ann.fills("message", "by form").await;
    ann.presses("Send").await;
    ann.goes_to("/account").await;
    ann.finds("#avatar").await.send_keys(text.display().to_string()).await.unwrap();
    ann.presses("Save picture").await;
    eventually("an error at the field", || async {
        ann.text("#avatar-note").await.starts_with("This file cannot be read").then_some(())
    })
    .await;
    ann.uploads_picture(&picture).await;
    ann.sees_picture(".profile .avatar img").await;
    ann.goes_to(LOBBY).await;
    ann.sees_picture("#messages .message > .face").await;
    ann.goes_to("/account").await;
    ann.presses("Remove picture").await;
    ann.reaches("/account?saved=no-avatar").await;
    assert_eq!(ann.runs::<u32>("return document.querySelectorAll('.avatar img').length").await, 0);
    ann.closes_browser(&["status of 422"]).await;
}
