use crate::bao::{Company, POLICY};
use crate::recording;
use bridge_jose::Algorithm;
use bridge_vault::Transit;
use std::time::Duration;

#[tokio::test]
async fn no_token_of_either_side_is_logged_at_any_level() {
    recording::start();
    let Some(company) = Company::start(POLICY, Duration::from_mins(1)) else { return };
    let vault = company.vault();
    let transit = Transit::new(vault.clone(), "transit".parse().unwrap());
    transit.create(&"company-a.k".parse().unwrap(), Algorithm::EdDsa).await.unwrap();
    let denied = transit.create(&"company-b.k".parse().unwrap(), Algorithm::EdDsa).await.unwrap_err();
    tracing::error!(target: "bridge", detail = %denied, debug = ?denied, vault = ?vault, settings = ?vault.settings(), "shown");
    vault.close().await;
    let logged = recording::text();
    assert_eq!(recording::events("vault_login").len(), 1, "{logged}");
    let platform = std::fs::read_to_string(company.file("token")).unwrap();
    let signature = platform.rsplit_once('.').unwrap().1;
    assert!(!logged.contains(&platform) && !logged.contains(signature), "the workload's token is in the log");
    // OpenBao's own tokens are not known here, but their form is: 24 letters after `s.`.
    let is_token = |word: &str| word.strip_prefix("s.").is_some_and(|rest| rest.len() >= 24);
    let shown = logged.split(|c: char| !c.is_ascii_alphanumeric() && c != '.').find(|word| is_token(word));
    assert_eq!(shown, None);
}
