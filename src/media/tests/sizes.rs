//! Dimensions, thumbnails and avatars.

use bytes::Bytes;
use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};

use super::files::*;
use crate::{
    domain::{Dimensions, FileKind},
    media::{avatar, picture, pictures::Pictures},
};

fn decoded(bytes: &[u8]) -> DynamicImage {
    image::load_from_memory(bytes).unwrap()
}

fn jpeg(width: u32, height: u32, orientation: u8) -> Bytes {
    with_part(&file(FileKind::Jpeg, &corners(width, height)), 2, &jpeg_exif(orientation))
}

/// The corners as they are shown, for each orientation of EXIF.
const SHOWN: [[Rgba<u8>; 4]; 8] = [
    [RED, GREEN, BLUE, WHITE],
    [GREEN, RED, WHITE, BLUE],
    [WHITE, BLUE, GREEN, RED],
    [BLUE, WHITE, RED, GREEN],
    [RED, BLUE, GREEN, WHITE],
    [BLUE, RED, WHITE, GREEN],
    [WHITE, GREEN, BLUE, RED],
    [GREEN, WHITE, RED, BLUE],
];

#[test]
fn a_picture_is_shown_as_the_camera_was_held() {
    for (orientation, shown) in (1..).zip(SHOWN) {
        let picture = picture(FileKind::Jpeg, &jpeg(1200, 900, orientation)).unwrap();
        let (width, height) = if orientation < 5 { (1200, 900) } else { (900, 1200) };
        assert_eq!(picture.dimensions, Dimensions { width, height }, "{orientation}");
        let thumbnail = decoded(&picture.thumbnail.unwrap());
        assert_eq!(corner_colours(&thumbnail), shown, "{orientation}");
        let (width, height) = if orientation < 5 { (720, 540) } else { (540, 720) };
        assert_eq!((thumbnail.width(), thumbnail.height()), (width, height), "{orientation}");
        assert_eq!(corner_colours(&decoded(&avatar(&jpeg(1200, 900, orientation)).unwrap())), shown, "{orientation}");

        // the file itself says it still, and nothing else
        let clean = picture.bytes.unwrap();
        let mut decoder = image::ImageReader::new(std::io::Cursor::new(&clean[..]))
            .with_guessed_format()
            .unwrap()
            .into_decoder()
            .unwrap();
        use image::ImageDecoder;
        assert_eq!(decoder.orientation().unwrap().to_exif(), orientation);
        assert!(!contains(&clean, b"GPSPLACE"));
        assert_eq!(contains(&clean, b"Exif"), orientation != 1);
    }
}

#[test]
fn a_small_picture_that_is_turned_has_a_thumbnail() {
    let picture = picture(FileKind::Jpeg, &jpeg(100, 80, 6)).unwrap();
    let thumbnail = decoded(&picture.thumbnail.unwrap());
    assert_eq!((thumbnail.width(), thumbnail.height()), (80, 100));
}

#[test]
fn a_picture_is_small_by_its_sides_and_its_bytes() {
    for (image, has_thumbnail) in [(corners(720, 720), false), (corners(721, 20), true), (noise(700, 700), true)] {
        let file = file(FileKind::Jpeg, &image);
        let thumbnail = picture(FileKind::Jpeg, &file).unwrap().thumbnail;
        assert_eq!(thumbnail.is_some(), has_thumbnail, "{:?}, {} bytes", image.dimensions(), file.len());
    }
}

#[test]
fn a_thumbnail_is_smaller_than_its_file() {
    // a drawing of few colours, which takes less as a PNG
    let picture = picture(FileKind::Png, &file(FileKind::Png, &corners(2000, 20))).unwrap();
    assert_eq!((picture.thumbnail, picture.dimensions.width), (None, 2000));
}

#[test]
fn a_thumbnail_is_a_jpeg_or_a_png_if_it_is_transparent() {
    let opaque = noise(1000, 1000);
    let mut transparent = opaque.clone();
    // black that nobody sees, beside what one sees
    transparent.enumerate_pixels_mut().filter(|(x, ..)| *x < 500).for_each(|(.., pixel)| *pixel = Rgba([0; 4]));
    transparent.enumerate_pixels_mut().filter(|(x, ..)| *x >= 500).for_each(|(.., pixel)| *pixel = WHITE);
    for kind in [FileKind::Png, FileKind::Webp] {
        for (image, expected) in [(&opaque, FileKind::Jpeg), (&transparent, FileKind::Png)] {
            let mut noisy = image.clone();
            // so that the file is larger than its thumbnail
            noisy.enumerate_pixels_mut().filter(|(_, y, _)| *y < 100).for_each(|(x, y, pixel)| {
                *pixel = *opaque.get_pixel(x, y);
            });
            let thumbnail = picture(kind, &file(kind, &noisy)).unwrap().thumbnail.unwrap();
            assert_eq!(FileKind::sniff(&thumbnail), expected, "{kind:?}");
            if expected == FileKind::Png {
                let seen = decoded(&thumbnail).into_rgba8();
                assert_eq!(seen.get_pixel(100, 400).0[3], 0);
                let edges = seen.rows().nth(400).unwrap().filter(|pixel| pixel.0[3] > 32);
                assert!(edges.clone().count() > 300 && edges.clone().all(|pixel| pixel.0[0] > 240), "no dark edge");
            }
        }
    }
}

