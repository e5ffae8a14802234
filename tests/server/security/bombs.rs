//! Files that are small, and much larger when they are unpacked: a download, or refused, without being unpacked.

use std::io::Write;

use flate2::{Compression, Crc, write::ZlibEncoder};
use reqwest::Method;
use serde_json::json;

use super::measured::Measured;
use crate::support::{Answer, Script};

/// `length` zeros, compressed.
fn deflated(length: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0_u8; 1 << 20];
    for _ in 0..length >> 20 {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.finish().unwrap()
}

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(name);
    crc.update(data);
    [&(data.len() as u32).to_be_bytes()[..], name, data, &crc.sum().to_be_bytes()].concat()
}

/// A PNG with these sides, chunks between the header and the data, and data of `length` zeros.
fn png(width: u32, height: u32, between: &[u8], length: usize) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
    let data = if length == 0 { small_data() } else { deflated(length) };
    let (header, data) = (chunk(b"IHDR", &header), chunk(b"IDAT", &data));
    [b"\x89PNG\r\n\x1a\n", &header[..], between, &data, &chunk(b"IEND", b"")].concat()
}

/// The data of one pixel.
fn small_data() -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&[0; 5]).unwrap();
    encoder.finish().unwrap()
}

/// An animation of many frames, each as large as the canvas.
fn gif(width: u16, height: u16, frames: usize) -> Vec<u8> {
    let size = [width.to_le_bytes(), height.to_le_bytes()].concat();
    let head = [b"GIF89a", &size[..], &[0x80, 0, 0, 0, 0, 0, 255, 255, 255]].concat();
    let frame = [&[0x2C, 0, 0, 0, 0][..], &size, &[0, 2, 2, 0x4C, 1, 0]].concat();
    [head, frame.repeat(frames), vec![0x3B]].concat()
}

/// A JPEG whose header says that it is as large as can be said.
fn jpeg() -> Vec<u8> {
    let frame = [0xFF, 0xC0, 0, 17, 8, 0xFF, 0xFF, 0xFF, 0xFF, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];
    let scan = [0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 17, 3, 17, 0, 63, 0, 0, 0xFF, 0xD9];
    [&[0xFF, 0xD8, 0xFF, 0xE0, 0, 16][..], b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0", &frame, &scan].concat()
}

/// An archive with one entry of 64 MiB of zeros.
fn zip() -> Vec<u8> {
    let zlib = deflated(64 << 20);
    let data = &zlib[2..zlib.len() - 4];
    let sizes = [(data.len() as u32).to_le_bytes(), (64_u32 << 20).to_le_bytes()].concat();
    let head = [b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0", &sizes[..], &[1, 0, 0, 0], b"a"].concat();
    [&head, data].concat()
}

fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    const UNPACKED: usize = 256 << 20;
    let profile = chunk(b"iCCP", &[b"x\0\0", &deflated(UNPACKED)[..]].concat());
    let text = chunk(b"zTXt", &[b"x\0\0", &deflated(UNPACKED)[..]].concat());
    let international = chunk(b"iTXt", &[b"x\0\x01\0\0\0", &deflated(UNPACKED)[..]].concat());
    vec![
        ("zip.zip", zip()),
        ("sides.png", png(60_000, 60_000, &[], 1 << 20)),
        ("data.png", png(1, 1, &[], UNPACKED)),
        ("profile.png", png(1, 1, &profile, 0)),
        ("text.png", png(1, 1, &text, 0)),
        ("international.png", png(1, 1, &international, 0)),
        ("many-texts.png", png(1, 1, &text.repeat(20), 0)),
        ("frames.gif", gif(1, 1, 10_000)),
        ("large-frames.gif", gif(12_000, 12_000, 1_000)),
        ("sides.gif", gif(0xFFFF, 0xFFFF, 1)),
        ("sides.jpg", jpeg()),
    ]
}

async fn upload(ada: &Script, name: &str, bytes: Vec<u8>) -> Answer {
    let request = ada.request(Method::POST, "/api/uploads").query(&[("name", name)]).body(bytes);
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_bomb_is_a_download_or_refused() {
    let natter = Measured::start();
    let ada = natter.register("ada").await;
    // what every picture takes the first time
    upload(&ada, "plain.png", png(1, 1, &[], 0)).await.is(201);
    for (name, bytes) in bombs() {
        let length = bytes.len();
        assert!(length < 8 << 20, "{name}: {length}");
        let uploaded = natter.spends_little(name, upload(&ada, name, bytes.clone())).await;
        assert!(uploaded.status == 201 || (400..500).contains(&uploaded.status), "{name}: {}", uploaded.text);
        if uploaded.status == 201 {
            let message = json!({ "message": "", "files": [{ "id": uploaded.json["id"] }] });
            let posted = ada.post("/api/messages", message).await.is(201).json;
            let file = &posted["files"][0];
            println!("{name}: {} of {length} bytes", file["type"]);
            let read = async || ada.request(Method::GET, file["url"].as_str().unwrap()).send().await.unwrap();
            let read = natter.spends_little(name, read()).await;
            assert_eq!(read.headers()["x-content-type-options"], "nosniff");
            if name.contains("sides") || name.contains("zip") {
                assert!(read.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"), "{name}");
            }
            assert!(read.bytes().await.unwrap().len() <= length, "{name}");
        }
        let avatar = ada.request(Method::PUT, "/api/users/ada/avatar").body(bytes);
        let avatar = natter.spends_little(&format!("{name} as avatar"), avatar.send()).await.unwrap();
        let status = avatar.status();
        assert!(status.is_success() || status.is_client_error(), "{name} as avatar: {status}");
        if name.contains("sides") || name.contains("zip") {
            assert!(status.is_client_error(), "{name} as avatar: {status}");
        }
    }
}

#[tokio::test]
async fn a_compressed_body_is_not_unpacked() {
    let natter = Measured::start();
    let ada = natter.register("ada").await;
    let bomb = deflated(64 << 20);
    for (path, kind) in [("/api/messages", "application/json"), ("/login", "application/x-www-form-urlencoded")] {
        for encoding in ["deflate", "gzip", "br", "zstd", "gzip, gzip"] {
            let request = ada.request(Method::POST, path).header("content-encoding", encoding);
            let request = request.header("content-type", kind).body(bomb.clone());
            natter.refuses(&format!("{path} {encoding}"), request).await;
        }
    }
}
