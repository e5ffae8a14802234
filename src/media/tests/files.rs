//! Files of pictures, and parts of files that are put into them.

use bytes::Bytes;
use image::{
    DynamicImage, ExtendedColorType, Frame, ImageEncoder, ImageFormat, Rgba, RgbaImage,
    codecs::{gif::GifEncoder, jpeg::JpegEncoder, png::PngEncoder},
};

use crate::domain::FileKind;

pub const KINDS: [FileKind; 4] = [FileKind::Jpeg, FileKind::Png, FileKind::Webp, FileKind::Gif];
pub const RED: Rgba<u8> = Rgba([255, 0, 0, 255]);
pub const GREEN: Rgba<u8> = Rgba([0, 255, 0, 255]);
pub const BLUE: Rgba<u8> = Rgba([0, 0, 255, 255]);
pub const WHITE: Rgba<u8> = Rgba([255; 4]);

/// A picture of four colours: red, green, blue and white, row by row.
pub fn corners(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
        (true, true) => RED,
        (false, true) => GREEN,
        (true, false) => BLUE,
        (false, false) => WHITE,
    })
}

/// The colours of the corners, row by row, each as the nearest of the four.
pub fn corner_colours(image: &DynamicImage) -> [Rgba<u8>; 4] {
    let image = image.to_rgba8();
    let (right, bottom) = (image.width() - 1, image.height() - 1);
    [(0, 0), (right, 0), (0, bottom), (right, bottom)].map(|(x, y)| {
        let seen = image.get_pixel(x, y).0;
        let distance = |colour: &Rgba<u8>| -> u32 {
            colour.0.iter().zip(seen).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
        };
        [RED, GREEN, BLUE, WHITE].into_iter().min_by_key(distance).unwrap()
    })
}

/// A picture that does not compress well.
pub fn noise(width: u32, height: u32) -> RgbaImage {
    let mut state = 1_u32;
    RgbaImage::from_fn(width, height, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [a, b, c, _] = state.to_be_bytes();
        Rgba([a, b, c, 255])
    })
}

pub fn file(kind: FileKind, image: &RgbaImage) -> Bytes {
    let mut out = Vec::new();
    let (width, height) = image.dimensions();
    match kind {
        FileKind::Jpeg => {
            DynamicImage::from(image.clone()).to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut out, 90))
        }
        FileKind::Png => PngEncoder::new(&mut out).write_image(image, width, height, ExtendedColorType::Rgba8),
        FileKind::Gif => GifEncoder::new_with_speed(&mut out, 30).encode_frame(Frame::new(image.clone())),
        _ => image.write_to(&mut std::io::Cursor::new(&mut out), ImageFormat::WebP),
    }
    .unwrap();
    out.into()
}

/// A GIF with this many frames.
pub fn animation(frames: usize) -> Bytes {
    let mut out = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut out, 30);
    encoder.set_repeat(image::codecs::gif::Repeat::Infinite).unwrap();
    let frame = Frame::new(corners(16, 16));
    encoder.encode_frames((0..frames).map(|_| frame.clone())).unwrap();
    drop(encoder);
    out.into()
}

/// A file with `part` at an offset.
pub fn with_part(file: &[u8], offset: usize, part: &[u8]) -> Bytes {
    [&file[..offset], part, &file[offset..]].concat().into()
}

/// A segment of a JPEG, which can come after the second byte.
pub fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    [&[0xFF, marker][..], &(data.len() as u16 + 2).to_be_bytes(), data].concat()
}

/// A chunk of a PNG, which can come after byte 33.
pub fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = u32::MAX;
    for byte in name.iter().chain(data) {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    [&(data.len() as u32).to_be_bytes()[..], name, data, &(!crc).to_be_bytes()].concat()
}

/// Where the chunks of a PNG after the first begin.
pub const AFTER_IHDR: usize = 33;

/// A WebP with these chunks after its own, and the features that say so.
pub fn webp_with(file: &[u8], width: u32, height: u32, chunks: &[(&[u8; 4], &[u8])]) -> Bytes {
    let size = |side: u32| (side - 1).to_le_bytes()[..3].to_vec();
    let features = [vec![0x0C, 0, 0, 0], size(width), size(height)].concat();
    let mut body = [b"WEBP".to_vec(), riff_chunk(b"VP8X", &features), file[12..].to_vec()].concat();
    chunks.iter().for_each(|(name, data)| body.extend(riff_chunk(name, data)));
    riff_chunk(b"RIFF", &body).into()
}

fn riff_chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut chunk = [&name[..], &(data.len() as u32).to_le_bytes(), data].concat();
    chunk.resize(chunk.len().next_multiple_of(2), 0);
    chunk
}

/// EXIF in little-endian numbers with an orientation, and a place: "GPSPLACE" stands for it.
pub fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"II\x2A\0\x08\0\0\0\x02\0".to_vec();
    exif.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    // tag 0x8825: where the directory of the place is
    exif.extend([0x25, 0x88, 4, 0, 1, 0, 0, 0, 38, 0, 0, 0]);
    exif.extend([0; 4]);
    exif.extend(b"\x01\0\x1B\0\x07\0\x08\0\0\0\x38\0\0\0\0\0\0\0GPSPLACE");
    exif
}

pub fn jpeg_exif(orientation: u8) -> Vec<u8> {
    segment(0xE1, &[b"Exif\0\0", &exif(orientation)[..]].concat())
}

/// The beginning of a colour profile for red, green and blue.
pub fn profile() -> Vec<u8> {
    let mut profile = vec![0; 132];
    profile[..4].copy_from_slice(&132_u32.to_be_bytes());
    profile[8] = 4;
    profile[12..24].copy_from_slice(b"mntrRGB XYZ ");
    profile[36..40].copy_from_slice(b"acsp");
    profile[48..52].copy_from_slice(b"ICC!");
    profile
}

pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
