use crate::bao::{Company, POLICY};
use bridge_jose::{Algorithm, VerificationKey};
use bridge_types::Secret;
use bridge_vault::{TransitKeyName, VaultError};
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);

fn name(text: &str) -> TransitKeyName {
    text.parse().unwrap()
}

#[tokio::test]
async fn keys_of_every_algorithm_sign_inside_openbao_and_are_destroyed_there() {
    let Some(company) = Company::start(POLICY, MINUTE) else { return };
    let transit = company.transit();
    for algorithm in Algorithm::ALL {
        let name = name(&format!("company-a.{}", algorithm.as_str().to_ascii_lowercase()));
        let key = transit.create(&name, algorithm).await.unwrap();
        assert_eq!((key.version, key.public.algorithm()), (1, algorithm));
        assert_eq!(*key.public.kid(), key.public.thumbprint().unwrap());
        assert_eq!(transit.read(&name, algorithm).await.unwrap(), key);
        let public = VerificationKey::try_from(&key.public).unwrap();
        let signature = transit.sign(&name, 1, &public, b"header.payload").await.unwrap();
        public.verify_signature(b"header.payload", &signature).unwrap();
        transit.destroy(&name).await.unwrap();
        transit.destroy(&name).await.expect("a key that is gone is destroyed");
        let gone = transit.sign(&name, 1, &public, b"header.payload").await.unwrap_err();
        assert!(matches!(gone, VaultError::Refused { .. }), "{gone}");
    }
}

#[tokio::test]
async fn a_version_that_an_operator_adds_does_not_sign_until_it_is_asked_for() {
    let rotate = "path \"transit/keys/+/rotate\" { capabilities = [\"update\"] }\n";
    let Some(company) = Company::start(&format!("{POLICY}{rotate}"), MINUTE) else { return };
    let (transit, name) = (company.transit(), name("company-a.k"));
    let key = transit.create(&name, Algorithm::Es256).await.unwrap();
    let first = VerificationKey::try_from(&key.public).unwrap();
    // To make a key that exists changes nothing; it is the operator who adds a version.
    assert_eq!(transit.create(&name, Algorithm::Es256).await.unwrap(), key);
    operator(&company, "transit/keys/company-a.k/rotate").await;
    let newer = transit.read(&name, Algorithm::Es256).await.unwrap();
    assert_eq!(newer.version, 2);
    transit.sign(&name, 1, &first, b"message").await.unwrap();
    let other = transit.sign(&name, 2, &first, b"message").await.unwrap_err();
    assert!(other.to_string().contains("by the key asked for"), "{other}");
    let beyond = transit.sign(&name, 3, &first, b"message").await.unwrap_err();
    assert!(matches!(beyond, VaultError::Refused { .. }), "{beyond}");
    transit.trim(&name, 2).await.unwrap();
    assert!(transit.sign(&name, 1, &first, b"message").await.is_err());
    let second = VerificationKey::try_from(&newer.public).unwrap();
    transit.sign(&name, 2, &second, b"message").await.unwrap();
}

#[tokio::test]
async fn the_policy_lets_no_key_out_and_no_other_company_in() {
    let Some(company) = Company::start(POLICY, MINUTE) else { return };
    let transit = company.transit();
    let denied = transit.create(&name("company-b.k"), Algorithm::Es256).await.unwrap_err();
    assert!(matches!(denied, VaultError::Denied { .. }), "{denied}");
    assert!(denied.to_string().contains("transit/keys/company-b.k"), "{denied}");
    transit.create(&name("company-a.k"), Algorithm::Es256).await.unwrap();
    for (path, body) in [
        ("transit/keys/company-a.other", r#"{"type":"ecdsa-p256","exportable":true}"#),
        ("transit/keys/company-a.k/config", r#"{"exportable":true}"#),
        ("transit/keys/company-a.k/config", r#"{"allow_plaintext_backup":true}"#),
    ] {
        assert_eq!(post(&company, path, body).await, 403, "{path} {body}");
    }
    assert_eq!(get(&company, "transit/export/signing-key/company-a.k").await, 403);
    assert_eq!(get(&company, "transit/backup/company-a.k").await, 403);
}

#[tokio::test]
async fn a_key_that_may_be_exported_is_not_used() {
    let all = "path \"transit/*\" { capabilities = [\"create\", \"read\", \"update\"] }";
    let Some(company) = Company::start(all, MINUTE) else { return };
    post(&company, "transit/keys/company-a.k", r#"{"type":"ecdsa-p256","exportable":true}"#).await;
    post(&company, "transit/keys/company-a.e", r#"{"type":"ed25519"}"#).await;
    let transit = company.transit();
    let refused = transit.create(&name("company-a.k"), Algorithm::Es256).await.unwrap_err();
    assert!(refused.to_string().contains("may be exported"), "{refused}");
    let refused = transit.create(&name("company-a.e"), Algorithm::Es256).await.unwrap_err();
    assert!(refused.to_string().contains("of another type"), "{refused}");
}

#[tokio::test]
async fn a_wrapped_secret_opens_for_its_own_binding_only() {
    let wrap = "path \"transit/*\" { capabilities = [\"create\", \"read\", \"update\"] }";
    let Some(company) = Company::start(wrap, MINUTE) else { return };
    assert_eq!(post(&company, "transit/keys/company-a.kek", r#"{"type":"aes256-gcm96"}"#).await, 200);
    let (transit, kek) = (company.transit(), name("company-a.kek"));
    let secret = Secret::new((0..32).collect::<Vec<u8>>());
    let wrapped = transit.encrypt(&kek, &secret, b"company-a").await.unwrap();
    let opened = transit.decrypt(&kek, &wrapped, b"company-a").await.unwrap();
    assert_eq!(opened.expose(), secret.expose());
    let refused = transit.decrypt(&kek, &wrapped, b"company-b").await.unwrap_err();
    assert!(matches!(refused, VaultError::Refused { .. }), "{refused}");
}

async fn operator(company: &Company, path: &str) {
    assert_eq!(post(company, path, "{}").await, 200, "{path}");
}

async fn post(company: &Company, path: &str, body: &str) -> u16 {
    company.raw(path, Some(body)).await
}

async fn get(company: &Company, path: &str) -> u16 {
    company.raw(path, None).await
}
