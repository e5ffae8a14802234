//! TLS settings that do not fit the server's.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use natter_test_support::{Mongod, ServerProcess, free_address};
use tempfile::tempdir;

use super::{Authority, SecuredMongod, refusal};

fn ca(certificate: &Path) -> String {
    format!("&tls=true&tlsCAFile={}", certificate.display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_settings_that_do_not_fit_the_server_are_refused() {
    let server = SecuredMongod::start().await;
    let (other, namesake) = (Authority::new("other"), Authority::new("natter-test"));
    let login = "natter:secret@";
    let [other, namesake] = [&other, &namesake].map(|ca_of| server.url_at("127.0.0.1", login, &ca(&ca_of.certificate)));
    let unsigned = ["the TLS certificate of 127.0.0.1:", "is not valid (UnknownIssuer)"];
    let other_ca = [&unsigned[..], &["tlsCAFile has to contain the certificate of the CA that signed it"]].concat();
    let no_ca = [&unsigned[..], &["name the certificate of its CA with tlsCAFile="]].concat();
    let missing = server.url_at("127.0.0.1", login, "&tls=true&tlsCAFile=/nowhere/ca.pem");
    let host = server.url_at("localhost", login, &ca(&server.authority.certificate));
    tokio::join!(
        refusal(&other, &other_ca),
        refusal(
            &namesake,
            &["the TLS certificate of 127.0.0.1:", "tlsCAFile has to contain the certificate of the CA"]
        ),
        refusal(server.url_at("127.0.0.1", login, "&tls=true"), &no_ca),
        refusal(&missing, &["a file of its TLS options cannot be used", "/nowhere/ca.pem", "check tlsCAFile"]),
        refusal(&host, &[r#"not valid for name "localhost""#, "node.db.natter.test", "use a name of the certificate"]),
        refusal(server.url_at("127.0.0.1", login, ""), &["requires TLS; add tls=true to the address"]),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_certificate_is_refused() {
    // mongod does not start with one
    let authority = Authority::new("natter-test");
    let certificate = authority.issue_expired("/CN=node", "IP:127.0.0.1");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let address = free_address();
    let mut server = Command::new("openssl");
    server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    server.args(["s_server", "-quiet", "-accept", &address.to_string(), "-cert"]).arg(&certificate);
    let _server = ServerProcess::start(server.arg("-key").arg(&certificate), address).unwrap();
    let url = format!("mongodb://{address}/UsersData?{}", ca(&authority.certificate).trim_start_matches('&'));
    refusal(&url, &["the TLS certificate of 127.0.0.1:", "has expired; renew it"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_to_a_server_without_it_is_refused() {
    let home = tempdir().unwrap();
    let server = Mongod::start_in(home.path(), &["--replSet", "rs0"]);
    server.connect().await;
    let url = format!("{}?tls=true", server.url("UsersData"));
    refusal(&url, &["has no TLS; leave tls=true out of the address, or start mongod with --tlsMode"]).await;
}
