use crate::bao::{Company, POLICY, patient, stopwatch, trusting, workload_token};
use crate::recording;
use bridge_jose::Algorithm;
use bridge_types::{Clock, SystemClock};
use bridge_vault::{CertificateFiles, Identity, Settings, TokenFile, Transit, TransitKeyName, Vault, VaultError};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn key() -> TransitKeyName {
    "company-a.k".parse().unwrap()
}

fn transit(vault: Vault) -> Transit {
    Transit::new(vault, "transit".parse().unwrap())
}

async fn use_it(vault: &Vault) -> Result<(), VaultError> {
    transit(vault.clone()).create(&key(), Algorithm::EdDsa).await.map(drop)
}

#[tokio::test]
async fn a_client_certificate_logs_in_and_its_successor_after_it() {
    let Some(company) = Company::start(POLICY, Duration::from_secs(2)) else { return };
    let write = |name: &str| {
        let certificate = company.workload_certificate(name);
        std::fs::write(company.file("client.pem"), certificate.certificate_pem).unwrap();
        std::fs::write(company.file("client.key"), certificate.key_pem).unwrap();
    };
    let (certificate_file, key_file) = (company.file("client.pem"), company.file("client.key"));
    let mount = "cert".parse().unwrap();
    let files = CertificateFiles { mount, role: Some("company-a".parse().unwrap()), certificate_file, key_file };
    let settings = Settings::new(company.address().parse().unwrap(), Identity::Certificate(files));
    let vault = company.vault_with(settings.with_limits(patient()).unwrap());
    let missing = use_it(&vault).await.unwrap_err();
    assert!(matches!(missing, VaultError::Credential { .. }), "{missing}");
    write("company-a");
    use_it(&vault).await.unwrap();
    write("company-b");
    use_it(&vault).await.expect("the session of the first certificate is still good");
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let refused = use_it(&vault).await.unwrap_err();
    assert!(matches!(refused, VaultError::LoginRefused { .. }), "{refused}");
}

#[tokio::test]
async fn a_token_that_has_ended_or_was_revoked_is_replaced_by_the_next_use() {
    let Some(company) = Company::start(POLICY, Duration::from_secs(3)) else { return };
    let vault = company.vault();
    use_it(&vault).await.unwrap();
    tokio::time::sleep(Duration::from_millis(3500)).await;
    use_it(&vault).await.unwrap();
    // The clock of this process knows nothing of a revocation: OpenBao answers 403.
    let twin = company.vault();
    use_it(&twin).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    company.revoke_all_tokens().await;
    use_it(&twin).await.unwrap();
}

#[tokio::test]
async fn the_token_is_renewed_before_its_lease_ends_and_replaced_before_its_last() {
    recording::start();
    let Some(company) = Company::start(POLICY, Duration::from_secs(3)) else { return };
    let vault = company.vault();
    let shutdown = CancellationToken::new();
    let keeper = tokio::spawn(vault.clone().keep(shutdown.clone()));
    // Leases of 3 seconds, 9 at most for one token: within 14 there are two tokens, or three. Without renewals there would
    // be five.
    let begun = stopwatch();
    while begun.monotonic() < Duration::from_secs(14) {
        use_it(&vault).await.unwrap();
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    shutdown.cancel();
    keeper.await.unwrap();
    vault.close().await;
    let logins = recording::events("vault_login").len();
    assert!((2..=3).contains(&logins), "{logins} logins");
    assert!(recording::events("vault_token_renewal_failed").is_empty(), "{}", recording::text());
}

#[tokio::test]
async fn a_refused_login_says_why_and_what_to_do() {
    let Some(company) = Company::start(POLICY, Duration::from_mins(1)) else { return };
    company.write_token("company-b", Duration::from_mins(1));
    let refused = use_it(&company.vault()).await.unwrap_err().to_string();
    assert!(refused.contains("auth/jwt/login") && refused.contains("check the role"), "{refused}");
    let token = std::fs::read_to_string(company.file("token")).unwrap();
    assert!(!refused.contains(&token[token.len() - 20..]), "{refused}");
    let altered = company.workload_token("company-a", Duration::from_mins(1)).replace("eyJ", "eyK");
    std::fs::write(company.file("token"), altered).unwrap();
    let altered = use_it(&company.vault()).await.unwrap_err();
    assert!(matches!(altered, VaultError::LoginRefused { .. }), "{altered}");
    for content in ["", " \n", "two words", "{\"a\":1}"] {
        std::fs::write(company.file("token"), content).unwrap();
        let unusable = use_it(&company.vault()).await.unwrap_err();
        assert!(matches!(unusable, VaultError::Credential { .. }), "{content:?}: {unusable}");
    }
}

#[tokio::test]
async fn the_token_of_an_agent_is_read_again_when_it_is_denied() {
    let Some(company) = Company::start(POLICY, Duration::from_mins(1)) else { return };
    let identity = Identity::TokenFile(TokenFile { file: company.file("agent") });
    std::fs::write(company.file("agent"), format!("{}\n", company.token().await)).unwrap();
    let settings = Settings::new(company.address().parse().unwrap(), identity).with_limits(patient()).unwrap();
    let vault = company.vault_with(settings);
    use_it(&vault).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    company.revoke_all_tokens().await;
    let denied = use_it(&vault).await.unwrap_err();
    assert!(matches!(denied, VaultError::Denied { .. }), "{denied}");
    std::fs::write(company.file("agent"), company.token().await).unwrap();
    use_it(&vault).await.unwrap();
}

#[tokio::test]
async fn a_stopped_server_is_an_outage_and_its_return_ends_it() {
    let Some(mut company) = Company::start(POLICY, Duration::from_mins(1)) else { return };
    let vault = company.vault();
    use_it(&vault).await.unwrap();
    company.bao().stop();
    let down = use_it(&vault).await.unwrap_err();
    assert!(matches!(down, VaultError::Unreachable { .. }) && down.is_temporary(), "{down}");
    company.bao().resume();
    let mut last = use_it(&vault).await;
    for _ in 0..100 {
        if last.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        last = use_it(&vault).await;
    }
    last.unwrap();
}

#[tokio::test]
async fn another_authority_is_not_trusted() {
    let Some(company) = Company::start(POLICY, Duration::from_mins(1)) else { return };
    let settings = Settings::new(company.address().parse().unwrap(), workload_token(&company.file("token")));
    let other = bridge_testkit::TestCa::new().certificate_pem();
    let vault = Vault::new(settings, trusting(other), Arc::new(SystemClock::new()));
    let refused = use_it(&vault).await.unwrap_err();
    assert!(matches!(&refused, VaultError::Unreachable { reason, .. } if reason.contains("certificate")), "{refused}");
}
