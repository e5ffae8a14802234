//! Files of messages.

use std::fmt;

use uuid::Uuid;

use super::{
    FileKind, Invalid,
    visible::{is_deceptive, is_visible},
};

/// Most files of one message.
pub const MAX_FILES: usize = 10;

/// The id of an upload, and of the file that a message makes of it. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub Uuid);

impl FileId {
    /// A new id (UUIDv7: time-ordered, so that new ids share index pages).
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// An id from an address or a request. `None` if it cannot be one.
    pub fn parse(raw: &str) -> Option<Self> {
        (raw.len() == 32).then(|| Uuid::try_parse(raw).ok()).flatten().map(Self)
    }

    /// The id of the object with the thumbnail of this file: the same digits as another version of UUIDs (8, which each
    /// application may use as it likes).
    pub fn thumbnail(self) -> Self {
        self.with_version(8)
    }

    /// The id of the file that this id is of, or that this is the [thumbnail](Self::thumbnail) of.
    pub fn original(self) -> Self {
        self.with_version(7)
    }

    fn with_version(self, version: u8) -> Self {
        let mut bytes = self.0.into_bytes();
        bytes[6] = version << 4 | bytes[6] & 0xF;
        Self(Uuid::from_bytes(bytes))
    }
}

/// As in addresses: 32 hexadecimal digits.
impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// The name of a file, as its sender had it: 1–[`FileName::MAX`] characters on one line, without directories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// Longest name, in characters.
    pub const MAX: usize = 120;
    /// Longest extension that a shortened name keeps, in characters.
    const MAX_EXTENSION: usize = 16;

    /// Makes a name of what a browser or a script calls the file: nobody chooses it for natter, so nothing is refused.
    pub fn clean(raw: &str) -> Self {
        let base = raw.rsplit(['/', '\\']).next().unwrap_or_default();
        let line = base.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown: String = line.chars().filter(|c| !is_deceptive(*c)).collect();
        // a leading dot hides a file where it is saved
        let name = shown.trim_matches(|c: char| c == '.' || c.is_whitespace());
        if !is_visible(name) {
            return Self("file".to_owned());
        }
        Self(shortened(name))
    }

    /// A name from the store, which was cleaned when it was written.
    pub(crate) fn stored(raw: String) -> Self {
        Self(raw)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The beginning of a name that is too long, with its extension.
fn shortened(name: &str) -> String {
    let length = name.chars().count();
    if length <= FileName::MAX {
        return name.to_owned();
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let extension = match extension.chars().count() {
        1..=FileName::MAX_EXTENSION => format!("….{extension}"),
        _ => "…".to_owned(),
    };
    name.chars().take(FileName::MAX - extension.chars().count()).chain(extension.chars()).collect()
}

/// What a picture shows, for those who do not see it. It may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AltText(String);

impl AltText {
    /// Longest text, in characters.
    pub const MAX: usize = 500;

    /// # Errors
    /// `alt-too-long`.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let line = raw.split_whitespace().collect::<Vec<_>>().join(" ");
        let text: String = line.chars().filter(|c| !is_deceptive(*c)).collect();
        if text.chars().count() > Self::MAX {
            return Err(Invalid::new("alt-too-long").arg("max", Self::MAX));
        }
        Ok(Self(text))
    }

    /// A text from the store, which was checked when it was written.
    pub(crate) fn stored(raw: String) -> Self {
        Self(raw)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Width and height of a picture as it is shown, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dimensions {
    pub width: u32,
    pub height: u32,
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub id: FileId,
    pub name: FileName,
    pub kind: FileKind,
    /// In bytes.
    pub size: u64,
    /// Of its bytes: they are checked against it, and it is not their name.
    pub sha256: [u8; 32],
    /// Of a picture that natter could read.
    pub dimensions: Option<Dimensions>,
    pub alt: AltText,
    /// Whether there is a thumbnail.
    pub has_thumbnail: bool,
    /// Of a text: its first lines.
    pub beginning: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_without_directories() {
        for (raw, name) in [
            ("photo.jpg", "photo.jpg"),
            ("C:\\Users\\ada\\photo.jpg", "photo.jpg"),
            ("../../etc/passwd", "passwd"),
            (" two\r\nlines\t.txt ", "two lines .txt"),
            ("\u{202E}gpj.exe", "gpj.exe"),
            (".profile", "profile"),
            ("grüße 🎉.png", "grüße 🎉.png"),
            ("", "file"),
            ("..", "file"),
            ("\u{200B}", "file"),
            ("a/", "file"),
        ] {
            assert_eq!(FileName::clean(raw).as_str(), name, "{raw:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_extension() {
        let name = FileName::clean(&format!("{}.tar.gz", "ä".repeat(300)));
        assert_eq!(name.as_str().chars().count(), FileName::MAX);
        assert!(name.as_str().starts_with("ää") && name.as_str().ends_with("ä….gz"), "{name:?}");
        let name = FileName::clean(&format!("a.{}", "x".repeat(300)));
        assert_eq!((name.as_str().chars().count(), name.as_str().ends_with("x…")), (FileName::MAX, true));
    }

    #[test]
    fn an_id_is_32_digits() {
        let id = FileId::generate();
        assert_eq!(FileId::parse(&id.to_string()), Some(id));
        for bad in ["", "x", &id.0.hyphenated().to_string(), &"g".repeat(32)] {
            assert_eq!(FileId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_thumbnail_has_an_id_of_its_own() {
        let id = FileId::generate();
        assert_ne!(id.thumbnail(), id);
        assert_eq!((id.thumbnail().original(), id.original()), (id, id));
    }

    #[test]
    fn an_alt_text_is_one_line() {
        assert_eq!(AltText::parse(" a\n\u{202E}dog ").unwrap().as_str(), "a dog");
        assert!(AltText::parse(&"x".repeat(AltText::MAX + 1)).is_err());
    }
}
