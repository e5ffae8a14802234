//! A file as both databases keep it: with its message, and what is known of an upload.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::FileFacts;
use crate::domain::{AltText, Dimensions, File, FileId, FileKind, FileName};

/// The fields are those of [`File`]. Numbers are signed, as databases have them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredFile {
    /// 32 hexadecimal digits.
    id: String,
    name: String,
    #[serde(rename = "type")]
    media_type: String,
    size: i64,
    /// 64 hexadecimal digits.
    sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    alt: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    thumbnail: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beginning: Option<String>,
}

impl From<&File> for StoredFile {
    fn from(file: &File) -> Self {
        Self {
            id: file.id.to_string(),
            name: file.name.as_str().to_owned(),
            media_type: file.kind.media_type().to_owned(),
            size: i64::try_from(file.size).unwrap_or(i64::MAX),
            sha256: digest_text(&file.sha256),
            width: file.dimensions.map(|size| size.width),
            height: file.dimensions.map(|size| size.height),
            alt: file.alt.as_str().to_owned(),
            thumbnail: file.has_thumbnail,
            beginning: file.beginning.clone(),
        }
    }
}

impl StoredFile {
    /// The file; `None` if the row was not written by natter.
    pub fn file(self) -> Option<File> {
        Some(File {
            id: FileId(Uuid::try_parse(&self.id).ok()?),
            name: FileName::stored(self.name),
            kind: FileKind::stored(&self.media_type),
            size: u64::try_from(self.size).ok()?,
            sha256: digest(&self.sha256)?,
            dimensions: self.width.zip(self.height).map(|(width, height)| Dimensions { width, height }),
            alt: AltText::stored(self.alt),
            has_thumbnail: self.thumbnail,
            beginning: self.beginning,
        })
    }
}

/// The fields are those of [`FileFacts`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredFacts {
    #[serde(rename = "type")]
    media_type: String,
    size: i64,
    sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    thumbnail: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beginning: Option<String>,
}

impl From<&FileFacts> for StoredFacts {
    fn from(facts: &FileFacts) -> Self {
        Self {
            media_type: facts.kind.media_type().to_owned(),
            size: i64::try_from(facts.size).unwrap_or(i64::MAX),
            sha256: digest_text(&facts.sha256),
            width: facts.dimensions.map(|size| size.width),
            height: facts.dimensions.map(|size| size.height),
            thumbnail: facts.has_thumbnail,
            beginning: facts.beginning.clone(),
        }
    }
}

impl StoredFacts {
    /// The facts; `None` if natter did not write them.
    pub fn facts(self) -> Option<FileFacts> {
        Some(FileFacts {
            kind: FileKind::stored(&self.media_type),
            size: u64::try_from(self.size).ok()?,
            sha256: digest(&self.sha256)?,
            dimensions: self.width.zip(self.height).map(|(width, height)| Dimensions { width, height }),
            has_thumbnail: self.thumbnail,
            beginning: self.beginning,
        })
    }
}

/// A SHA-256 as 64 hexadecimal digits.
fn digest_text(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_the_same_after_it_was_stored() {
        let file = File {
            id: FileId::generate(),
            name: FileName::clean("photo.png"),
            kind: FileKind::Png,
            size: 70,
            sha256: std::array::from_fn(|index| index as u8 * 7),
            dimensions: Some(Dimensions { width: 4000, height: 3000 }),
            alt: AltText::parse("a dog").unwrap(),
            has_thumbnail: true,
            beginning: Some("one\ntwo".to_owned()),
        };
        let plain =
            File { beginning: None, dimensions: None, alt: AltText::default(), has_thumbnail: false, ..file.clone() };
        for file in [file, plain] {
            let json = serde_json::to_string(&StoredFile::from(&file)).unwrap();
            assert_eq!(serde_json::from_str::<StoredFile>(&json).unwrap().file(), Some(file), "{json}");
        }
    }
}
