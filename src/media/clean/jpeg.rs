//! JPEG: segments, each after a marker, and the data of the scans between them.

use image::metadata::Orientation;

use super::reader::Reader;
use crate::media::unreadable::Unreadable;

const MARK: u8 = 0xFF;
const START: u8 = 0xD8;
const END: u8 = 0xD9;
const SCAN: u8 = 0xDA;
/// In the data of a scan: a byte that is no marker, or the beginning of an interval.
const IN_SCAN: [std::ops::RangeInclusive<u8>; 2] = [0x00..=0x00, 0xD0..=0xD7];
/// Segments that a picture needs: frames, tables, scans and intervals.
const NEEDED: std::ops::RangeInclusive<u8> = 0xC0..=0xDF;
const APP0: u8 = 0xE0;
const APP1: u8 = 0xE1;
const APP2: u8 = 0xE2;
const APP14: u8 = 0xEE;

/// A picture of a camera has up to 12. Each of them takes as long as the whole picture.
const MAX_SCANS: usize = 32;

const EXIF: &[u8] = b"Exif\0\0";
const JFIF: &[u8] = b"JFIF\0";
/// With its name, in bytes. A small picture can follow.
const JFIF_HEADER: usize = 14;

pub fn clean(file: &[u8]) -> Result<(Vec<u8>, Orientation), Unreadable> {
    let mut rest = Reader::new(file);
    rest.expect(&[MARK, START])?;
    let mut out = Vec::with_capacity(file.len());
    out.extend([MARK, START]);
    let (mut orientation, mut scans) = (None, 0);
    loop {
        let marker = next_marker(&mut rest)?;
        if marker == END {
            out.extend([MARK, END]);
            return Ok((out, orientation.unwrap_or(Orientation::NoTransforms)));
        }
        let segment = segment(&mut rest, marker)?;
        match marker {
            APP0 if segment.starts_with(JFIF) && segment.len() >= JFIF_HEADER => {
                let mut header = segment[..JFIF_HEADER].to_vec();
                // the size of the small picture
                header[JFIF_HEADER - 2..].fill(0);
                write(&mut out, APP0, &header);
            }
            APP1 if segment.starts_with(EXIF) && orientation.is_none() => {
                orientation = Orientation::from_exif_chunk(&segment[EXIF.len()..]);
                write_orientation(&mut out, orientation);
            }
            // the colour profile, and how colours are coded
            APP2 if segment.starts_with(b"ICC_PROFILE\0") => write(&mut out, marker, segment),
            APP14 if segment.starts_with(b"Adobe") => write(&mut out, marker, segment),
            SCAN => {
                scans += 1;
                if scans > MAX_SCANS {
                    return Err(Unreadable);
                }
                write(&mut out, marker, segment);
                out.extend(rest.take(scan_length(rest.rest()))?);
            }
            _ if NEEDED.contains(&marker) => write(&mut out, marker, segment),
            _ => {}
        }
    }
}

/// The next marker. Any number of fill bytes may come before it.
fn next_marker(rest: &mut Reader<'_>) -> Result<u8, Unreadable> {
    rest.expect(&[MARK])?;
    loop {
        match rest.byte()? {
            MARK => {}
            marker => return Ok(marker),
        }
    }
}

fn segment<'a>(rest: &mut Reader<'a>, marker: u8) -> Result<&'a [u8], Unreadable> {
    if marker == START || marker < *NEEDED.start() || IN_SCAN.iter().any(|range| range.contains(&marker)) {
        return Err(Unreadable);
    }
    let length = u16::from_be_bytes(rest.array()?);
    // it counts itself
    rest.take(usize::from(length).checked_sub(2).ok_or(Unreadable)?)
}

/// The bytes until the marker after a scan.
fn scan_length(data: &[u8]) -> usize {
    let mut from = 0;
    while let Some(at) = data[from..].iter().position(|byte| *byte == MARK) {
        let at = from + at;
        match data.get(at + 1) {
            Some(next) if IN_SCAN.iter().any(|range| range.contains(next)) => from = at + 2,
            _ => return at,
        }
    }
    data.len()
}

fn write(out: &mut Vec<u8>, marker: u8, segment: &[u8]) {
    out.extend([MARK, marker]);
    // as it was read, or shorter
    out.extend((segment.len() as u16 + 2).to_be_bytes());
    out.extend(segment);
}

/// EXIF with nothing but how the picture has to be turned: in big-endian numbers, a directory with one entry.
fn write_orientation(out: &mut Vec<u8>, orientation: Option<Orientation>) {
    let Some(orientation) = orientation.filter(|orientation| *orientation != Orientation::NoTransforms) else { return };
    let mut segment = EXIF.to_vec();
    segment.extend(b"MM\0\x2A\0\0\0\x08\0\x01");
    // tag 0x112, one number of 16 bits
    segment.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation.to_exif(), 0, 0]);
    // no directory follows
    segment.extend([0; 4]);
    write(out, APP1, &segment);
}
