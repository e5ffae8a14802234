//! Names of files that lead elsewhere, or mean something to a system or to a header: a name is only shown.

use reqwest::Method;
use serde_json::json;

use super::natters;
use crate::{
    files::multipart,
    support::{Answer, RawConnection, Script},
};

/// What a file is called, and its name in natter.
const NAMES: [(&str, &str); 22] = [
    ("../../../../etc/passwd", "passwd"),
    ("..\\..\\windows\\system32\\cmd.exe", "cmd.exe"),
    ("/etc/passwd", "passwd"),
    ("C:\\boot.ini", "boot.ini"),
    ("\\\\evil.example\\share\\a.txt", "a.txt"),
    ("file:///etc/passwd", "passwd"),
    ("..", "file"),
    (".", "file"),
    ("../", "file"),
    ("", "file"),
    (".htaccess", "htaccess"),
    ("a.txt.", "a.txt"),
    ("a\0.txt", "a.txt"),
    ("a.txt\r\nSet-Cookie: x=y", "a.txt Set-Cookie: x=y"),
    ("a\u{202E}gpj.exe", "agpj.exe"),
    ("a\u{2028}b.txt", "a b.txt"),
    // a device of Windows is a name like others: natter makes no file of that name
    ("CON", "CON"),
    ("nul.txt", "nul.txt"),
    ("a.txt::$DATA", "a.txt::$DATA"),
    ("%2e%2e%2fpasswd", "%2e%2e%2fpasswd"),
    ("a\"; filename=\"b.html", "a\"; filename=\"b.html"),
    ("~root;$(reboot)`reboot`", "~root;$(reboot)`reboot`"),
];

async fn uploaded(ada: &Script, name: &str) -> Answer {
    let request = ada.request(Method::POST, "/api/uploads").query(&[("name", name)]).body("text");
    let id = Answer::of(request.send().await.unwrap()).await.is(201).json["id"].clone();
    ada.post("/api/messages", json!({ "message": "", "files": [{ "id": id }] })).await.is(201)
}

#[tokio::test]
async fn a_name_leads_nowhere() {
    let (natters, _set) = natters().await;
    for natter in &natters {
        let ada = natter.register("ada").await;
        for (raw, expected) in NAMES {
            let mut posted = vec![uploaded(&ada, raw).await];
            // the header of a part has one line, and its quotes are escaped
            if !raw.is_empty() && !raw.contains(['"', '\r', '\0', '\\', '%']) {
                let (kind, body) = multipart(&[("message", None, b"x"), ("file", Some(raw), b"text")]);
                let request = ada.request(Method::POST, "/api/messages").header("content-type", kind).body(body);
                posted.push(Answer::of(request.send().await.unwrap()).await.is(201));
            }
            for answer in posted {
                let file = &answer.json["files"][0];
                assert_eq!(file["name"], expected, "{raw:?}");
                let url = file["url"].as_str().unwrap();
                assert_eq!(url.split('/').count(), 6, "{url}");
                assert!(!url.contains("..") && !url.contains(['"', '\\', ' ', ';']), "{url}");
                let read = ada.request(Method::GET, url).send().await.unwrap();
                let disposition = read.headers()["content-disposition"].to_str().unwrap();
                assert_eq!(
                    (disposition.matches('"').count(), disposition.matches(';').count() > 1),
                    (2, true),
                    "{disposition}"
                );
                assert_eq!(read.text().await.unwrap(), "text");
            }
        }
    }
    // with the embedded store, a file of natter's has its id as name
    let mut directories = vec![natters[0].database().parent().unwrap().to_owned()];
    let mut objects = 0;
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let is_own = NAMES.iter().all(|(_, cleaned)| name != *cleaned);
            assert!(is_own, "{}", path.display());
            objects += usize::from(path.is_file() && name.len() >= 30);
            directories.extend(path.is_dir().then_some(path));
        }
    }
    assert!(objects >= NAMES.len(), "{objects}");
}

/// Paths that another client might write, as they are: reqwest would shorten them.
#[tokio::test]
async fn no_address_leads_to_a_file_of_the_server() {
    let (natters, _set) = natters().await;
    for natter in &natters {
        let ada = natter.register("ada").await;
        let posted = uploaded(&ada, "a.txt").await.json;
        let url = posted["files"][0]["url"].as_str().unwrap();
        let id = url.split('/').nth(4).unwrap();
        let mut paths: Vec<String> =
            ["../natter.db", "..%2f..%2fnatter.db", "%2e%2e%2fnatter.db", "%00", "CON", ".", ""]
                .into_iter()
                .flat_map(|name| {
                    [
                        format!("/rooms/lobby/files/{name}/a.txt"),
                        format!("/rooms/lobby/thumbnails/{name}"),
                        format!("/avatars/{name}"),
                        format!("/static/{name}"),
                        format!("/api/uploads/{name}"),
                    ]
                })
                .collect();
        paths.push(format!("/rooms/lobby/files/{id}/../../../../../etc/passwd"));
        paths.push("/static/../../../../etc/passwd".to_owned());
        paths.push("/../../../../etc/passwd".to_owned());
        for path in paths {
            let (status, body) = get(&ada, &path).await;
            assert!([303, 400, 404, 405].contains(&status), "{path}: {status}");
            assert!(!body.contains("root:") && !body.contains("SQLite format"), "{path}");
        }
        // the end of a file's address is for people: whatever it says, the file is the one of the id
        for name in ["..%2f..%2f..%2fetc%2fpasswd", "%00", "b.html"] {
            let (status, body) = get(&ada, &format!("/rooms/lobby/files/{id}/{name}")).await;
            assert_eq!((status, body.ends_with("\r\n\r\ntext")), (200, true), "{name}: {body}");
            assert!(body.contains("filename=\"a.txt\""), "{body}");
        }
    }
}

async fn get(ada: &Script, path: &str) -> (u16, String) {
    let mut connection = RawConnection::connect(ada.address).await;
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: natter\r\nconnection: close\r\nauthorization: Bearer {}\r\n\r\n",
        ada.token()
    );
    connection.send(head.as_bytes()).await;
    let answer = String::from_utf8_lossy(&connection.rest().await).into_owned();
    (answer[9..12].parse().unwrap(), answer)
}
