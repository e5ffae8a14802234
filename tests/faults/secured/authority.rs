//! A private certificate authority.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use natter_test_support::TemporaryDirectory;

/// A CA with its files. They are removed with this value.
pub struct Authority {
    directory: TemporaryDirectory,
    /// The certificate of the CA.
    pub certificate: PathBuf,
}

impl Authority {
    /// Makes a CA. Two with the same name differ in their keys.
    pub fn new(name: &str) -> Self {
        let directory = TemporaryDirectory::new();
        openssl(directory.path(), &format!("req -x509 {NEW_KEY} -keyout ca.key -out ca.pem -subj /CN={name} -days 2"));
        let certificate = directory.path().join("ca.pem");
        Self { directory, certificate }
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Issues a certificate to `subject`, like `/CN=natter`, that is valid for these `subjectAltName`s.
    /// Returns a file with the certificate and its key.
    pub fn issue(&self, subject: &str, names: &str) -> PathBuf {
        self.issue_for_days(subject, names, 2)
    }

    /// As [`Authority::issue`], with a certificate that is valid this second only.
    pub fn issue_expired(&self, subject: &str, names: &str) -> PathBuf {
        self.issue_for_days(subject, names, 0)
    }

    fn issue_for_days(&self, subject: &str, names: &str, days: u32) -> PathBuf {
        let (directory, name) = (self.directory.path(), uuid::Uuid::new_v4());
        openssl(
            directory,
            &format!("req {NEW_KEY} -keyout {name}.key -out {name}.csr -subj {subject} -addext subjectAltName={names}"),
        );
        openssl(
            directory,
            &format!(
                "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -copy_extensions copy -days {days} \
                 -out {name}.crt"
            ),
        );
        let read = |extension| fs::read_to_string(directory.join(format!("{name}.{extension}"))).unwrap();
        let file = directory.join(format!("{name}.pem"));
        fs::write(&file, read("crt") + &read("key")).unwrap();
        file
    }
}

/// A key on a curve, as RSA keys take long to make.
const NEW_KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

fn openssl(directory: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split_whitespace()).current_dir(directory).output().unwrap();
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}
