//! What a file is, by its first bytes. The name and the type that a sender gives are not trusted.

/// The bytes at the beginning of a file that tell what it is.
pub const SNIFFED_BYTES: usize = 8192;

/// The most lines and characters of a text that a page shows of it.
const BEGINNING_LINES: usize = 8;
const BEGINNING_CHARS: usize = 400;

/// A file's type. A browser shows only these; all others are downloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    Png,
    Jpeg,
    Gif,
    Webp,
    Mp4,
    Webm,
    Mp3,
    Ogg,
    Text,
    /// Shown as nothing: SVG, HTML and PDF among them, because they can run scripts or ask other servers.
    Other,
}

/// How a page shows a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Picture,
    Video,
    Sound,
    /// The beginning of it.
    Text,
    /// Its name only.
    Download,
}

impl FileKind {
    const ALL: [Self; 10] = [
        Self::Png,
        Self::Jpeg,
        Self::Gif,
        Self::Webp,
        Self::Mp4,
        Self::Webm,
        Self::Mp3,
        Self::Ogg,
        Self::Text,
        Self::Other,
    ];

    /// The kind of a file that begins with `start`: its first [`SNIFFED_BYTES`], or all of it.
    pub fn sniff(start: &[u8]) -> Self {
        let found = infer::get(start).map(|found| found.mime_type());
        match found {
            Some(found) => Self::ALL.into_iter().find(|kind| kind.media_type() == found).unwrap_or(Self::Other),
            None if is_text(start) => Self::Text,
            None => Self::Other,
        }
    }

    /// The media type that the file is served with.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Mp4 => "video/mp4",
            Self::Webm => "video/webm",
            Self::Mp3 => "audio/mpeg",
            Self::Ogg => "audio/ogg",
            Self::Text => "text/plain",
            Self::Other => "application/octet-stream",
        }
    }

    /// The kind with this media type, as it is stored.
    pub(crate) fn stored(media_type: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.media_type() == media_type).unwrap_or(Self::Other)
    }

    pub fn shown(self) -> Shown {
        match self {
            Self::Png | Self::Jpeg | Self::Gif | Self::Webp => Shown::Picture,
            Self::Mp4 | Self::Webm => Shown::Video,
            Self::Mp3 | Self::Ogg => Shown::Sound,
            Self::Text => Shown::Text,
            Self::Other => Shown::Download,
        }
    }
}

/// The first lines of a text that begins with `start`, as a page shows them: at most [`BEGINNING_LINES`] and
/// [`BEGINNING_CHARS`].
pub fn beginning(start: &[u8]) -> String {
    let text = String::from_utf8_lossy(start);
    let lines: Vec<&str> = text.lines().take(BEGINNING_LINES).collect();
    let shown = lines.join("\n");
    shown.trim_end_matches(char::REPLACEMENT_CHARACTER).chars().take(BEGINNING_CHARS).collect()
}

/// Whether a file is a plain text: UTF-8 without control characters, but for a character that the end cuts. A text that
/// a browser could take for a page is none: it would be one for a reader who saves it.
fn is_text(start: &[u8]) -> bool {
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let is_markup = text.trim_start().starts_with('<');
    !text.is_empty()
        && !is_markup
        && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{C}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_that_of_the_first_bytes() {
        let mp4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom";
        for (start, kind) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], FileKind::Png),
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0", FileKind::Jpeg),
            (b"GIF89a\x01\0\x01\0", FileKind::Gif),
            (b"RIFF\x24\0\0\0WEBPVP8 ", FileKind::Webp),
            (mp4, FileKind::Mp4),
            (b"ID3\x04\0\0\0\0\0\0", FileKind::Mp3),
            (b"OggS\0\x02\0\0\0\0\0\0\0\0", FileKind::Ogg),
            ("plain text, grüße\n".as_bytes(), FileKind::Text),
            (b"%PDF-1.7\n", FileKind::Other),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", FileKind::Other),
            (b" \n<!doctype html><script>alert(1)</script>", FileKind::Other),
            (b"MZ\x90\0", FileKind::Other),
            (b"\0\x01\x02", FileKind::Other),
            (b"", FileKind::Other),
        ] {
            assert_eq!(FileKind::sniff(start), kind, "{}", String::from_utf8_lossy(start));
        }
    }

    #[test]
    fn a_text_may_be_cut_within_a_character() {
        assert_eq!(FileKind::sniff(&"grüß".as_bytes()[..5]), FileKind::Text);
        assert_eq!(FileKind::sniff(b"gr\xfc\xdfe"), FileKind::Other, "Latin-1");
    }

    #[test]
    fn the_beginning_of_a_text_is_its_first_lines() {
        assert_eq!(beginning(b"one\r\ntwo\n"), "one\ntwo");
        assert_eq!(beginning("1\n".repeat(20).as_bytes()).lines().count(), 8);
        assert_eq!(beginning("ü".repeat(1000).as_bytes()).chars().count(), 400);
        assert_eq!(beginning(&"grüß".as_bytes()[..5]), "grü", "a character that is cut");
    }

    #[test]
    fn a_kind_is_stored_as_its_media_type() {
        for kind in FileKind::ALL {
            assert_eq!(FileKind::stored(kind.media_type()), kind);
        }
    }
}
