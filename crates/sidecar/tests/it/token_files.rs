//! Tokens in files, for applications that call by themselves.

use crate::support::{Issuer, Mood, Partner, Settings, Stand, eventually};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const FILE: &str =
    "[[token_files]]\npartner = \"company-b\"\nscopes = [\"tracking:write\"]\nfile = \"company-b.token\"";

async fn stand(issuer_mood: Mood) -> (Stand, PathBuf) {
    let issuer = Issuer::start().await;
    issuer.be(issuer_mood);
    let stand = Stand::between(issuer, Partner::friendly().await, |settings| settings.with(FILE));
    let file = stand.settings.path().join("company-b.token");
    (stand, file)
}

async fn content(file: &Path) -> String {
    eventually("a token in the file", async || std::fs::read_to_string(file).ok()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_has_a_token_that_its_owner_alone_can_read() {
    let (stand, file) = stand(Mood::Granting(300)).await;
    assert_eq!(content(&file).await, "token-1");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
    let asked = &stand.issuer.asked()[0];
    assert_eq!(
        (asked["resource"].as_str(), asked["scope"].as_str()),
        ("https://api.company-b.example", "tracking:write")
    );
    assert_eq!(stand.sidecar.addresses().token_files, std::slice::from_ref(&file));
    eventually("readiness", async || (stand.page("/readyz").await.status == 200).then_some(())).await;
    stand.sidecar.stop().await;
    assert!(!file.exists(), "it was left behind");
    assert!(!stand.settings.path().join("caller-key").exists(), "the caller key was left behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_before_it_expires() {
    let (stand, file) = stand(Mood::Granting(8)).await;
    assert_eq!(content(&file).await, "token-1");
    let seen = async || {
        Some(std::fs::read_to_string(&file).expect("the file is always there")).filter(|token| token != "token-1")
    };
    let written = std::fs::metadata(&file).unwrap().modified().unwrap();
    assert_eq!(eventually("a second token", seen).await, "token-2");
    let renewed = std::fs::metadata(&file).unwrap().modified().unwrap().duration_since(written).unwrap();
    assert!(renewed < Duration::from_millis(7900), "renewed after {renewed:?}");
    drop(stand);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_issuer_the_token_stays_until_it_expires_and_comes_back() {
    let (stand, file) = stand(Mood::Granting(3)).await;
    content(&file).await;
    stand.issuer.be(Mood::Failing);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(file.exists(), "a good token was removed");
    eventually("the end of the token", async || (!file.exists()).then_some(())).await;
    let ready = stand.page("/readyz").await;
    assert_eq!((ready.status, ready.json()["token_files"][0]["present"].as_bool()), (503, Some(false)));
    stand.issuer.be(Mood::Granting(300));
    assert_ne!(content(&file).await, "token-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_process_left_behind_is_not_served() {
    let (issuer, partner) = (Issuer::start().await, Partner::friendly().await);
    issuer.be(Mood::Failing);
    let settings = tokio::task::block_in_place(|| Settings::new(&issuer.url(), &partner.url()).with(FILE));
    let file = settings.path().join("company-b.token");
    std::fs::write(&file, "stale").unwrap();
    let _sidecar = crate::support::start(&settings);
    assert!(!file.exists());
}
