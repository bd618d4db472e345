//! A public key in the forms in which the world knows it.

use super::spell;
use crate::forge::json_text;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bridge_jose::{Algorithm, SigningKey};
use rcgen::{CertificateParams, Issuer, KeyPair, PublicKeyData, SerialNumber, date_time_ymd};

/// One form of a public key.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// A short name.
    pub(super) name: &'static str,
    /// What it is.
    pub(super) title: &'static str,
    /// Its bytes.
    pub(super) bytes: fn(&SigningKey) -> Vec<u8>,
}

/// Every form that a careless verifier may hold as "the key".
pub(super) const FORMS: [Form; 6] = [
    Form { name: "pem", title: "a PEM text", bytes: |key| pair(key).public_key_pem().into_bytes() },
    Form {
        name: "pem-trimmed",
        title: "a PEM text without the last line end",
        bytes: |key| pair(key).public_key_pem().trim_end().as_bytes().to_vec(),
    },
    Form { name: "der", title: "a DER SubjectPublicKeyInfo", bytes: |key| pair(key).subject_public_key_info() },
    Form { name: "jwk", title: "a JWK text", bytes: |key| json_text(&spell::jwk(key)).into_bytes() },
    Form { name: "raw", title: "the bare point or modulus", bytes: raw },
    Form { name: "nothing", title: "no byte at all", bytes: |_| Vec::new() },
];

fn raw(key: &SigningKey) -> Vec<u8> {
    match key.algorithm() {
        Algorithm::Es256 => [vec![4], spell::member(key, "x"), spell::member(key, "y")].concat(),
        Algorithm::EdDsa => spell::member(key, "x"),
        Algorithm::Ps256 | Algorithm::Rs256 => spell::member(key, "n"),
    }
}

/// A certificate for the key as `x5c` has it (RFC 7515 §4.1.6): standard base64 of DER.
///
/// Signed by a made-up authority with Ed25519, so that the same key gives the same certificate.
pub(super) fn certificate(key: &SigningKey) -> String {
    const ED25519_PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let authority = KeyPair::try_from([ED25519_PKCS8.as_slice(), &[7; 32]].concat()).expect("an Ed25519 key");
    let mut params = CertificateParams::new(["attacker.example".to_owned()]).expect("a host name");
    params.serial_number = Some(SerialNumber::from_slice(&[1]));
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2100, 1, 1);
    let issuer = Issuer::from_params(&params, authority);
    let certificate = params.signed_by(&pair(key), &issuer).expect("the parameters are complete");
    STANDARD.encode(certificate.der())
}

fn pair(key: &SigningKey) -> KeyPair {
    KeyPair::try_from(key.to_pkcs8().expose().as_slice()).expect("rcgen reads every key of the profile")
}

#[cfg(test)]
mod tests {
    use super::{FORMS, certificate};
    use bridge_jose::{Algorithm, SigningKey};
    use std::collections::BTreeSet;

    #[test]
    fn every_algorithm_has_every_form_and_a_stable_certificate() {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::generate(algorithm).unwrap();
            let forms: BTreeSet<Vec<u8>> = FORMS.iter().map(|form| (form.bytes)(&key)).collect();
            assert_eq!(forms.len(), FORMS.len(), "{algorithm}");
            assert_eq!(certificate(&key), certificate(&key), "{algorithm}");
        }
    }
}
