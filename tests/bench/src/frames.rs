//! WebSocket frames (RFC 6455), taken apart in place.

use std::io::{self, Error};

pub const TEXT: u8 = 1;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// Where the payload of the frame at the start of `bytes` is, without a mask's four bytes; `None` where the frame has
/// not wholly arrived.
fn payload(bytes: &[u8], mask: usize) -> Option<std::ops::Range<usize>> {
    let (head, length) = match bytes.get(1)? & 127 {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize),
        length => (2, usize::from(length)),
    };
    let start = head + mask;
    (bytes.len() >= start + length).then_some(start..start + length)
}

/// Gives the payload of each whole frame from a server to `each`, and counts pings. Returns the bytes that were taken.
///
/// # Errors
/// At a close frame, with its reason.
pub fn from_server(bytes: &[u8], each: &mut impl FnMut(&[u8]), pings: &mut usize) -> io::Result<usize> {
    let mut at = 0;
    while let Some(range) = payload(&bytes[at..], 0) {
        let frame = &bytes[at..at + range.end];
        let payload = &frame[range];
        match frame[0] & 15 {
            CLOSE => {
                let why = String::from_utf8_lossy(payload.get(2..).unwrap_or_default());
                return Err(Error::other(format!("closed: {why}")));
            }
            PING => *pings += 1, // natter's are empty
            PONG => {}
            _ => each(payload),
        }
        at += frame.len();
    }
    Ok(at)
}

/// Gives the payload of each whole text frame from a client to `each`; its mask is one of zeros. Returns the bytes that
/// were taken.
pub fn from_client(bytes: &[u8], mut each: impl FnMut(&[u8])) -> usize {
    let mut at = 0;
    while let Some(range) = payload(&bytes[at..], 4) {
        if bytes[at] & 15 == TEXT {
            each(&bytes[at + range.start..at + range.end]);
        }
        at += range.end;
    }
    at
}

/// Appends a server's frame to `out`.
pub fn server(out: &mut Vec<u8>, kind: u8, payload: &[u8]) {
    append(out, kind, payload, 0);
}

/// A client's frame; a mask of zeros leaves the payload as it is.
pub fn client(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(payload.len() + 14);
    append(&mut frame, kind, payload, 0x80);
    frame
}

fn append(out: &mut Vec<u8>, kind: u8, payload: &[u8], masked: u8) {
    out.push(0x80 | kind);
    match payload.len() {
        length if length < 126 => out.push(masked | length as u8),
        length if length <= usize::from(u16::MAX) => {
            out.push(masked | 126);
            out.extend((length as u16).to_be_bytes());
        }
        length => {
            out.push(masked | 127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    if masked != 0 {
        out.extend([0; 4]);
    }
    out.extend(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_every_length_come_back_whole_and_parts_wait() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = vec![b'x'; length];
            let (mut sent, client) = (Vec::new(), client(TEXT, &payload));
            server(&mut sent, TEXT, &payload);
            let (mut got, mut pings) = (Vec::new(), 0);
            let taken = from_server(&sent, &mut |payload| got.push(payload.len()), &mut pings).unwrap();
            assert_eq!((taken, &got[..], pings), (sent.len(), &[length][..], 0));
            assert_eq!(from_client(&client, |payload| got.push(payload.len())), client.len());
            assert_eq!(got, [length, length]);
            let short = from_server(&sent[..sent.len() - 1], &mut |_| panic!("not whole"), &mut pings).unwrap();
            assert_eq!((short, from_client(&client[..client.len() - 1], |_| panic!("not whole"))), (0, 0));
        }
    }
}
