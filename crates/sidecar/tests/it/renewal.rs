//! Tokens that a partner refuses, and credentials that change.

use crate::support::{Mood, Partner, Stand, answer, eventually};
use bridge_process::Exit;
use std::os::unix::fs::PermissionsExt;

/// A partner that accepts the second token and all after it.
async fn choosy() -> Partner {
    Partner::start(|seen| {
        if seen.token() == "token-1" {
            answer(401, &[("www-authenticate", "Bearer error=\"invalid_token\"")], "refused")
        } else {
            answer(200, &[], seen.body.clone())
        }
    })
    .await
}

fn tokens(partner: &Partner) -> Vec<String> {
    partner.seen().iter().map(|seen| seen.token().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_body_was_held_is_sent_once_more_with_a_new_token() {
    let stand = Stand::with(choosy().await, |settings| settings).await;
    let reply = stand.application.call("POST /company-b/a\ncontent-length: 4", b"body").await;
    assert_eq!((reply.status, reply.text()), (200, "body"));
    assert_eq!(tokens(&stand.partner), ["token-1", "token-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_body_flows_is_sent_once_and_the_next_one_has_a_new_token() {
    let limits = "[limits]\nrepeatable_body = 3";
    for (head, body) in [("content-length: 4", &b"body"[..]), ("transfer-encoding: chunked", b"4\r\nbody\r\n0\r\n\r\n")]
    {
        let stand = Stand::with(choosy().await, |settings| settings.with(limits)).await;
        let request = format!("POST /company-b/a\n{head}");
        let reply = stand.application.call(&request, body).await;
        assert_eq!((reply.status, reply.text()), (401, "refused"), "{head}");
        eventually("a new token", async || (stand.issuer.asked().len() == 2).then_some(())).await;
        assert_eq!(stand.application.call(&request, body).await.text(), "body", "{head}");
        assert_eq!(tokens(&stand.partner), ["token-1", "token-2"], "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_refuses_every_token_does_not_make_us_flood_our_issuer() {
    let refusing = Partner::start(|_| answer(401, &[("www-authenticate", "Bearer error=\"invalid_token\"")], ""));
    let stand = Stand::with(refusing.await, |settings| settings).await;
    for _ in 0..10 {
        assert_eq!(stand.call("GET /company-b/a").await.status, 401);
    }
    assert!(stand.issuer.asked().len() <= 3, "{} tokens", stand.issuer.asked().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_replaced_is_used_within_seconds_and_a_broken_one_is_not() {
    let stand = Stand::start().await;
    stand.issuer.be(Mood::Granting(1));
    assert_eq!(stand.call("GET /company-b/a").await.status, 200);
    let kid = |assertion: &str| {
        use base64::Engine;
        let head =
            base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(assertion.split('.').next().unwrap()).unwrap();
        serde_json::from_slice::<serde_json::Value>(&head).unwrap()["kid"].as_str().unwrap().to_owned()
    };
    let used = |stand: &Stand| kid(&stand.issuer.asked().last().unwrap()["client_assertion"]);
    let first = used(&stand);

    std::fs::write(stand.settings.path().join("broken"), "no key").unwrap();
    std::fs::rename(stand.settings.path().join("broken"), stand.settings.key_file()).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert_eq!(stand.call("GET /company-b/a").await.status, 200);

    std::fs::remove_file(stand.settings.key_file()).unwrap();
    let (exit, jwks, _) = tokio::task::block_in_place(|| stand.settings.command(&["register"]));
    assert_eq!(exit, Exit::Done);
    let second = eventually("the new key", async || {
        stand.call("GET /company-b/a").await;
        Some(used(&stand)).filter(|kid| *kid != first)
    })
    .await;
    assert!(jwks.contains(&second), "{jwks}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_key_is_made_beside_the_present_one_and_put_in_its_place() {
    let stand = Stand::start().await;
    let run = |arguments: &[&str]| tokio::task::block_in_place(|| stand.settings.command(arguments));
    let kids = |jwks: &str| -> Vec<String> {
        let jwks: serde_json::Value = serde_json::from_str(jwks).unwrap();
        let keys = jwks["keys"].as_array().unwrap();
        assert!(keys.iter().all(|key| key.get("d").is_none()), "a private key was printed: {jwks}");
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    let (_, present, said) = run(&["register"]);
    assert!(said.contains("client_id = \"order-service\""), "{said}");
    assert_eq!(run(&["register", "--activate"]).0, Exit::Misconfigured);
    let (_, both, _) = run(&["register", "--next"]);
    assert_eq!(kids(&both)[..1], kids(&present)[..]);
    assert_eq!(kids(&both).len(), 2);
    assert_eq!(run(&["register"]).1, both, "the next key was forgotten, or made again");
    for file in ["client.pem", "client.pem.next"] {
        let mode = std::fs::metadata(stand.settings.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600, "{file}");
    }
    let (exit, active, _) = run(&["register", "--activate"]);
    assert_eq!(exit, Exit::Done);
    assert_eq!(kids(&active)[..], kids(&both)[1..]);
    assert!(!stand.settings.path().join("client.pem.next").exists());
    assert_eq!(run(&["register"]).1, active);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_a_key_shows_the_token_that_its_platform_keeps_in_a_file() {
    let stand = Stand::with(choosy().await, |settings| {
        std::fs::write(settings.path().join("token"), "e30.e30.b25l\n").unwrap();
        settings.platform_token("token")
    })
    .await;
    assert_eq!(stand.call("GET /company-b/a").await.status, 200);
    let asked = stand.issuer.asked();
    let sent = |name: &str| asked[0][name].as_str();
    assert_eq!((sent("client_assertion"), sent("client_id")), ("e30.e30.b25l", "order-service"));
}
