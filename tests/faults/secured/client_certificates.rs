//! A server that requires client certificates.

use super::{Authority, READ_WRITE, SecuredMongod, refusal};
use crate::support::Natter;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn natter_shows_a_certificate_to_a_server_that_requires_one() {
    let server = SecuredMongod::start_for_certificates().await;
    server.add_user("natter", "secret", READ_WRITE).await;
    server.add_certificate_user().await;
    let other = Authority::new("other");
    let foreign = other.issue("/O=chat/CN=natter", "DNS:chat.natter.test");
    let with = |login, file: &str| server.url(login, &format!("&tlsCertificateKeyFile={file}"));
    let own = server.client_certificate.to_str().unwrap();

    let natter = Natter::start(&with("natter:secret@", own));
    let token = natter.register("ada").await;
    assert_eq!(natter.post(&token, "hello").await, 201);
    // the certificate instead of a password
    let url = with("", own).replace("authSource=admin", "authMechanism=MONGODB-X509&authSource=$external");
    let natter = Natter::start(&url);
    assert_eq!(natter.whole_log(&token).await.last().unwrap().message.as_deref(), Some("hello"));
    drop(natter);

    let [foreign, missing, no_key] =
        [foreign.to_str().unwrap(), "/nowhere/client.pem", server.authority.certificate.to_str().unwrap()]
            .map(|file| with("natter:secret@", file));
    let unusable = ["a file of its TLS options cannot be used", "check tlsCAFile and tlsCertificateKeyFile"];
    tokio::join!(
        refusal(
            server.url("natter:secret@", ""),
            &["refused TLS without a client certificate", "tlsCertificateKeyFile=/path/client.pem"]
        ),
        refusal(&foreign, &["refused TLS with natter's certificate", "tlsCertificateKeyFile has to contain"]),
        refusal(&missing, &["tlsCertificateKeyFile cannot be read (No such file or directory"]),
        refusal(&no_key, &unusable),
    );
}
