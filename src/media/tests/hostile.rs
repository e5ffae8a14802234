//! Files that are made to harm: they are unreadable, or what harms is cut off, and they take no time.

use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::prelude::*;

use super::files::*;
use crate::{
    domain::FileKind,
    media::{Unreadable, avatar, picture},
};

fn is_unreadable(kind: FileKind, bytes: &[u8], what: &str) {
    let started = Instant::now();
    assert_eq!(picture(kind, &Bytes::copy_from_slice(bytes)), Err(Unreadable), "{what}");
    assert!(started.elapsed() < Duration::from_secs(1), "{what}: {:?}", started.elapsed());
}

#[test]
fn a_bomb_is_not_decoded() {
    // 50,000 × 50,000 of one colour, whose data begin well
    let plain = file(FileKind::Png, &corners(10, 10));
    for (width, height) in
        [(50_000_u32, 50_000_u32), (12_001, 1), (1, 12_001), (12_000, 12_000), (u32::MAX, u32::MAX), (0, 9)]
    {
        let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
        let bomb = [&plain[..8], &chunk(b"IHDR", &header), &plain[AFTER_IHDR..]].concat();
        is_unreadable(FileKind::Png, &bomb, &format!("PNG {width} × {height}"));
        assert_eq!(avatar(&bomb), Err(Unreadable));
    }
    let jpeg = file(FileKind::Jpeg, &corners(10, 10));
    let frame = jpeg.windows(2).position(|mark| mark == [0xFF, 0xC0]).unwrap();
    let bomb = [&jpeg[..frame + 5], &[0xFF; 4][..], &jpeg[frame + 9..]].concat();
    is_unreadable(FileKind::Jpeg, &bomb, "JPEG");
    let gif = file(FileKind::Gif, &corners(10, 10));
    is_unreadable(FileKind::Gif, &[&gif[..6], &[0xFF; 4][..], &gif[10..]].concat(), "GIF");
    let at = gif.iter().rposition(|byte| *byte == 0x2C).unwrap();
    let frame = [&gif[..at + 5], &[0xFF; 4][..], &gif[at + 9..]].concat();
    // a large frame on a small canvas is cut, or not read
    let _ = picture(FileKind::Gif, &frame.into());
    let webp = file(FileKind::Webp, &corners(10, 10));
    is_unreadable(FileKind::Webp, &webp_with(&webp, 1 << 24, 1 << 24, &[]), "WebP");
}

#[test]
fn a_large_colour_profile_is_left_out_before_it_is_unpacked() {
    let plain = file(FileKind::Png, &corners(10, 10));
    let mut zeros = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut zeros, &vec![0; 64 << 20]).unwrap();
    let profile = chunk(b"iCCP", &[b"x\0\0", &zeros.finish().unwrap()[..]].concat());
    let bomb = with_part(&plain, AFTER_IHDR, &profile);
    let read = picture(FileKind::Png, &bomb).unwrap();
    assert_eq!(read.bytes, Some(plain));
}

#[test]
fn a_file_that_is_cut_off_is_unreadable() {
    for kind in KINDS {
        let file = file(kind, &noise(200, 150));
        for eighth in 0..8 {
            is_unreadable(kind, &file[..file.len() * eighth / 8], &format!("{eighth} eighths of a {kind:?}"));
        }
        is_unreadable(kind, &file[..file.len() - 1], "without its last byte");
    }
}

#[test]
fn ten_thousand_frames_take_less_than_a_second() {
    let file = animation(10_000);
    let started = Instant::now();
    let picture = picture(FileKind::Gif, &file).unwrap();
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!((picture.bytes, picture.dimensions.width), (None, 16), "it stays an animation");
}

#[test]
fn a_jpeg_of_very_many_scans_is_unreadable() {
    let plain = file(FileKind::Jpeg, &corners(10, 10));
    let scan = plain.windows(2).position(|mark| mark == [0xFF, 0xDA]).unwrap();
    let (before, scan) = (&plain[..scan], &plain[scan..plain.len() - 2]);
    let scans = [before, &scan.repeat(10_000), &[0xFF, 0xD9]].concat();
    is_unreadable(FileKind::Jpeg, &scans, "10,000 scans");
}

#[test]
fn what_follows_the_picture_is_cut_off() {
    for kind in KINDS {
        let plain = file(kind, &corners(20, 20));
        for tail in [&b"PK\x03\x04 a zip archive"[..], b"<html><script>alert(1)</script>", &plain[..]] {
            let read = picture(kind, &[&plain[..], tail].concat().into()).unwrap();
            assert_eq!(read.bytes, Some(plain.clone()), "{kind:?}");
        }
    }
    let script = b"GIF89a/*\0\0\0\0\0*/=1;alert(1)//";
    is_unreadable(FileKind::Gif, script, "a script");
}

#[test]
fn the_header_of_one_kind_with_the_body_of_another_is_unreadable() {
    for header in KINDS {
        for body in KINDS.into_iter().filter(|body| *body != header) {
            let (of_header, of_body) = (file(header, &corners(60, 60)), file(body, &corners(60, 60)));
            is_unreadable(header, &of_body, &format!("{body:?} that is called {header:?}"));
            for length in [4, 8, 12, 20] {
                let mixed = [&of_header[..length], &of_body[..]].concat();
                is_unreadable(header, &mixed, &format!("{header:?} of {length} bytes, then {body:?}"));
            }
        }
    }
}

#[test]
fn no_bytes_and_other_kinds_are_unreadable() {
    for kind in KINDS.into_iter().chain([FileKind::Text, FileKind::Other, FileKind::Mp4]) {
        is_unreadable(kind, b"", "nothing");
        is_unreadable(kind, b"plain text", "a text");
    }
    assert_eq!(avatar(b""), Err(Unreadable));
    assert_eq!(avatar(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), Err(Unreadable));
}

fn kinds() -> impl Strategy<Value = FileKind> {
    prop::sample::select(&KINDS[..])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(kind in kinds(), bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        let _ = picture(kind, &bytes.into());
    }

    #[test]
    fn random_bytes_after_a_header_never_panic(
        kind in kinds(), length in 0_usize..64, bytes in prop::collection::vec(any::<u8>(), 0..2048),
    ) {
        let file = file(kind, &corners(24, 24));
        let bytes = [&file[..length.min(file.len())], &bytes].concat();
        let _ = (picture(kind, &bytes.clone().into()), avatar(&bytes));
    }

    #[test]
    fn random_mutations_never_panic_and_are_clean_after_once(
        kind in kinds(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut file = match kind {
            FileKind::Jpeg => with_part(&file(kind, &corners(24, 24)), 2, &jpeg_exif(6)),
            FileKind::Webp => webp_with(&file(kind, &corners(24, 24)), 24, 24, &[(b"EXIF", &exif(6))]),
            FileKind::Png => with_part(&file(kind, &corners(24, 24)), AFTER_IHDR, &chunk(b"eXIf", &exif(6))),
            _ => animation(2),
        }
        .to_vec();
        for (index, byte) in changes {
            *index.get_mut(&mut file) = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        let _ = avatar(&file);
        if let Ok(picture) = picture(kind, &file.into())
            && let Some(clean) = picture.bytes
        {
            let again = crate::media::picture(kind, &clean).unwrap();
            prop_assert_eq!(again.bytes, None);
            prop_assert_eq!(again.dimensions, picture.dimensions);
        }
    }
}
