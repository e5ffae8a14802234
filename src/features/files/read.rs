//! Reading a file of a message, for who may read its room.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;

use super::range::{Part, part};
use crate::{
    domain::{File, FileId, FileKind, Shown},
    store::{self, Object, ReadObject},
    web::{AnyCaller, AppState, Error, InRoom, Path, Result, etag::is_known},
};

/// What a browser may do with a file that is opened by itself: show a picture, play a video or a sound. No script, no form.
const POLICY: &str = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'";

pub async fn read(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<AnyCaller>,
    Path((_, id, _)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response> {
    let (file, object) = find(&state, &access, &id).await?;
    let tag = format!("\"{}\"", hex::encode(file.sha256));
    let mut response = serve(&headers, object, file.size, &tag).await?;
    let set = response.headers_mut();
    set.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(file.kind)));
    set.insert(header::CONTENT_DISPOSITION, disposition(&file));
    Ok(response)
}

pub async fn thumbnail(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<AnyCaller>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response> {
    let (file, object) = find(&state, &access, &id).await?;
    if !file.has_thumbnail {
        return Err(no_such_file());
    }
    let tag = format!("\"{}-thumbnail\"", hex::encode(file.sha256));
    if is_known(&headers, &tag) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        common_headers(response.headers_mut(), &tag);
        return Ok(response);
    }
    let bytes = object.thumbnail().whole().await?;
    let kind = FileKind::sniff(&bytes);
    let mut response = bytes.into_response();
    let set = response.headers_mut();
    common_headers(set, &tag);
    set.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(kind)));
    set.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
    Ok(response)
}

async fn find(state: &AppState, access: &store::Access, id: &str) -> Result<(File, Object)> {
    let id = FileId::parse(id).ok_or_else(no_such_file)?;
    state.store.file(access, id).await?.ok_or_else(no_such_file)
}

fn no_such_file() -> Error {
    Error::not_found("no-such-file")
}

/// The answer with the part that the request asks for, or with nothing if it has the file.
async fn serve(headers: &HeaderMap, object: Object, size: u64, tag: &str) -> Result<Response> {
    let mut response = if is_known(headers, tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        match part(headers, size, tag) {
            Part::All => stream_of(object, 0, size).await?,
            Part::Range { first, last } => {
                let mut response = stream_of(object, first, last + 1 - first).await?;
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                let range = HeaderValue::from_str(&format!("bytes {first}-{last}/{size}"));
                response.headers_mut().extend(range.ok().map(|range| (header::CONTENT_RANGE, range)));
                response
            }
            Part::Unsatisfiable => {
                let range = HeaderValue::from_str(&format!("bytes */{size}"));
                let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
                response.headers_mut().extend(range.ok().map(|range| (header::CONTENT_RANGE, range)));
                response
            }
        }
    };
    common_headers(response.headers_mut(), tag);
    Ok(response)
}

/// A browser asks each time whether its copy is the file still: the right to the room may be lost.
fn common_headers(headers: &mut HeaderMap, tag: &str) {
    headers.extend(HeaderValue::from_str(tag).ok().map(|tag| (header::ETAG, tag)));
    for (name, value) in [
        (header::ACCEPT_RANGES, "bytes"),
        (header::CACHE_CONTROL, "private, no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// `length` bytes of an object from `offset`. The first part is read before the answer begins, so that a missing object is
/// an error and not a broken answer.
async fn stream_of(object: Object, offset: u64, length: u64) -> Result<Response> {
    let (object, end) = (object.open().await?, offset + length);
    let first = next(object.as_ref(), offset, end).await?;
    let parts = stream::try_unfold((object, offset, Some(first)), move |(object, offset, known)| async move {
        if offset >= end {
            return Ok(None);
        }
        let part = match known {
            Some(part) => part,
            None => next(object.as_ref(), offset, end).await?,
        };
        let offset = offset + part.len() as u64;
        store::Result::Ok(Some((part, (object, offset, None))))
    });
    let mut response = Body::from_stream(parts).into_response();
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    Ok(response)
}

async fn next(object: &dyn ReadObject, offset: u64, end: u64) -> store::Result<Bytes> {
    let wanted = (end - offset).min(object.read_bytes() as u64) as usize;
    let part = object.read(offset, wanted).await?;
    if part.is_empty() && wanted > 0 {
        return Err(store::Error::Failed("an object ends early".into()));
    }
    Ok(part)
}

fn media_type(kind: FileKind) -> &'static str {
    if kind == FileKind::Text { "text/plain; charset=utf-8" } else { kind.media_type() }
}

/// A download for all that a browser does not show. The name is in ASCII and, as it is, in UTF-8 (RFC 6266).
fn disposition(file: &File) -> HeaderValue {
    let kind = if file.kind.shown() == Shown::Download { "attachment" } else { "inline" };
    let name = file.name.as_str();
    let ascii: String =
        name.chars().map(|c| if c.is_ascii_graphic() && !"\"\\%".contains(c) || c == ' ' { c } else { '_' }).collect();
    let utf8: String = name
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    HeaderValue::from_str(&format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{utf8}"))
        .unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AltText, FileName};

    #[test]
    fn a_name_is_given_in_ascii_and_as_it_is() {
        let file = |name: &str, kind| File {
            id: FileId::generate(),
            name: FileName::clean(name),
            kind,
            size: 1,
            sha256: [0; 32],
            dimensions: None,
            alt: AltText::default(),
            has_thumbnail: false,
            beginning: None,
        };
        for (name, kind, header) in [
            ("a.png", FileKind::Png, "inline; filename=\"a.png\"; filename*=UTF-8''a.png"),
            (
                "grüße \"1\".pdf",
                FileKind::Other,
                "attachment; filename=\"gr__e _1_.pdf\"; filename*=UTF-8''gr%C3%BC%C3%9Fe%20%221%22.pdf",
            ),
        ] {
            assert_eq!(disposition(&file(name, kind)), header);
        }
    }
}