#[test]
fn a_thumbnail_of_an_animation_is_its_first_frame() {
    let mut out = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new_with_speed(&mut out, 30);
    for image in [corners(800, 800), noise(800, 800)] {
        encoder.encode_frame(image::Frame::new(image)).unwrap();
    }
    drop(encoder);
    let thumbnail = picture(FileKind::Gif, &out.into()).unwrap().thumbnail.unwrap();
    assert_eq!(corner_colours(&decoded(&thumbnail)), SHOWN[0]);
}

#[test]
fn a_line_keeps_a_pixel() {
    let mut line = RgbaImage::new(9000, 1);
    line.pixels_mut().zip(noise(9000, 1).pixels()).for_each(|(to, from)| *to = *from);
    let thumbnail = picture(FileKind::Png, &file(FileKind::Png, &line)).unwrap().thumbnail.unwrap();
    assert_eq!((decoded(&thumbnail).width(), decoded(&thumbnail).height()), (720, 1));
}

#[test]
fn an_avatar_is_a_square_of_at_most_512_pixels() {
    for kind in KINDS {
        for ((width, height), side) in [((1000, 800), 512), ((800, 1000), 512), ((300, 100), 100), ((1, 1), 1)] {
            let avatar = avatar(&file(kind, &corners(width, height))).unwrap();
            let seen = decoded(&avatar);
            assert_eq!((seen.width(), seen.height()), (side, side), "{kind:?} {width} × {height}");
            assert_eq!(FileKind::sniff(&avatar), FileKind::Jpeg);
            if side > 1 {
                assert_eq!(corner_colours(&seen), SHOWN[0], "the middle");
            }
        }
    }
}

#[test]
fn a_transparent_avatar_is_on_white() {
    let half = |x| if x < 50 { Rgba([0, 0, 0, 0]) } else { BLUE };
    let avatar = avatar(&file(FileKind::Png, &RgbaImage::from_fn(100, 100, |x, _| half(x)))).unwrap();
    assert_eq!(FileKind::sniff(&avatar), FileKind::Jpeg);
    assert_eq!(corner_colours(&decoded(&avatar)), [WHITE, BLUE, WHITE, BLUE]);
}

#[test]
fn pictures_of_other_depths_and_colours_are_read() {
    let image = DynamicImage::from(corners(900, 900));
    for image in [
        DynamicImage::from(image.to_luma8()),
        image.to_luma_alpha8().into(),
        image.to_rgb16().into(),
        image.to_rgba16().into(),
    ] {
        let mut out = Vec::new();
        image.write_to(&mut std::io::Cursor::new(&mut out), ImageFormat::Png).unwrap();
        let avatar = avatar(&out).unwrap();
        assert_eq!(decoded(&avatar).width(), 512, "{:?}", image.color());
    }
}

#[tokio::test]
async fn what_is_read_off_the_async_threads_is_the_same() {
    let (pictures, bytes) = (Pictures::default(), jpeg(1200, 900, 6));
    let read = pictures.reserve().await.unwrap().picture(FileKind::Jpeg, bytes.clone()).await;
    assert_eq!(read.unwrap().ok(), picture(FileKind::Jpeg, &bytes).ok());
    assert_eq!(pictures.reserve().await.unwrap().avatar(bytes.clone()).await, Ok(avatar(&bytes)));
    assert!(pictures.reserve().await.unwrap().avatar(Bytes::from_static(b"x")).await.unwrap().is_err());
}

/// The work of a photograph. `cargo test --lib -- --ignored --nocapture twelve` prints how long it takes.
#[test]
#[ignore = "it only measures"]
fn twelve_megapixels() {
    let mut photo = corners(4000, 3000);
    photo.pixels_mut().zip(noise(4000, 3000).pixels()).for_each(|(to, from)| {
        to.0.iter_mut().zip(from.0).for_each(|(to, from)| *to = to.saturating_sub(from / 8));
    });
    for kind in [FileKind::Jpeg, FileKind::Png, FileKind::Webp] {
        let file = file(kind, &photo);
        let started = std::time::Instant::now();
        let clean = crate::media::clean::clean(kind, &file).unwrap();
        println!("without metadata: {:?}", started.elapsed());
        drop(crate::media::decoded::Decoded::new(kind, &clean).unwrap());
        println!("and decoded: {:?}", started.elapsed());
        let started = std::time::Instant::now();
        let picture = picture(kind, &file).unwrap();
        let thumbnail = picture.thumbnail.unwrap().len();
        println!("{kind:?}: {} bytes, thumbnail {thumbnail} bytes, {:?}", file.len(), started.elapsed());
    }
}
