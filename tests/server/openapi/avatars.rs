//! The calls of avatars.

use reqwest::Method;

use super::Api;
use crate::support::{Answer, Script};

const AVATAR: &str = "/api/users/{userID}/avatar";

/// `ada` is an admin, `bob` is not.
pub(super) async fn avatars(api: &mut Api, nobody: &Script, ada: &Script, bob: &Script) {
    let put = async |who: &Script, user_id: &str, file: Vec<u8>| {
        let request = who.request(Method::PUT, &AVATAR.replace("{userID}", user_id)).body(file);
        Answer::of(request.send().await.unwrap()).await
    };
    let delete = async |who: &Script, user_id: &str| who.delete(&AVATAR.replace("{userID}", user_id)).await;
    let mut picture = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(8, 8).write_to(&mut picture, image::ImageFormat::Png).unwrap();
    api.documents("put", AVATAR, put(ada, "bob", picture.into_inner()).await, 200);
    api.documents("put", AVATAR, put(nobody, "bob", vec![1]).await, 401);
    api.documents("put", AVATAR, put(bob, "ada", vec![1]).await, 403);
    api.documents("put", AVATAR, put(ada, "nobody", vec![1]).await, 404);
    api.documents("put", AVATAR, put(ada, "bob", vec![1; (10 << 20) + 1]).await, 413);
    api.documents("put", AVATAR, put(ada, "bob", vec![1]).await, 422);
    api.documents("delete", AVATAR, delete(nobody, "bob").await, 401);
    api.documents("delete", AVATAR, delete(bob, "ada").await, 403);
    api.documents("delete", AVATAR, delete(ada, "nobody").await, 404);
    api.documents("delete", AVATAR, delete(ada, "bob").await, 204);
}
