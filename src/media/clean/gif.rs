//! GIF: a header, then blocks: pictures and extensions, in sub-blocks of up to 255 bytes.

use super::reader::Reader;
use crate::media::unreadable::Unreadable;

const EXTENSION: u8 = 0x21;
const PICTURE: u8 = 0x2C;
const END: u8 = 0x3B;
/// The extension with the time and the transparency of the picture after it.
const CONTROL: u8 = 0xF9;
const APPLICATION: u8 = 0xFF;
/// The applications whose extension says how often an animation runs.
const LOOPS: [&[u8]; 2] = [b"NETSCAPE2.0", b"ANIMEXTS1.0"];
/// A colour table follows; the low bits are the exponent of its size.
const TABLE: u8 = 0x80;

pub fn clean(file: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut rest = Reader::new(file);
    let header = rest.take(13)?;
    if !header.starts_with(b"GIF87a") && !header.starts_with(b"GIF89a") {
        return Err(Unreadable);
    }
    let mut out = Vec::with_capacity(file.len());
    out.extend(header);
    out.extend(rest.take(table_length(header[10]))?);
    loop {
        let from = rest.rest();
        let is_needed = match rest.byte()? {
            END => {
                out.push(END);
                return Ok(out);
            }
            PICTURE => {
                let flags = rest.take(9)?[8];
                // the table, and the size of a code
                rest.take(table_length(flags) + 1)?;
                skip_sub_blocks(&mut rest)?;
                true
            }
            EXTENSION => {
                let label = rest.byte()?;
                let is_needed = label == CONTROL || label == APPLICATION && is_loop(&rest);
                skip_sub_blocks(&mut rest)?;
                is_needed
            }
            _ => return Err(Unreadable),
        };
        if is_needed {
            out.extend(&from[..from.len() - rest.rest().len()]);
        }
    }
}

/// The bytes of the colour table that these flags announce.
fn table_length(flags: u8) -> usize {
    if flags & TABLE == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

fn is_loop(extension: &Reader<'_>) -> bool {
    let name = extension.rest().split_first().filter(|(length, _)| **length == 11);
    name.is_some_and(|(_, name)| LOOPS.iter().any(|application| name.starts_with(application)))
}

fn skip_sub_blocks(rest: &mut Reader<'_>) -> Result<(), Unreadable> {
    loop {
        match rest.byte()? {
            0 => return Ok(()),
            length => rest.take(usize::from(length)).map(drop)?,
        }
    }
}
