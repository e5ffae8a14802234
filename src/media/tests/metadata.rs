//! What is removed from files, and what stays.

use bytes::Bytes;

use super::files::*;
use crate::{
    domain::{Dimensions, FileKind},
    media::{avatar, picture},
};

fn decoded(bytes: &[u8]) -> Vec<u8> {
    image::load_from_memory(bytes).unwrap().into_rgba8().into_raw()
}

/// The file without metadata. It shows the same.
fn cleaned(kind: FileKind, dirty: &Bytes) -> Bytes {
    let clean = picture(kind, dirty).unwrap().bytes.expect("nothing was removed");
    assert!(decoded(&clean) == decoded(dirty), "{kind:?} looks different");
    assert_eq!(picture(kind, &clean).unwrap().bytes, None, "{kind:?} is clean");
    clean
}

#[test]
fn a_file_without_metadata_stays_as_it_is() {
    for kind in KINDS {
        let file = file(kind, &corners(40, 30));
        let picture = picture(kind, &file).unwrap();
        assert_eq!(picture.bytes, None, "{kind:?}");
        assert_eq!(picture.dimensions, Dimensions { width: 40, height: 30 });
        assert_eq!(picture.thumbnail, None, "{kind:?} is small itself");
    }
}

#[test]
fn a_jpeg_has_no_place_no_texts_and_no_other_picture_afterwards() {
    let plain = file(FileKind::Jpeg, &noise(900, 700));
    let icc = segment(0xE2, &[b"ICC_PROFILE\0\x01\x01", &profile()[..]].concat());
    let parts = [
        jpeg_exif(1),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>SECRET</x:xmpmeta>"),
        segment(0xED, b"Photoshop 3.0\x008BIMSECRET"),
        segment(0xE2, b"MPF\0SECRET"),
        segment(0xE0, b"JFXX\0SECRET"),
        segment(0xFE, b"SECRET"),
        icc.clone(),
    ];
    let dirty = with_part(&plain, 2, &parts.concat());
    let dirty = [&dirty[..], b"PK\x03\x04SECRET"].concat().into();
    let clean = cleaned(FileKind::Jpeg, &dirty);
    for part in [&b"SECRET"[..], b"GPSPLACE", b"Exif"] {
        assert!(!contains(&clean, part));
    }
    assert!(contains(&clean, &icc), "the colours are the same");
    assert_eq!(clean.len(), plain.len() + icc.len());
    let thumbnail = picture(FileKind::Jpeg, &dirty).unwrap().thumbnail.unwrap();
    assert!(!contains(&thumbnail, b"GPSPLACE") && !contains(&thumbnail, b"SECRET"));
    assert!(contains(&thumbnail, &profile()), "and those of the thumbnail");
}

#[test]
fn a_comment_between_the_scans_of_a_jpeg_is_removed() {
    let plain = file(FileKind::Jpeg, &corners(32, 32));
    // before the end
    let dirty = with_part(&plain, plain.len() - 2, &segment(0xFE, b"SECRET"));
    assert_eq!(cleaned(FileKind::Jpeg, &dirty), plain);
}

#[test]
fn the_small_picture_in_the_header_of_a_jpeg_is_removed() {
    let plain = file(FileKind::Jpeg, &corners(32, 32));
    let header = segment(0xE0, b"JFIF\0\x01\x02\x01\0\x48\0\x48\x01\x01RGB");
    assert!(plain[2..].starts_with(&segment(0xE0, &plain[6..20])[..4]));
    let dirty = [&plain[..2], &header, &plain[20..]].concat().into();
    let clean = cleaned(FileKind::Jpeg, &dirty);
    assert!(contains(&clean, b"JFIF\0\x01\x02\x01\0\x48\0\x48\0\0\xFF"));
}

#[test]
fn a_png_has_no_place_and_no_texts_afterwards() {
    let plain = file(FileKind::Png, &noise(900, 700));
    let kept = chunk(b"pHYs", &[0, 0, 11, 19, 0, 0, 11, 19, 1]);
    let parts = [
        kept.clone(),
        chunk(b"eXIf", &exif(1)),
        chunk(b"tEXt", b"Author\0SECRET"),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0SECRET"),
        chunk(b"zTXt", b"Author\0\0SECRET"),
        chunk(b"tIME", &[7, 230, 1, 1, 1, 1, 1]),
        chunk(b"prVt", b"SECRET"),
    ];
    let dirty = with_part(&plain, AFTER_IHDR, &parts.concat());
    let dirty = [&dirty[..], b"<script>SECRET</script>"].concat().into();
    let clean = cleaned(FileKind::Png, &dirty);
    assert_eq!(clean, with_part(&plain, AFTER_IHDR, &kept));
    let thumbnail = picture(FileKind::Png, &dirty).unwrap().thumbnail.unwrap();
    assert!(!contains(&thumbnail, b"GPSPLACE") && !contains(&thumbnail, b"SECRET"));
}

#[test]
fn a_webp_has_no_place_and_no_texts_afterwards() {
    let plain = file(FileKind::Webp, &noise(900, 700));
    let chunks: [(&[u8; 4], &[u8]); 3] = [(b"EXIF", &exif(1)), (b"XMP ", b"<x>SECRET</x>"), (b"PRVT", b"SECRET")];
    let dirty = [&webp_with(&plain, 900, 700, &chunks)[..], b"SECRET"].concat().into();
    let clean = cleaned(FileKind::Webp, &dirty);
    assert!(!contains(&clean, b"SECRET") && !contains(&clean, b"GPSPLACE"));
    assert_eq!(clean[20], 0, "the features say so");
    assert_eq!(clean.len(), plain.len() + 18);
    let thumbnail = picture(FileKind::Webp, &dirty).unwrap().thumbnail.unwrap();
    assert!(!contains(&thumbnail, b"GPSPLACE") && !contains(&thumbnail, b"SECRET"));
}

#[test]
fn a_gif_has_no_texts_afterwards_and_still_runs_in_a_loop() {
    let plain = animation(3);
    let kept = b"\x21\xFF\x0BNETSCAPE2.0";
    assert!(contains(&plain, kept));
    let parts =
        [&b"\x21\xFE\x06SECRET\0"[..], b"\x21\xFF\x0BXMP DataXMP\x06SECRET\0", b"\x21\x01\x0Cabcdefghijkl\x06SECRET\0"];
    let header = 13 + if plain[10] & 0x80 == 0 { 0 } else { 3 << ((plain[10] & 7) + 1) };
    let dirty = with_part(&plain, header, &parts.concat());
    let dirty = [&dirty[..], b"<script>SECRET</script>"].concat().into();
    assert_eq!(cleaned(FileKind::Gif, &dirty), plain);
}

#[test]
fn an_avatar_has_no_metadata() {
    let dirty = with_part(&file(FileKind::Jpeg, &corners(100, 80)), 2, &jpeg_exif(6));
    let avatar = avatar(&dirty).unwrap();
    assert!(!contains(&avatar, b"GPSPLACE") && !contains(&avatar, b"Exif"));
}
