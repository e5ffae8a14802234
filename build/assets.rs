//! Embeds files: as they are, and compressed if that makes them smaller.

use std::{fs, io::Write, path::Path};

use flate2::{Compression, write::GzEncoder};
use ring::digest::{SHA256, digest};

/// Writes Rust code: the value of a `&[Asset]` with all files below `from`. Compressed files are written to `out`.
pub fn embed(from: &Path, out: &Path) -> String {
    let mut code = String::new();
    for path in files(from) {
        let name = path.strip_prefix(from).expect("a file below it").to_str().expect("a name in UTF-8");
        let bytes = fs::read(&path).expect("a readable file");
        let hash: String = digest(&SHA256, &bytes).as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let (stem, extension) = name.rsplit_once('.').expect("a name with an extension");
        let compressed = |ending: &str, bytes_compressed: Vec<u8>| {
            if bytes_compressed.len() >= bytes.len() {
                return "None".to_owned();
            }
            let path = out.join(format!("{hash}.{ending}"));
            fs::write(&path, bytes_compressed).expect("a writable directory");
            format!("Some(include_bytes!({path:?}))")
        };
        let (brotli, gzip) = (compressed("br", brotli(&bytes)), compressed("gz", gzip(&bytes)));
        code += &format!(
            "Asset {{ name: {name:?}, path: {:?}, content_type: {:?}, etag: {:?}, \
             plain: include_bytes!({path:?}), brotli: {brotli}, gzip: {gzip} }},\n",
            format!("{stem}.{hash}.{extension}"),
            content_type(extension),
            format!("\"{hash}\""),
        );
    }
    format!("&[\n{code}]")
}

/// All files below a directory.
fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    let found = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    let mut found: Vec<_> = found.collect();
    found.sort();
    found
}

fn content_type(extension: &str) -> &'static str {
    match extension {
        "css" => "text/css",
        "js" => "text/javascript",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        other => panic!("build/assets.rs has to know the type of .{other}"),
    }
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let (mut compressed, quality, window) = (Vec::new(), 11, 22);
    let mut writer = brotli::CompressorWriter::new(&mut compressed, 4096, quality, window);
    writer.write_all(bytes).expect("memory takes it");
    drop(writer);
    compressed
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    writer.write_all(bytes).expect("memory takes it");
    writer.finish().expect("memory takes it")
}
