//! PNG: chunks with their length, name and checksum.

use super::reader::Reader;
use crate::media::unreadable::Unreadable;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The picture, its colours, transparency and size in print, and the frames of an animation.
const NEEDED: [&[u8; 4]; 20] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV",
    b"cLLI", b"bKGD", b"hIST", b"pHYs", b"sPLT", b"acTL", b"fcTL", b"fdAT",
];

/// Longest colour profile as it is compressed, in bytes. Most have a few hundred; one that is made to harm unpacks to
/// a thousand times its size. Without a profile a picture's colours are taken for sRGB, as those of most are.
const MAX_PROFILE: usize = 16 << 10;

pub fn clean(file: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut rest = Reader::new(file);
    rest.expect(SIGNATURE)?;
    let mut out = Vec::with_capacity(file.len());
    out.extend(SIGNATURE);
    loop {
        let length: [u8; 4] = rest.array()?;
        let name: [u8; 4] = rest.array()?;
        // with the checksum
        let data = rest.take((u32::from_be_bytes(length) as usize).checked_add(4).ok_or(Unreadable)?)?;
        let is_too_large = name == *b"iCCP" && data.len() > MAX_PROFILE;
        if NEEDED.contains(&&name) && !is_too_large {
            out.extend(length);
            out.extend(name);
            out.extend(data);
        }
        if name == *b"IEND" {
            return Ok(out);
        }
    }
}
