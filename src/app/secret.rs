//! The secret that signs tokens, made once and kept beside the data.

use std::{fs, io, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use secrecy::SecretString;

/// Fewest bytes of a secret: as many as the SHA-256 in HS256 puts out (RFC 7518, 3.2).
pub(super) const SECRET_BYTES: usize = 32;

/// Reads `secret` in the data directory, or makes one, readable to its owner alone.
///
/// # Errors
/// Where the file cannot be read or made, or holds less than 32 bytes.
pub(super) fn load_or_generate(data_dir: &Path) -> io::Result<SecretString> {
    let path = data_dir.join("secret");
    let secret = match fs::read_to_string(&path) {
        Ok(secret) => secret.trim().to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path)?,
        Err(error) => return Err(error),
    };
    if secret.len() < SECRET_BYTES {
        let reason = format!("{} holds less than {SECRET_BYTES} bytes; remove it for a new one", path.display());
        return Err(io::Error::other(reason));
    }
    Ok(secret.into())
}

/// A secret that nobody can guess, in hexadecimal.
pub(super) fn generate() -> io::Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

/// Written beside and moved into place: a crash in between leaves no empty secret. The caller holds the
/// directory, so nobody else makes one at the same time.
fn make(path: &Path) -> io::Result<String> {
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
    fn is_made_once_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let first = load_or_generate(dir.path()).unwrap();
        assert_eq!(load_or_generate(dir.path()).unwrap().expose_secret(), first.expose_secret());
        let mode = fs::metadata(dir.path().join("secret")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(dir.path().join("secret"), "short").unwrap();
        assert!(load_or_generate(dir.path()).unwrap_err().to_string().contains("remove it"));
    }
}
