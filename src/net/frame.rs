//! A WebSocket frame that is encoded once and written to many connections.

use bytes::Bytes;

/// An encoded text frame with its header (RFC 6455, 5.2), or several of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame(pub(super) Bytes);

impl Frame {
    /// Encodes the concatenation of `parts`.
    pub fn text<'a>(parts: impl Iterator<Item = &'a str> + Clone) -> Self {
        let length = parts.clone().map(str::len).sum::<usize>();
        let mut frame = Vec::with_capacity(length + 10);
        frame.push(0x81); // the only frame of its message; a text
        match length {
            0..126 => frame.push(length as u8),
            126..=0xFFFF => {
                frame.push(126);
                frame.extend((length as u16).to_be_bytes());
            }
            _ => {
                frame.push(127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        parts.for_each(|part| frame.extend(part.as_bytes()));
        Self(frame.into())
    }

    /// Several frames, to be written at once.
    pub fn join(frames: &[Self]) -> Self {
        match frames {
            [frame] => frame.clone(),
            frames => Self(frames.iter().map(|frame| &*frame.0).collect::<Vec<_>>().concat().into()),
        }
    }

    /// The encoded bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }

    #[cfg(test)]
    pub fn payload(&self) -> &str {
        let header = match self.0[1] {
            127 => 10,
            126 => 4,
            _ => 2,
        };
        std::str::from_utf8(&self.0[header..]).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_encodes_the_payload_length() {
        for (length, header) in [
            (5, vec![0x81, 5]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65535, vec![0x81, 126, 255, 255]),
            (65536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let half = "x".repeat(length / 2);
            let Frame(frame) = Frame::text([half.as_str(), &"x".repeat(length - half.len())].into_iter());
            assert_eq!(&frame[..header.len()], header, "{length}");
            assert_eq!(frame.len(), header.len() + length);
        }
    }
}
