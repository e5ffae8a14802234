//! The body of a form with files, as its parser gets it.
//!
//! The parser (multer) keeps what it cannot use yet: all that comes before the first boundary, and the headers of a part
//! until they end. It takes everything that is there, so without this only the limit of the whole form would limit that
//! memory, and the time to search through it again and again.

use std::{
    error, fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::Stream;

/// The most bytes that the parser may take without a result: far more than headers have, and than a part of a body that
/// comes at once.
const MAX_UNUSED: usize = 1 << 20;

pub struct FormBody {
    body: BodyDataStream,
    unused: Unused,
    has_given: bool,
}

/// The bytes that the parser has taken since its last result.
#[derive(Clone, Default)]
pub struct Unused(Arc<AtomicUsize>);

/// The parser has taken too many bytes without a result.
#[derive(Debug)]
pub struct NoProgress;

impl FormBody {
    pub fn new(body: Body, unused: &Unused) -> Self {
        Self { body: body.into_data_stream(), unused: unused.clone(), has_given: false }
    }
}

impl Unused {
    /// The parser has a result.
    pub fn reset(&self) {
        self.0.store(0, Relaxed);
    }
}

impl Stream for FormBody {
    type Item = Result<Bytes, Box<dyn error::Error + Send + Sync>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // the parser asks until there is nothing more: it is to use each piece first
        if std::mem::take(&mut self.has_given) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.body).poll_next(context).map(|next| {
            let bytes = match next? {
                Ok(bytes) => bytes,
                Err(error) => return Some(Err(error.into())),
            };
            self.has_given = true;
            let unused = self.unused.0.fetch_add(bytes.len(), Relaxed) + bytes.len();
            Some(if unused > MAX_UNUSED { Err(NoProgress.into()) } else { Ok(bytes) })
        })
    }
}

impl fmt::Display for NoProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("more bytes came than a part of a form begins with")
    }
}

impl error::Error for NoProgress {}
