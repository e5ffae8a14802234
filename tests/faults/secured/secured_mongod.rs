//! A MongoDB server that requires TLS and a login.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    time::Duration,
};

use mongodb::{
    Client,
    bson::{Bson, Document, doc},
};
use natter_test_support::{Mongod, until};
use tokio::sync::{Mutex, MutexGuard};

use super::Authority;

/// One server at a time: each takes CPU time to start.
static ONE: Mutex<()> = Mutex::const_new(());

/// The roles that natter's user needs.
pub const READ_WRITE: [&str; 2] = ["readWrite", "dbAdmin"];

/// A replica set of one member. Its certificate is valid for 127.0.0.1 and `node.db.natter.test`.
pub struct SecuredMongod {
    mongod: Mongod,
    /// The CA of the server's certificate, and of the client certificates that it accepts.
    pub authority: Authority,
    /// A certificate of a client.
    pub client_certificate: PathBuf,
    _one: MutexGuard<'static, ()>,
}

impl SecuredMongod {
    /// Starts a server that takes clients without certificates.
    pub async fn start() -> Self {
        Self::start_with(&["--tlsAllowConnectionsWithoutCertificates"]).await
    }

    /// Starts a server that requires client certificates.
    pub async fn start_for_certificates() -> Self {
        Self::start_with(&[]).await
    }

    async fn start_with(options: &[&str]) -> Self {
        let one = ONE.lock().await;
        let authority = Authority::new("natter-test");
        let certificate = authority.issue("/O=database/CN=node", "IP:127.0.0.1,DNS:node.db.natter.test");
        let client_certificate = authority.issue("/O=chat/CN=natter", "DNS:chat.natter.test");
        let key_file = authority.directory().join("keyfile");
        fs::write(&key_file, uuid::Uuid::new_v4().simple().to_string()).unwrap();
        fs::set_permissions(&key_file, Permissions::from_mode(0o600)).unwrap();
        let files = [&certificate, &authority.certificate, &key_file].map(|path| path.to_str().unwrap());
        let secured = ["--tlsMode", "requireTLS", "--tlsCertificateKeyFile", files[0], "--tlsCAFile", files[1]];
        let accounts = ["--auth", "--keyFile", files[2], "--replSet", "rs0"];
        let mechanisms = ["--setParameter", "authenticationMechanisms=SCRAM-SHA-256,MONGODB-X509"];
        let options = [&secured, &accounts[..], &mechanisms, options].concat();
        let mongod = Mongod::start_in(&authority.directory().join("data"), &options);
        let server = Self { mongod, authority, client_certificate, _one: one };
        server.set_up().await;
        server
    }

    /// Elects the member and creates an admin. MongoDB lets a client of this machine do that without a login.
    async fn set_up(&self) {
        let admin = self.client("").await.database("admin");
        let host = format!("127.0.0.1:{}", self.port());
        let initiate = doc! { "replSetInitiate": { "_id": "rs0", "members": [{ "_id": 0, "host": host }] } };
        admin.run_command(initiate).await.unwrap();
        until("there is a primary", Duration::from_secs(60), async || {
            let hello = admin.run_command(doc! { "hello": 1 }).await.unwrap();
            hello.get_bool("isWritablePrimary").unwrap()
        })
        .await;
        admin.run_command(create_user("admin", "admin", ["root".into()])).await.unwrap();
    }

    async fn client(&self, login: &str) -> Client {
        let certificate = self.client_certificate.display();
        let url = self.url(login, &format!("&tlsCertificateKeyFile={certificate}"));
        // the set is not initiated yet
        let url = url.replace("replicaSet=rs0", "directConnection=true");
        Client::with_uri_str(url + "&serverSelectionTimeoutMS=60000").await.unwrap()
    }

    pub fn port(&self) -> u16 {
        self.mongod.port
    }

    /// Creates a user of the database `admin`, with roles on `UsersData`.
    pub async fn add_user<const N: usize>(&self, name: &str, password: &str, roles: [&str; N]) {
        let roles = roles.map(|role| doc! { "role": role, "db": "UsersData" }.into());
        let admin = self.client("admin:admin@").await.database("admin");
        admin.run_command(create_user(name, password, roles)).await.unwrap();
    }

    /// Creates the user of the client certificate.
    pub async fn add_certificate_user(&self) {
        let roles = READ_WRITE.map(|role| Bson::from(doc! { "role": role, "db": "UsersData" }));
        let user = doc! { "createUser": "CN=natter,O=chat", "roles": roles.to_vec() };
        self.client("admin:admin@").await.database("$external").run_command(user).await.unwrap();
    }

    /// Natter's address with a `login` like `ada:secret@`, and further options after the CA.
    pub fn url(&self, login: &str, options: &str) -> String {
        let ca = format!("&tls=true&tlsCAFile={}", self.authority.certificate.display());
        self.url_at("127.0.0.1", login, &(ca + options))
    }

    /// The address of a host name of the server, with options.
    pub fn url_at(&self, host: &str, login: &str, options: &str) -> String {
        let port = self.port();
        format!("mongodb://{login}{host}:{port}/UsersData?replicaSet=rs0&authSource=admin{options}")
    }
}

fn create_user<const N: usize>(name: &str, password: &str, roles: [Bson; N]) -> Document {
    doc! { "createUser": name, "pwd": password, "roles": roles.to_vec(), "mechanisms": ["SCRAM-SHA-256"] }
}
