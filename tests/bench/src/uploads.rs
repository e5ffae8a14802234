//! Uploads of natter, through its API.

use serde_json::{Value, json};

use crate::{
    http::{self, Http},
    natter::Natter,
};

/// Bytes that do not compress, and in which no kind of file is recognised.
pub fn random(bytes: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let next = || {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut random: Vec<u8> = std::iter::repeat_with(next).take(bytes.div_ceil(8)).flatten().collect();
    random.truncate(bytes);
    random
}

/// The head of a request that uploads a file of `size` bytes, which come after it.
pub fn upload_head(natter: &Natter, user: usize, name: &str, size: usize) -> Vec<u8> {
    let bearer = natter.bearer(user);
    let path = format!("/api/uploads?name={name}");
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{bearer}Content-Length: {size}\r\n\r\n").into_bytes()
}

/// Uploads a file, with the head of [`upload_head`], and returns its id.
///
/// # Errors
/// The answer is not 201, or the connection breaks.
pub async fn upload(http: &mut Http, head: &[u8], file: &[u8]) -> Result<String, String> {
    let response = http.send_parts(&[head, file]).await.map_err(|why| why.to_string())?;
    if response.status != 201 {
        return Err(format!("an upload got {}: {}", response.status, response.body));
    }
    let upload: Value = serde_json::from_str(response.body).map_err(|why| why.to_string())?;
    Ok(upload["id"].as_str().ok_or("an upload has no id")?.to_owned())
}

/// Posts a message with a file in the lobby, and returns the path of the file.
///
/// # Errors
/// As [`upload`].
pub async fn post(natter: &Natter, user: usize, name: &str, file: &[u8]) -> Result<String, String> {
    let mut http = Http::open(natter.address).await.map_err(|why| why.to_string())?;
    let id = upload(&mut http, &upload_head(natter, user, name, file.len()), file).await?;
    let message = json!({ "message": "", "clientID": uuid::Uuid::now_v7(), "files": [{ "id": id }] }).to_string();
    let request = http::post("/api/rooms/lobby/messages", &natter.bearer(user), &message);
    let response = http.send(&request).await.map_err(|why| why.to_string())?;
    let message: Value = serde_json::from_str(response.is(201).body).map_err(|why| why.to_string())?;
    Ok(message["files"][0]["url"].as_str().ok_or("a file has no url")?.to_owned())
}
