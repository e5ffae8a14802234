//! WebSocket frames (RFC 6455), parsed in place.

use std::io::{self, Error};

pub const TEXT: u8 = 1;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// The range of the payload in the frame at the start of `bytes`; `None` if the frame is not complete. `mask` is the
/// length of its mask.
fn payload(bytes: &[u8], mask: usize) -> Option<std::ops::Range<usize>> {
    let (head, length) = match bytes.get(1)? & 127 {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize),
        length => (2, usize::from(length)),
    };
    let start = head + mask;
    (bytes.len() >= start + length).then_some(start..start + length)
}

/// Passes the payload of each complete frame from a server to `each`, and counts pings. Returns the number of bytes
/// parsed.
///
/// # Errors
/// A Close frame arrives; the error has its reason.
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

/// Passes the payload of each complete text frame from a client to `each`; the mask must be zeros. Returns the number of
/// bytes parsed.
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

/// Appends a frame from a server to `out`.
pub fn append_server_frame(out: &mut Vec<u8>, kind: u8, payload: &[u8]) {
    append(out, kind, payload, 0);
}

/// A frame from a client, with a mask of zeros, which leaves the payload as it is.
pub fn client_frame(kind: u8, payload: &[u8]) -> Vec<u8> {
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
    fn frames_of_every_length_are_parsed_once_they_are_complete() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = vec![b'x'; length];
            let (mut sent, client) = (Vec::new(), client_frame(TEXT, &payload));
            append_server_frame(&mut sent, TEXT, &payload);
            let (mut lengths, mut pings) = (Vec::new(), 0);
            let parsed = from_server(&sent, &mut |payload| lengths.push(payload.len()), &mut pings).unwrap();
            assert_eq!((parsed, &lengths[..], pings), (sent.len(), &[length][..], 0));
            assert_eq!(from_client(&client, |payload| lengths.push(payload.len())), client.len());
            assert_eq!(lengths, [length, length]);
            let short = from_server(&sent[..sent.len() - 1], &mut |_| panic!("not complete"), &mut pings).unwrap();
            assert_eq!((short, from_client(&client[..client.len() - 1], |_| panic!("not complete"))), (0, 0));
        }
    }
}
