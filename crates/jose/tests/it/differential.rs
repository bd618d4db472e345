//! josekit on OpenSSL is the oracle: what we sign it verifies, what it signs we verify, what is spoilt both refuse.

use bridge_jose::{Algorithm, SigningKey, Typ, UnverifiedToken, VerificationKey};
use bridge_testkit::Forge;
use josekit::jwk::Jwk;
use josekit::jws::{self, JwsHeader, JwsSigner, JwsVerifier};
use serde_json::{Value, json};

fn josekit_jwk(key: &SigningKey) -> Jwk {
    Jwk::from_bytes(serde_json::to_vec(key.public()).unwrap()).unwrap()
}

fn oracle_verifier(key: &SigningKey) -> Box<dyn JwsVerifier> {
    let jwk = josekit_jwk(key);
    match key.algorithm() {
        Algorithm::Es256 => Box::new(jws::ES256.verifier_from_jwk(&jwk).unwrap()),
        Algorithm::EdDsa => Box::new(jws::EdDSA.verifier_from_jwk(&jwk).unwrap()),
        Algorithm::Ps256 => Box::new(jws::PS256.verifier_from_jwk(&jwk).unwrap()),
        Algorithm::Rs256 => Box::new(jws::RS256.verifier_from_jwk(&jwk).unwrap()),
    }
}

fn oracle_signer(key: &SigningKey) -> Box<dyn JwsSigner> {
    let der = key.to_pkcs8().expose();
    match key.algorithm() {
        Algorithm::Es256 => Box::new(jws::ES256.signer_from_der(der).unwrap()),
        Algorithm::EdDsa => Box::new(jws::EdDSA.signer_from_der(der).unwrap()),
        Algorithm::Rs256 => Box::new(jws::RS256.signer_from_der(der).unwrap()),
        // josekit wants a key whose DER says RSASSA-PSS there, which aws-lc-rs does not write.
        Algorithm::Ps256 => Box::new(key.clone()),
    }
}

fn verification_key(key: &SigningKey) -> VerificationKey {
    VerificationKey::try_from(key.public()).unwrap()
}

#[test]
fn what_we_sign_the_oracle_verifies() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let token = bridge_jose::sign(&key, Typ::AccessToken, &json!({"sub": "c"})).unwrap();
        let (payload, header) = jws::deserialize_compact(&token, &*oracle_verifier(&key)).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&payload).unwrap(), json!({"sub": "c"}), "{algorithm}");
        assert_eq!((header.token_type(), header.key_id()), (Some("at+jwt"), Some(key.kid().as_str())));
    }
}

#[test]
fn what_the_oracle_signs_we_verify() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let mut header = JwsHeader::new();
        header.set_key_id(key.kid().as_str());
        let token = jws::serialize_compact(br#"{"sub":"c"}"#, &header, &*oracle_signer(&key)).unwrap();
        let verified = UnverifiedToken::parse(&token).unwrap().verify(&verification_key(&key)).unwrap();
        assert_eq!(verified.claims::<Value>().unwrap(), json!({"sub": "c"}), "{algorithm}");
    }
}

#[test]
fn our_keys_serve_as_josekit_signers_and_verifiers() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let token = jws::serialize_compact(b"{}", &JwsHeader::new(), &key).unwrap();
        assert!(jws::deserialize_compact(&token, &verification_key(&key)).is_ok(), "{algorithm}");
        let other = SigningKey::generate(algorithm).unwrap();
        assert!(jws::deserialize_compact(&token, &verification_key(&other)).is_err(), "{algorithm}");
    }
}

#[test]
fn every_flipped_byte_of_a_signature_is_refused_by_both() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let (ours, oracle) = (verification_key(&key), oracle_verifier(&key));
        let forge = Forge::new(&key, Typ::AccessToken, json!({"sub": "c"}));
        let length = JwsSigner::signature_len(&key);
        for index in 0..length {
            let token = forge.sign_then(|signature| signature[index] ^= 1);
            let refused = UnverifiedToken::parse(&token).unwrap().verify(&ours).is_err();
            assert!(refused, "{algorithm}: we accept byte {index}");
            assert!(jws::deserialize_compact(&token, &*oracle).is_err(), "{algorithm}: the oracle accepts {index}");
        }
    }
}

#[test]
fn keys_come_back_from_their_pkcs_8() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let stored = bridge_types::Secret::new(key.to_pkcs8().expose().clone());
        let restored = SigningKey::from_pkcs8(algorithm, stored).unwrap();
        assert_eq!(restored.kid(), key.kid(), "{algorithm}");
        let other = Algorithm::ALL[(algorithm as usize + 1) % 2];
        let stored = bridge_types::Secret::new(key.to_pkcs8().expose().clone());
        assert!(other == algorithm || SigningKey::from_pkcs8(other, stored).is_err(), "{algorithm} as {other}");
    }
}
