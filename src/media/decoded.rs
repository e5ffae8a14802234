//! Decoded pictures.

use std::io::Cursor;

use bytes::Bytes;
use image::{
    DynamicImage, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits, RgbaImage,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType as PngFilter, PngEncoder},
    },
    imageops::FilterType,
};

use super::{clean::Clean, unreadable::Unreadable};
use crate::domain::FileKind;

/// Longest side, in pixels.
const MAX_SIDE: u32 = 12_000;
/// Memory for a decoded picture, in bytes.
const MAX_MEMORY: u64 = 128 << 20;
/// Of 100.
const JPEG_QUALITY: u8 = 80;
/// Longest colour profile that a smaller picture keeps, in bytes. That of a telephone has some hundreds.
const MAX_PROFILE: usize = 8 << 10;

/// The first frame of a picture.
pub struct Decoded {
    pub image: DynamicImage,
    /// A colour profile for red, green and blue.
    profile: Option<Vec<u8>>,
}

impl Decoded {
    /// Decodes a picture, not yet turned.
    pub fn new(kind: FileKind, file: &Clean) -> Result<Self, Unreadable> {
        let format = match kind {
            FileKind::Png => ImageFormat::Png,
            FileKind::Jpeg => ImageFormat::Jpeg,
            FileKind::Gif => ImageFormat::Gif,
            FileKind::Webp => ImageFormat::WebP,
            _ => return Err(Unreadable),
        };
        let mut limits = Limits::default();
        limits.max_image_width = Some(MAX_SIDE);
        limits.max_image_height = Some(MAX_SIDE);
        limits.max_alloc = Some(MAX_MEMORY);
        let mut reader = ImageReader::with_format(Cursor::new(&file.bytes[..]), format);
        reader.limits(limits.clone());
        let mut decoder = reader.into_decoder().map_err(|_| Unreadable)?;
        let (width, height) = decoder.dimensions();
        if width == 0 || height == 0 {
            return Err(Unreadable);
        }
        limits.reserve(decoder.total_bytes()).map_err(|_| Unreadable)?;
        decoder.set_limits(limits).map_err(|_| Unreadable)?;
        let profile = decoder.icc_profile().ok().flatten().filter(|profile| is_small_rgb(profile));
        let image = DynamicImage::from_decoder(decoder).map_err(|_| Unreadable)?;
        Ok(Self { image, profile })
    }

    /// The square in the middle.
    pub fn square(mut self) -> Self {
        let (width, height) = (self.image.width(), self.image.height());
        let side = width.min(height);
        if width != height {
            self.image = self.image.crop_imm((width - side) / 2, (height - side) / 2, side, side);
        }
        self
    }

    /// The picture with at most `side` pixels on the longer side.
    pub fn fitted(mut self, side: u32) -> Self {
        if self.image.width().max(self.image.height()) <= side {
            return self;
        }
        let is_transparent = self.is_transparent();
        if is_transparent {
            // the colour of what is not seen must not show at the edges
            self.image = multiplied(self.image.into_rgba8()).into();
        }
        if self.image.width().max(self.image.height()) > 2 * side {
            // most of it in a way that takes a tenth of the time
            self.image = self.image.thumbnail(2 * side, 2 * side);
        }
        self.image = self.image.resize(side, side, FilterType::CatmullRom);
        if is_transparent {
            self.image = divided(self.image.into_rgba8()).into();
        }
        self
    }

    pub fn on_white(mut self) -> Self {
        if self.is_transparent() {
            let mut image = self.image.into_rgba8();
            for pixel in image.pixels_mut() {
                let [colours @ .., alpha] = &mut pixel.0;
                for colour in colours {
                    *colour = ((u16::from(*colour) * u16::from(*alpha) + 255 * (255 - u16::from(*alpha))) / 255) as u8;
                }
                *alpha = u8::MAX;
            }
            self.image = image.into();
        }
        self
    }

    fn is_transparent(&self) -> bool {
        match &self.image {
            DynamicImage::ImageRgba8(image) => image.pixels().any(|pixel| pixel.0[3] < u8::MAX),
            other => other.color().has_alpha() && other.to_rgba8().pixels().any(|pixel| pixel.0[3] < u8::MAX),
        }
    }

    /// A JPEG of it, or a PNG if it is transparent.
    pub fn encoded(self) -> Result<Bytes, Unreadable> {
        let mut out = Vec::new();
        if self.is_transparent() {
            let mut encoder = PngEncoder::new_with_quality(&mut out, CompressionType::Default, PngFilter::Adaptive);
            set_profile(&mut encoder, self.profile);
            self.image.into_rgba8().write_with_encoder(encoder).map_err(|_| Unreadable)?;
        } else {
            let mut encoder = JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY);
            set_profile(&mut encoder, self.profile);
            self.image.into_rgb8().write_with_encoder(encoder).map_err(|_| Unreadable)?;
        }
        Ok(out.into())
    }
}

/// Without its profile a picture is a little paler, which is better than none.
fn set_profile(encoder: &mut impl ImageEncoder, profile: Option<Vec<u8>>) {
    if let Some(profile) = profile {
        let _ = encoder.set_icc_profile(profile);
    }
}

fn is_small_rgb(profile: &[u8]) -> bool {
    profile.len() <= MAX_PROFILE && profile.get(16..20) == Some(b"RGB ")
}

fn multiplied(mut image: RgbaImage) -> RgbaImage {
    for pixel in image.pixels_mut() {
        let [colours @ .., alpha] = &mut pixel.0;
        for colour in colours {
            *colour = ((u16::from(*colour) * u16::from(*alpha) + 127) / 255) as u8;
        }
    }
    image
}

fn divided(mut image: RgbaImage) -> RgbaImage {
    for pixel in image.pixels_mut() {
        let [colours @ .., alpha] = &mut pixel.0;
        for colour in colours {
            *colour = (u16::from(*colour) * 255).checked_div(u16::from(*alpha)).unwrap_or(0).min(255) as u8;
        }
    }
    image
}
