//! WebP: a RIFF file of chunks with their name and length, each padded to an even length.

use super::reader::Reader;
use crate::media::unreadable::Unreadable;

/// The picture or its frames, transparency and colour profile.
const NEEDED: [&[u8; 4]; 6] = [b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
const FEATURES: &[u8; 4] = b"VP8X";
/// The bits of the features that say that there is EXIF and XMP.
const METADATA: u8 = 0x08 | 0x04;
/// The name and the length of the file, and its kind.
const HEADER: usize = 12;

pub fn clean(file: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut rest = Reader::new(file);
    rest.expect(b"RIFF")?;
    let length = u32::from_le_bytes(rest.array()?);
    let mut chunks = Reader::new(rest.take(length as usize)?);
    chunks.expect(b"WEBP")?;
    let mut out = Vec::with_capacity(file.len());
    out.extend(&file[..HEADER]);
    while !chunks.is_empty() {
        let name: [u8; 4] = chunks.array()?;
        let length: [u8; 4] = chunks.array()?;
        let data = chunks.take(u32::from_le_bytes(length) as usize)?;
        // files without the last one are in use
        let padding = if data.len() % 2 == 1 && !chunks.is_empty() { chunks.take(1)?.len() } else { data.len() % 2 };
        if name != *FEATURES && !NEEDED.contains(&&name) {
            continue;
        }
        out.extend(name);
        out.extend(length);
        let at = out.len();
        out.extend(data);
        if let Some(features) = out.get_mut(at).filter(|_| name == *FEATURES) {
            *features &= !METADATA;
        }
        out.extend(&[0][..padding]);
    }
    // not longer than it was, but for the padding
    let length = (out.len() - 8) as u32;
    out[4..8].copy_from_slice(&length.to_le_bytes());
    Ok(out)
}
