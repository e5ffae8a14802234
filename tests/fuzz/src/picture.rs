//! Files of pictures.

use bytes::Bytes;
use image::GenericImageView;
use natter::{
    domain::FileKind,
    media::{AVATAR_SIDE, THUMBNAIL_SIDE, avatar, picture as read},
};

/// Longest side of a picture, in pixels.
const MAX_SIDE: u32 = 12_000;
const KINDS: [FileKind; 4] = [FileKind::Png, FileKind::Jpeg, FileKind::Gif, FileKind::Webp];

/// Any file is a picture with a small thumbnail and nothing left to remove, or it is unreadable. So it is as an avatar.
pub fn picture(data: &[u8]) {
    let file = Bytes::copy_from_slice(data);
    let kind = FileKind::sniff(data);
    for other in KINDS.into_iter().filter(|other| *other != kind) {
        assert!(read(other, &file).is_err(), "{other:?} that begins as {kind:?}");
    }
    if let Ok(picture) = read(kind, &file) {
        let (width, height) = (picture.dimensions.width, picture.dimensions.height);
        assert!((1..=MAX_SIDE).contains(&width) && (1..=MAX_SIDE).contains(&height), "{width} × {height}");
        if let Some(clean) = &picture.bytes {
            assert!(clean.len() <= data.len() + 1, "{} bytes of {}", clean.len(), data.len()); // the padding of WebP
            assert_eq!(FileKind::sniff(clean), kind);
            let again = read(kind, clean);
            assert_eq!(again.as_ref().map(|again| again.dimensions), Ok(picture.dimensions));
            assert_eq!(again.map(|again| again.bytes), Ok(None), "something was left");
        }
        if let Some(thumbnail) = &picture.thumbnail {
            let (small_width, small_height) = size(thumbnail);
            assert!(small_width.max(small_height) <= THUMBNAIL_SIDE, "{small_width} × {small_height}");
            let is_turned =
                width > height && small_width < small_height || width < height && small_width > small_height;
            assert!(!is_turned, "{small_width} × {small_height} of {width} × {height}");
        }
    }
    if let Ok(avatar) = avatar(data) {
        assert_eq!(FileKind::sniff(&avatar), FileKind::Jpeg);
        let (width, height) = size(&avatar);
        assert!(width == height && (1..=AVATAR_SIDE).contains(&width), "{width} × {height}");
    }
}

fn size(file: &[u8]) -> (u32, u32) {
    image::load_from_memory(file).unwrap_or_else(|error| panic!("natter's own picture: {error}")).dimensions()
}
