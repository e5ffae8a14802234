//! The files of `static/`, as `build.rs` prepares them, embedded and compressed. Their names contain a hash of the content, so
//! browsers cache them for a year.

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::{Error, etag::is_known};

/// A file, in all forms in which it is sent.
struct Asset {
    name: &'static str,
    /// The name with the hash.
    path: &'static str,
    content_type: &'static str,
    etag: &'static str,
    plain: &'static [u8],
    /// `None` if it is not smaller.
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// Written by `build.rs`.
static FILES: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The routes of all assets, under `/static`.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/static/{*path}", get(serve))
}

/// The address of the asset `name` ("natter.js"), for templates.
pub fn url(name: &str) -> String {
    let path = FILES.iter().find(|asset| asset.name == name).map_or(name, |asset| asset.path);
    format!("/static/{path}")
}

async fn serve(Path(path): Path<String>, headers: HeaderMap) -> Response {
    match FILES.iter().find(|asset| asset.path == path) {
        Some(asset) => asset.response(&headers),
        None => Error::not_found("no-such-page").into_response(),
    }
}

impl Asset {
    fn response(&self, headers: &HeaderMap) -> Response {
        let (body, encoding) = match (self.brotli, self.gzip) {
            (Some(brotli), _) if accepts(headers, "br") => (brotli, Some("br")),
            (_, Some(gzip)) if accepts(headers, "gzip") => (gzip, Some("gzip")),
            _ => (self.plain, None),
        };
        let (mut response, encoding) = if is_known(headers, self.etag) {
            (StatusCode::NOT_MODIFIED.into_response(), None)
        } else {
            (body.into_response(), encoding)
        };
        let mut set = |name: HeaderName, value| response.headers_mut().insert(name, HeaderValue::from_static(value));
        set(header::CONTENT_TYPE, self.content_type);
        set(header::CACHE_CONTROL, "max-age=31536000, immutable");
        set(header::ETAG, self.etag);
        set(header::VARY, "accept-encoding");
        if let Some(encoding) = encoding {
            set(header::CONTENT_ENCODING, encoding);
        }
        response
    }
}

/// Whether a client takes an encoding. One that it gives the quality 0 it does not take.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let quality = parts.find_map(|part| part.strip_prefix("q=")).and_then(|quality| quality.parse::<f32>().ok());
        is_named && quality != Some(0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_change_with_the_content() {
        let url = url("natter.js");
        assert!(
            url.starts_with("/static/natter.") && url.ends_with(".js") && url.len() > "/static/natter.js".len(),
            "{url}"
        );
    }

    #[test]
    fn a_client_gets_what_it_takes() {
        let script = FILES.iter().find(|asset| asset.name == "natter.js").unwrap();
        let get = |name: HeaderName, value: &'static str| {
            let response = script.response(&HeaderMap::from_iter([(name, HeaderValue::from_static(value))]));
            let encoding = response.headers().get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap());
            (response.status().as_u16(), encoding.unwrap_or_default().to_owned())
        };
        for (accepted, encoding) in [
            ("gzip, deflate, br, zstd", "br"),
            ("gzip, deflate", "gzip"),
            ("GZIP;q=0.5, br;q=0", "gzip"),
            ("identity", ""),
            ("broken;q=x, brx", ""),
        ] {
            assert_eq!(get(header::ACCEPT_ENCODING, accepted), (200, encoding.to_owned()), "{accepted}");
        }
        for known in [script.etag, "*"] {
            assert_eq!(get(header::IF_NONE_MATCH, known), (304, String::new()));
        }
        assert_eq!(get(header::IF_NONE_MATCH, "\"other\"").0, 200);
    }

    #[test]
    fn compressed_files_are_the_same_files() {
        use std::io::Read;
        for asset in FILES {
            let (mut by_brotli, mut by_gzip) = (asset.plain.to_vec(), asset.plain.to_vec());
            if let Some(compressed) = asset.brotli {
                by_brotli.clear();
                brotli::Decompressor::new(compressed, 4096).read_to_end(&mut by_brotli).unwrap();
            }
            if let Some(compressed) = asset.gzip {
                by_gzip.clear();
                flate2::read::GzDecoder::new(compressed).read_to_end(&mut by_gzip).unwrap();
            }
            assert!(by_brotli == asset.plain && by_gzip == asset.plain, "{}", asset.name);
        }
    }
}
