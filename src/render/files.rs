//! The files of a message.

use askama::Template;

use super::fragment::render;
use crate::domain::{Dimensions, File, RoomId, Shown};

/// The largest picture in a log, in CSS pixels.
const MAX_WIDTH: u32 = 360;
const MAX_HEIGHT: u32 = 300;

/// No words of a language: the fragment is the same bytes for all readers.
#[derive(Template)]
#[template(path = "chat/_files.html")]
struct FilesView<'a> {
    names: String,
    files: Vec<FileView<'a>>,
}

struct FileView<'a> {
    file: &'a File,
    url: String,
    shown: Shown,
    /// What is shown of a picture: its thumbnail, or itself if it is small.
    picture: String,
    /// The size of a picture in the log.
    size: Dimensions,
    /// Like "1.2 MB".
    bytes: String,
}

/// The address of a file of a message in `room`. It ends with the file's name, so that a browser saves it under that.
pub fn file_address(room: &RoomId, file: &File) -> String {
    let name: String = url::form_urlencoded::byte_serialize(file.name.as_str().as_bytes()).collect();
    format!("/rooms/{}/files/{}/{}", room.as_str(), file.id, name.replace('+', "%20"))
}

/// The address of the thumbnail of a picture.
pub fn thumbnail_address(room: &RoomId, file: &File) -> String {
    format!("/rooms/{}/thumbnails/{}", room.as_str(), file.id)
}

/// The files in a text on one line, such as a quote: `📎 photo.jpg, notes.txt`.
pub(super) fn names(files: &[File]) -> String {
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    format!("📎 {}", names.join(", "))
}

/// The list of the files; empty if there are none.
pub fn files(room: &RoomId, files: &[File]) -> String {
    if files.is_empty() {
        return String::new();
    }
    render(&FilesView { names: names(files), files: files.iter().map(|file| FileView::new(room, file)).collect() })
}

impl<'a> FileView<'a> {
    fn new(room: &RoomId, file: &'a File) -> Self {
        let url = file_address(room, file);
        let (shown, size) = match (file.kind.shown(), file.dimensions) {
            (Shown::Picture, Some(size)) => (Shown::Picture, fitting(size)),
            // natter could not read it: it may be no picture
            (Shown::Picture, None) => (Shown::Download, Dimensions { width: 0, height: 0 }),
            (shown, _) => (shown, Dimensions { width: 0, height: 0 }),
        };
        let picture = if file.has_thumbnail { thumbnail_address(room, file) } else { url.clone() };
        Self { file, url, shown, picture, size, bytes: size_text(file.size) }
    }

    fn beginning(&self) -> &str {
        self.file.beginning.as_deref().unwrap_or_default()
    }
}

/// The size of a picture that fits into the log: never larger than it is.
fn fitting(Dimensions { width, height }: Dimensions) -> Dimensions {
    let (width, height) = (u64::from(width.max(1)), u64::from(height.max(1)));
    let scaled_width = width.min(MAX_WIDTH.into()).min((width * u64::from(MAX_HEIGHT) / height).max(1));
    let scaled_height = (height * scaled_width / width).max(1);
    Dimensions { width: scaled_width as u32, height: scaled_height.min(MAX_HEIGHT.into()) as u32 }
}

/// A number of bytes for people, in steps of 1,000 as file managers count.
pub fn size_text(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "kB", "MB"] {
        if value < 999.5 {
            return if value < 9.95 && unit != "B" {
                format!("{value:.1} {unit}")
            } else {
                format!("{value:.0} {unit}")
            };
        }
        value /= 1000.0;
    }
    if value < 9.95 { format!("{value:.1} GB") } else { format!("{value:.0} GB") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AltText, FileId, FileKind, FileName};

    pub fn file(name: &str, kind: FileKind) -> File {
        File {
            id: FileId::generate(),
            name: FileName::clean(name),
            kind,
            size: 1234,
            sha256: [0; 32],
            dimensions: Some(Dimensions { width: 4000, height: 3000 }),
            alt: AltText::parse("a <dog>").unwrap(),
            has_thumbnail: true,
            beginning: None,
        }
    }

    #[test]
    fn a_picture_has_its_size_before_it_is_loaded() {
        let of = |width, height| {
            let size = fitting(Dimensions { width, height });
            (size.width, size.height)
        };
        assert_eq!(of(4000, 3000), (360, 270));
        assert_eq!(of(3000, 4000), (225, 300));
        assert_eq!(of(10, 20), (10, 20));
        assert_eq!(of(12_000, 1), (360, 1));
        assert_eq!(of(1, 12_000), (1, 300));
        assert_eq!(of(0, 0), (1, 1));
    }

    #[test]
    fn a_picture_is_a_link_with_its_thumbnail_and_what_it_shows() {
        let picture = file("a b.png", FileKind::Png);
        let html = files(&RoomId::named("r"), std::slice::from_ref(&picture));
        let id = picture.id;
        assert!(html.contains(&format!("href=\"/rooms/r/files/{id}/a%20b.png\"")), "{html}");
        assert!(
            html.contains(&format!("<img src=\"/rooms/r/thumbnails/{id}\" width=\"360\" height=\"270\"")),
            "{html}"
        );
        assert!(html.contains("alt=\"a &#60;dog&#62;\""), "{html}");
    }

    #[test]
    fn what_a_browser_does_not_show_is_a_link_with_name_and_size() {
        for unreadable in [file("a.svg", FileKind::Other), File { dimensions: None, ..file("a.png", FileKind::Png) }] {
            let html = files(&RoomId::named("r"), &[unreadable]);
            assert!(!html.contains("<img") && html.contains("1.2 kB") && html.contains(" download"), "{html}");
        }
        let mut text = file("a.txt", FileKind::Text);
        text.beginning = Some("<b>one".to_owned());
        let html = files(&RoomId::named("r"), &[text]);
        assert!(html.contains("<pre dir=\"auto\">&#60;b&#62;one</pre>"), "{html}");
        assert_eq!(files(&RoomId::named("r"), &[]), "");
    }

    #[test]
    fn sizes_are_short() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (12_345, "12 kB"),
            (999_600, "1.0 MB"),
            (26_214_400, "26 MB"),
            (5_000_000_000, "5.0 GB"),
        ] {
            assert_eq!(size_text(bytes), text);
        }
    }
}
