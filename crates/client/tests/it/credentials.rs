use crate::support::{FakeIssuer, audience, http, scopes};
use bridge_client::{Credential, PlatformToken, TokenError, TokenFile, TokenSource};
use bridge_jose::{Algorithm, SigningKey, UnverifiedToken};
use bridge_types::OwnIssuer;
use std::collections::HashMap;
use std::os::unix::fs::symlink;
use std::path::Path;

#[tokio::test]
async fn an_assertion_is_signed_by_the_key_of_this_moment() {
    let issuer = FakeIssuer::start().await;
    let tokens = issuer.source();
    tokens.token(&audience(), &scopes("shipments:read")).await.unwrap();
    let second = SigningKey::generate(Algorithm::EdDsa).unwrap();
    issuer.credential.replace_key(second.clone());
    tokens.token(&audience(), &scopes("shipments:write")).await.unwrap();
    let requests = issuer.token_requests().await;
    let kid = |request: &HashMap<String, String>| {
        UnverifiedToken::parse(&request["client_assertion"]).unwrap().header().key_id().clone()
    };
    assert_eq!(requests.iter().map(kid).collect::<Vec<_>>(), [issuer.key.kid().clone(), second.kid().clone()]);
}

/// Puts a text in the place of the one before, as the kubelet does.
fn project(volume: &Path, generation: &str, text: &str) {
    std::fs::create_dir(volume.join(generation)).unwrap();
    std::fs::write(volume.join(generation).join("token"), text).unwrap();
    symlink(generation, volume.join("..data_tmp")).unwrap();
    std::fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
    let _ = symlink("..data/token", volume.join("token"));
}

fn source(issuer: &FakeIssuer, file: &Path, kind: PlatformToken) -> TokenSource {
    let credential = Credential::of_platform("order-service".parse().unwrap(), TokenFile::new(file.to_owned(), kind));
    TokenSource::new(OwnIssuer::new(issuer.url()), credential, http(), issuer.clock.clone())
}

#[tokio::test]
async fn the_token_of_the_platform_is_read_anew_for_each_request() {
    let (issuer, volume) = (FakeIssuer::start().await, tempfile::tempdir().unwrap());
    let tokens = source(&issuer, &volume.path().join("token"), PlatformToken::Jwt);
    project(volume.path(), "..1", "e30.e30.b25l\n");
    tokens.token(&audience(), &scopes("shipments:read")).await.unwrap();
    project(volume.path(), "..2", "e30.e30.dHdv");
    tokens.token(&audience(), &scopes("shipments:write")).await.unwrap();
    let requests = issuer.token_requests().await;
    let sent = |name: &str| requests.iter().map(|request| request[name].clone()).collect::<Vec<_>>();
    assert_eq!(sent("client_assertion"), ["e30.e30.b25l", "e30.e30.dHdv"]);
    assert_eq!(sent("client_id"), ["order-service", "order-service"]);
    assert!(sent("client_assertion_type").iter().all(|kind| kind.ends_with("jwt-bearer")));

    let tokens = source(&issuer, &volume.path().join("token"), PlatformToken::JwtSvid);
    tokens.token(&audience(), &scopes("shipments:read")).await.unwrap();
    let requests = issuer.token_requests().await;
    assert!(requests[2]["client_assertion_type"].ends_with("jwt-spiffe"));
}

#[tokio::test]
async fn without_a_token_in_the_file_nothing_is_sent_and_the_error_names_the_file() {
    let (issuer, volume) = (FakeIssuer::start().await, tempfile::tempdir().unwrap());
    let file = volume.path().join("token");
    for content in
        [None, Some(String::new()), Some("hunter2".to_owned()), Some("a.b.c.d".to_owned()), Some("x".repeat(9000))]
    {
        if let Some(content) = &content {
            std::fs::write(&file, content).unwrap();
        }
        let tokens = source(&issuer, &file, PlatformToken::Jwt);
        let error = tokens.token(&audience(), &scopes("shipments:read")).await.unwrap_err();
        let said = error.to_string();
        assert!(said.contains(&file.display().to_string()) && !said.contains("hunter2"), "{content:?}: {said}");
        assert!(matches!(error, TokenError::Unavailable(_)), "{content:?}: a platform that is late may still deliver");
    }
    assert_eq!(issuer.token_requests().await.len(), 0);
}
