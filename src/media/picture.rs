//! What a message and an account need of a picture.

use bytes::Bytes;
use image::metadata::Orientation;

use super::{
    clean::{Clean, clean},
    decoded::Decoded,
    unreadable::Unreadable,
};
use crate::domain::{Dimensions, FileKind};

/// The largest file that is read as a picture, in bytes.
pub const MAX_PICTURE_BYTES: u64 = 32 << 20;
/// The longer side of a thumbnail, in pixels.
pub const THUMBNAIL_SIDE: u32 = 720;
/// The side of an avatar, in pixels.
pub const AVATAR_SIDE: u32 = 512;
/// A file up to this size needs no thumbnail for its bytes.
const SMALL_BYTES: usize = 128 << 10;

/// What is made of the file of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// As it is shown.
    pub dimensions: Dimensions,
    /// The file without metadata; `None` if it has none. How it has to be turned stays, and its colour profile.
    pub bytes: Option<Bytes>,
    /// A JPEG, or a PNG if it is transparent, with [`THUMBNAIL_SIDE`]; of an animation, its first frame. `None` if the file
    /// itself does.
    pub thumbnail: Option<Bytes>,
}

/// Reads the file of a picture. It takes up to 128 MiB of memory and a second of a processor: [`Pictures`](super::Pictures)
/// limits how many are read at once.
///
/// # Errors
/// [`Unreadable`] if it is damaged or not of this kind, has more than 12,000 pixels on a side or needs too much memory.
pub fn picture(kind: FileKind, bytes: &Bytes) -> Result<Picture, Unreadable> {
    let file = clean(kind, bytes)?;
    let decoded = Decoded::new(kind, &file)?;
    let dimensions = shown_dimensions(&decoded, file.orientation);
    let is_small = dimensions.width.max(dimensions.height) <= THUMBNAIL_SIDE && file.bytes.len() <= SMALL_BYTES;
    let is_upright = file.orientation == Orientation::NoTransforms;
    let thumbnail = match is_small && is_upright {
        true => None,
        false => {
            // turned when it is small
            let mut small = decoded.fitted(THUMBNAIL_SIDE);
            small.image.apply_orientation(file.orientation);
            // a drawing can be smaller than its thumbnail
            Some(small.encoded()?).filter(|thumbnail| !is_upright || thumbnail.len() < file.bytes.len())
        }
    };
    let bytes = (file.bytes != *bytes).then(|| file.bytes.into());
    Ok(Picture { dimensions, bytes, thumbnail })
}

/// The file of a picture without metadata. Nothing is decoded.
///
/// # Errors
/// [`Unreadable`] if it is damaged or not of this kind.
pub fn without_metadata(kind: FileKind, bytes: &Bytes) -> Result<Bytes, Unreadable> {
    clean(kind, bytes).map(|file| file.bytes.into())
}

/// Makes an avatar of the file of a picture of any kind: a JPEG of the square in its middle, with at most [`AVATAR_SIDE`], on
/// white if it is transparent: initials are behind it.
///
/// # Errors
/// As [`picture`].
pub fn avatar(bytes: &[u8]) -> Result<Bytes, Unreadable> {
    let kind = FileKind::sniff(bytes);
    let file: Clean = clean(kind, bytes)?;
    let mut small = Decoded::new(kind, &file)?.square().fitted(AVATAR_SIDE);
    small.image.apply_orientation(file.orientation);
    small.on_white().encoded()
}

fn shown_dimensions(decoded: &Decoded, orientation: Orientation) -> Dimensions {
    let (width, height) = (decoded.image.width(), decoded.image.height());
    match orientation {
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH => {
            Dimensions { width: height, height: width }
        }
        _ => Dimensions { width, height },
    }
}
