//! The files of `static/`, as `build.rs` prepares them, embedded and compressed. Their names contain a hash of the content, so browsers cache them
//! for a year.

use std::sync::OnceLock;

use axum::Router;
use memory_serve::{Asset, Manifest, MemoryServe};

/// Written by `build.rs`.
static FILES: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));
static MANIFEST: OnceLock<Manifest> = OnceLock::new();

fn memory_serve() -> MemoryServe {
    MemoryServe::new(FILES).index_file(None).enable_hashed_routes(true)
}

/// The routes of all assets, under `/static`.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().nest("/static", memory_serve().into_router())
}

/// The address of the asset `name` ("natter.js"), for templates.
pub fn url(name: &str) -> String {
    let manifest = MANIFEST.get_or_init(|| memory_serve().manifest());
    let route = format!("/{name}");
    format!("/static{}", manifest.get(&route).unwrap_or(&route))
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_change_with_the_content() {
        let url = super::url("natter.js");
        assert!(
            url.starts_with("/static/natter.") && url.ends_with(".js") && url.len() > "/static/natter.js".len(),
            "{url}"
        );
    }
}
