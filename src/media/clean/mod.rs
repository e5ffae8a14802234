//! Files without metadata: who made them, where and with what, texts, and what follows the picture's end. A part that is not
//! known to be needed is left out.

mod gif;
mod jpeg;
mod png;
mod reader;
mod webp;

use image::metadata::Orientation;

use super::unreadable::Unreadable;
use crate::domain::FileKind;

/// A file with only what its picture needs.
pub struct Clean {
    pub bytes: Vec<u8>,
    /// How the picture has to be turned to be shown. Browsers do so by themselves.
    pub orientation: Orientation,
}

/// # Errors
/// [`Unreadable`] if the file is not of this kind, or is cut off.
pub fn clean(kind: FileKind, file: &[u8]) -> Result<Clean, Unreadable> {
    let upright = |bytes| Clean { bytes, orientation: Orientation::NoTransforms };
    match kind {
        FileKind::Jpeg => jpeg::clean(file).map(|(bytes, orientation)| Clean { bytes, orientation }),
        FileKind::Png => png::clean(file).map(upright),
        FileKind::Webp => webp::clean(file).map(upright),
        FileKind::Gif => gif::clean(file).map(upright),
        _ => Err(Unreadable),
    }
}
