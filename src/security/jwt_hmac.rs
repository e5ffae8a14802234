//! HMAC for jsonwebtoken, by ring.
//!
//! jsonwebtoken has bindings for aws-lc-rs and RustCrypto only. natter uses one crypto library, which TLS to MongoDB
//! requires to be ring or aws-lc-rs; of the two, ring compiles in a sixth of the time. Algorithms other than HMAC are
//! deliberately absent.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result},
    signature::{Error, Signer, Verifier},
};
use ring::hmac;

/// Makes jsonwebtoken sign and verify with ring, in the whole process. It may be called more than once.
pub fn install() {
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key: &EncodingKey| {
            Ok(Box::new(Key::new(*algorithm, key.family(), key.as_bytes())?))
        },
        verifier_factory: |algorithm, key: &DecodingKey| {
            Ok(Box::new(Key::new(*algorithm, key.family(), key.try_get_as_bytes()?)?))
        },
        key_utils: KeyUtils::new_unimplemented(), // for JSON Web Keys, which natter does not use
    };
    let _ = PROVIDER.install_default(); // fails only if it is already installed
}

struct Key(Algorithm, hmac::Key);

impl Key {
    fn new(algorithm: Algorithm, family: AlgorithmFamily, secret: &[u8]) -> Result<Self> {
        let hash = match (family, algorithm) {
            (AlgorithmFamily::Hmac, Algorithm::HS256) => hmac::HMAC_SHA256,
            (AlgorithmFamily::Hmac, Algorithm::HS384) => hmac::HMAC_SHA384,
            (AlgorithmFamily::Hmac, Algorithm::HS512) => hmac::HMAC_SHA512,
            _ => return Err(ErrorKind::InvalidAlgorithm.into()),
        };
        Ok(Self(algorithm, hmac::Key::new(hash, secret)))
    }
}

impl Signer<Vec<u8>> for Key {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(hmac::sign(&self.1, message).as_ref().to_vec())
    }
}

impl Verifier<Vec<u8>> for Key {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        hmac::verify(&self.1, message, signature).map_err(|_| Error::new())
    }
}

impl JwtSigner for Key {
    fn algorithm(&self) -> Algorithm {
        self.0
    }
}

impl JwtVerifier for Key {
    fn algorithm(&self) -> Algorithm {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::crypto::{sign, verify};

    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn signatures_match_the_test_vectors_of_the_rfc() {
        install();
        let (key, message) = (EncodingKey::from_secret(b"Jefe"), b"what do ya want for nothing?");
        for (algorithm, expected) in [
            (Algorithm::HS256, "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM"),
            (Algorithm::HS384, "r0XS43ZIQDFhf3jStYprG5x-9GT1oBtH5C7Dc2MiRF6OIkDKXmnix4syOez6shZJ"),
            (
                Algorithm::HS512,
                "Fkt6e_z4GeLjlfvnO1bgo4e9ZCIugx_WECcM1-olBVSXWL91wFqZSm0DT2X48Ob9yuqxo01Ka0tjbgcKOLznNw",
            ),
        ] {
            assert_eq!(sign(message, &key, algorithm).unwrap(), expected);
            let key = DecodingKey::from_secret(b"Jefe");
            assert!(verify(expected, message, &key, algorithm).unwrap());
            assert!(!verify(expected, b"something else", &key, algorithm).unwrap());
        }
        assert!(sign(message, &key, Algorithm::EdDSA).is_err());
    }
}
