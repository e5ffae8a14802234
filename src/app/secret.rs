//! The secret that signs tokens. It is generated once and kept in the data directory.

use std::{fs, io, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use secrecy::SecretString;

/// Fewest bytes of a secret: the output size of SHA-256, as RFC 7518, 3.2, requires for HS256.
pub(super) const SECRET_BYTES: usize = 32;

/// Reads the file `secret` in the data directory, or creates it, readable by its owner only.
///
/// # Errors
/// The I/O error if the file cannot be read or created, or has less than [`SECRET_BYTES`].
pub(super) fn load_or_generate(data_dir: &Path) -> io::Result<SecretString> {
    let path = data_dir.join("secret");
    let secret = match fs::read_to_string(&path) {
        Ok(secret) => secret.trim().to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(&path)?,
        Err(error) => return Err(error),
    };
    if secret.len() < SECRET_BYTES {
        let reason =
            format!("{} has less than {SECRET_BYTES} bytes; remove it, and a new one is generated", path.display());
        return Err(io::Error::other(reason));
    }
    Ok(secret.into())
}

/// Generates a random secret, in hexadecimal.
pub(super) fn generate() -> io::Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

/// Writes a draft and renames it, so that a crash leaves no empty secret. The caller holds the lock on the directory,
/// so no other process does the same.
fn create(path: &Path) -> io::Result<String> {
    let secret = generate()?;
    let draft = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn the_secret_is_generated_once_and_readable_by_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let first = load_or_generate(dir.path()).unwrap();
        assert_eq!(load_or_generate(dir.path()).unwrap().expose_secret(), first.expose_secret());
        let mode = fs::metadata(dir.path().join("secret")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(dir.path().join("secret"), "short").unwrap();
        assert!(load_or_generate(dir.path()).unwrap_err().to_string().contains("remove it"));
    }
}
