//! The Nu HTML checker finds no error on any page and in any fragment, with and without a session.

use std::{fs, path::Path, process::Command};

use reqwest::{Client, header};
use serde::Deserialize;

use super::{
    axe::checker,
    fragments::{self, Wrapper},
    pages,
    site::Site,
};
use crate::support::PASSWORD;

#[derive(Deserialize)]
struct Report {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    url: String,
    message: String,
    #[serde(default)]
    extract: String,
}

/// Attributes of htmx with a colon, which a data- attribute cannot have, and their elements.
const EXCEPTIONS: [(&str, &str); 11] = [
    ("hx-ws:connect", "body"),
    ("hx-ws:send", "form"),
    ("hx-boost:inherited", "nav"),
    ("hx-boost:inherited", "ul"),
    ("hx-select:inherited", "nav"),
    ("hx-select:inherited", "div"),
    ("hx-swap:inherited", "nav"),
    ("hx-swap:inherited", "div"),
    ("hx-sync:inherited", "nav"),
    ("hx-target:inherited", "nav"),
    ("hx-target:inherited", "div"),
];

/// The standard has `rel="expect"`; the checker does not know it yet.
const EXPECT: &str =
    "A “link” element with a “blocking” attribute must have a “rel” attribute whose value is “stylesheet”.";

fn is_excepted(message: &str) -> bool {
    message == EXPECT
        || EXCEPTIONS.iter().any(|(attribute, element)| {
            message == format!("Attribute “{attribute}” not allowed on element “{element}” at this point.")
        })
}

/// The files to check; the name of each tells what it is.
struct Files<'a> {
    directory: &'a Path,
    count: usize,
}

impl Files<'_> {
    /// Keeps a page, and the parts that its script puts into it.
    fn add(&mut self, name: &str, html: &str) {
        for (part, inside) in html.split("<script type=\"text/html\"").skip(1).enumerate() {
            let inside = inside.split_once('>').unwrap().1.split_once("</script>").unwrap().0;
            let wrapper = if inside.starts_with("<li") { Wrapper::List } else { Wrapper::Div };
            self.write(&format!("{name}, part {part} of the script"), &wrapper.around(inside));
        }
        self.write(name, html);
    }

    fn write(&mut self, name: &str, html: &str) {
        self.count += 1;
        let file = format!("{:03} {}.html", self.count, name.replace(['/', '?', '&'], "_"));
        fs::write(self.directory.join(file), html).unwrap();
    }
}

/// A client with cookies that asks for pages in this language.
fn client(language: &str) -> Client {
    let headers = [(header::ACCEPT, "text/html"), (header::ACCEPT_LANGUAGE, language)];
    let headers = headers.map(|(name, value)| (name, value.parse().unwrap())).into_iter().collect();
    Client::builder().cookie_store(true).default_headers(headers).build().unwrap()
}

/// Forms that are refused: their address and their fields.
fn refused(site: &Site) -> Vec<(String, Vec<(&'static str, &'static str)>)> {
    let Site { own, mine, .. } = site;
    vec![
        ("/account".into(), vec![("name", ""), ("email", "x"), ("phone", ""), ("about", "")]),
        ("/account/settings".into(), vec![("theme", "x"), ("language", "x"), ("timeFormat", "x")]),
        ("/account/password".into(), vec![("currentPassword", "x"), ("password", "y")]),
        ("/account/delete".into(), vec![("deletePassword", "x")]),
        ("/rooms/new".into(), vec![("name", ""), ("topic", ""), ("kind", "x"), ("members", "nobody")]),
        (format!("/rooms/{own}/settings"), vec![("name", ""), ("topic", ""), ("kind", "x")]),
        (format!("/rooms/{own}/members"), vec![("members", "nobody")]),
        ("/rooms/lobby/messages".into(), vec![("message", "")]),
        ("/direct/cyd/messages".into(), vec![("message", "")]),
        (format!("/rooms/lobby/{mine}/edit"), vec![("message", "x"), ("textRev", "1")]),
        (format!("/rooms/lobby/{mine}/react"), vec![("emoji", "x")]),
        ("/admin/users".into(), vec![("userID", "a b"), ("name", ""), ("email", "x"), ("password", "1")]),
        ("/admin/users/bob".into(), vec![("name", ""), ("email", "x"), ("role", "x")]),
    ]
}

async fn saves_pages(site: &Site, language: &str, news: &str, files: &mut Files<'_>) {
    let client = client(language);
    let natter = &site.natter;
    for (names, form) in
        [("log in", vec![("userID", "ann"), ("password", "x")]), ("sign up", vec![("userID", "a b"), ("email", "x")])]
    {
        let address = if names == "log in" { "/login" } else { "/signup" };
        let answer = client.post(natter.url(address)).form(&form).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{names}: {}", answer.status());
        files.add(&format!("{names}, refused, {language}"), &answer.text().await.unwrap());
    }
    let (visitors, own) = (pages::of_visitors(), pages::of_ann(site, news));
    let count = visitors.len();
    for (index, page) in visitors.iter().chain(&own).enumerate() {
        if index == count {
            let login = [("userID", "ann"), ("password", PASSWORD)];
            let answer = client.post(natter.url("/login")).form(&login).send().await.unwrap();
            assert!(answer.status().is_success(), "log in: {}", answer.status());
        }
        let answer = client.get(natter.url(&page.path)).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), page.status, "{}", page.name);
        files.add(&format!("{}, {language}", page.name), &answer.text().await.unwrap());
    }
    for (path, form) in refused(site) {
        let answer = client.post(natter.url(&path)).form(&form).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{path}: {}", answer.status());
        files.add(&format!("{path}, refused, {language}"), &answer.text().await.unwrap());
    }
    for (path, wrapper) in fragments::of(site) {
        let answer = client.get(natter.url(&path)).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        files.add(&format!("fragment {path}, {language}"), &wrapper.around(&answer.text().await.unwrap()));
    }
}

#[tokio::test]
async fn no_page_and_no_fragment_has_an_error() {
    let site = Site::start().await;
    let directory = tempfile::tempdir().unwrap();
    let mut files = Files { directory: directory.path(), count: 0 };
    for (language, news) in ["en", "de"].iter().zip(&site.news) {
        saves_pages(&site, language, news, &mut files).await;
    }
    for (number, frame) in fragments::live(&site).await.iter().enumerate() {
        files.add(&format!("frame {number}"), frame);
    }
    let mut java = Command::new("java");
    java.args(["-Xss1m", "-jar", &checker("vnu"), "--format", "json", "--stdout", "--exit-zero-always"]);
    let output = java.arg(directory.path()).output().expect("java is installed by tests/run");
    let report: Report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let errors = report.messages.iter().filter(|message| message.kind != "info" && !is_excepted(&message.message));
    let found: Vec<String> = errors
        .map(|Message { url, message, extract, .. }| {
            let file = url.rsplit('/').next().unwrap_or_default().replace("%20", " ");
            format!("{file}: {message} {}", extract.split_whitespace().collect::<Vec<_>>().join(" "))
        })
        .collect();
    assert!(found.is_empty(), "{} errors in {} files:\n{}", found.len(), files.count, found.join("\n"));
}
