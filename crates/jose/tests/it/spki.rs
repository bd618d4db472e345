use bridge_jose::{Algorithm, PublicJwk, SigningKey};
use josekit::jwk::KeyPair;
use josekit::jwk::alg::{ec::EcCurve, ec::EcKeyPair, ed::EdCurve, ed::EdKeyPair, rsa::RsaKeyPair};

fn pem(pair: &impl KeyPair) -> String {
    String::from_utf8(pair.to_pem_public_key()).unwrap()
}

/// What josekit makes of the same key.
fn judge(pair: &impl KeyPair, algorithm: Algorithm) -> PublicJwk {
    let mut jwk = pair.to_jwk_public_key();
    jwk.set_key_id("any");
    jwk.set_algorithm(algorithm.as_str());
    PublicJwk::from_object(jwk.as_ref().clone()).unwrap()
}

#[test]
fn a_public_key_in_pem_is_the_key_that_josekit_reads() {
    let ec = EcKeyPair::generate(EcCurve::P256).unwrap();
    let rsa = RsaKeyPair::generate(2048).unwrap();
    for (algorithm, pem, judged) in [
        (Algorithm::Es256, pem(&ec), judge(&ec, Algorithm::Es256)),
        (Algorithm::Rs256, pem(&rsa), judge(&rsa, Algorithm::Rs256)),
        (Algorithm::Ps256, pem(&rsa), judge(&rsa, Algorithm::Ps256)),
    ] {
        let read = PublicJwk::from_public_key_pem(algorithm, &pem).unwrap();
        assert_eq!(*read.kid(), judged.thumbprint().unwrap());
        assert_eq!(read.algorithm(), algorithm);
    }
}

#[test]
fn an_ed25519_key_is_its_32_bytes() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let pair = EdKeyPair::from_der(key.to_pkcs8().expose()).unwrap();
    let spki = pair.to_der_public_key();
    assert_eq!(PublicJwk::from_ed25519(&spki[spki.len() - 32..]).unwrap(), *key.public());
    assert!(PublicJwk::from_ed25519(&spki[spki.len() - 31..]).is_err());
    assert!(PublicJwk::from_ed25519(&[]).is_err());
}

#[test]
fn refuses_pem_that_is_not_exactly_one_key_of_the_algorithm() {
    let ec = pem(&EcKeyPair::generate(EcCurve::P256).unwrap());
    let other_curve = pem(&EcKeyPair::generate(EcCurve::P384).unwrap());
    let ed = pem(&EdKeyPair::generate(EdCurve::Ed25519).unwrap());
    let rsa = pem(&RsaKeyPair::generate(2048).unwrap());
    let weak = pem(&RsaKeyPair::generate(1024).unwrap());
    let cases = [
        (Algorithm::Es256, other_curve),
        (Algorithm::Es256, rsa.clone()),
        (Algorithm::EdDsa, ed),
        (Algorithm::Rs256, ec.clone()),
        (Algorithm::Rs256, weak),
        (Algorithm::Rs256, rsa.replace("-----END PUBLIC KEY-----", "AAAA\n-----END PUBLIC KEY-----")),
        (Algorithm::Es256, ec.replace("PUBLIC KEY", "PRIVATE KEY")),
        (Algorithm::Es256, format!("{ec}{ec}")),
        (Algorithm::Es256, String::new()),
    ];
    for (algorithm, pem) in cases {
        assert!(PublicJwk::from_public_key_pem(algorithm, &pem).is_err(), "{algorithm} {pem}");
    }
    for end in 0..rsa.find("\n-----END").unwrap() {
        let cut = format!("{}\n-----END PUBLIC KEY-----", &rsa[..end]);
        assert!(PublicJwk::from_public_key_pem(Algorithm::Rs256, &cut).is_err(), "{cut}");
    }
}
