//! The body of a form, as a client sends it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use tokio::task::yield_now;

/// The boundary of all forms.
pub const BOUNDARY: &str = "b";
/// The bytes that are sent at once after the given ones.
const ENDLESS_PART: usize = 16 << 10;

/// A body in parts of `part` bytes.
pub fn in_parts(data: &[u8], part: usize) -> Body {
    let parts: Vec<_> = data.chunks(part.max(1)).map(Bytes::copy_from_slice).collect();
    Body::from_stream(stream::unfold(parts.into_iter(), async |mut parts| {
        yield_now().await; // as a line that has nothing more yet
        let part = parts.next()?;
        Some((std::io::Result::Ok(part), parts))
    }))
}

/// A body that never ends: the bytes, then their last line again and again. Also how many bytes were taken of it.
pub fn endless(data: &[u8]) -> (Body, Arc<AtomicUsize>) {
    let line = data.rsplit(|byte| *byte == b'\n').next().filter(|line| !line.is_empty()).unwrap_or(b"x");
    let filler: Bytes = line.iter().copied().cycle().take(ENDLESS_PART).collect();
    let (taken, start) = (Arc::new(AtomicUsize::new(0)), Bytes::copy_from_slice(data));
    let counted = Arc::clone(&taken);
    let body = stream::unfold(start, move |part| {
        let (counted, next) = (Arc::clone(&counted), filler.clone());
        async move {
            yield_now().await;
            counted.fetch_add(part.len(), Relaxed);
            Some((std::io::Result::Ok(part), next))
        }
    });
    (Body::from_stream(body), taken)
}
