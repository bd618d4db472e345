//! Nothing secret in logs, pages, answers, command line or environment, at the most talkative level.

use crate::support::{Issuer, Mood, Partner, Running, Settings, answer};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Every spelling in which a secret could be written down.
fn spellings(secret: &str) -> Vec<String> {
    let hex = secret.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let url: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    vec![secret.to_owned(), STANDARD.encode(secret), URL_SAFE_NO_PAD.encode(secret), hex.to_uppercase(), hex, url]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_seen_anywhere() {
    let issuer = Issuer::start().await;
    let partner = Partner::start(|seen| match seen.uri.path() {
        "/refused" => answer(401, &[("www-authenticate", "Bearer error=\"invalid_token\"")], ""),
        "/moved" => answer(302, &[("location", "https://elsewhere.example/")], ""),
        _ => answer(200, &[], "fine"),
    })
    .await;
    let more = "[telemetry]\nlog_level = \"trace\"\n[[token_files]]\npartner = \"company-b\"\nscopes = [\"a\"]\nfile = \"token\"";
    let settings = tokio::task::block_in_place(|| Settings::new(&issuer.url(), &partner.url()).with(more));
    let running = tokio::task::block_in_place(|| Running::start(&settings));
    let application = running.application();
    let mut shown = String::new();
    for request in [
        "GET /company-b/fine",
        "GET /company-b/refused",
        "GET /company-b/moved",
        "GET /company-b/../up",
        "GET /company-c/nobody",
        "GET /company-b/own\nauthorization: Bearer own-credential",
        "GET /company-b/own?access_token=own-credential",
    ] {
        let reply = application.call(request, b"").await;
        shown.extend([reply.head.as_str(), reply.text()]);
    }
    issuer.be(Mood::Refusing);
    let reply = application.call("GET /company-b/refused", b"").await;
    shown.extend([reply.head.as_str(), reply.text()]);
    let operations = crate::support::Application::at(
        running.announced["operations"]["address"].as_str().unwrap().parse().unwrap(),
        "",
    );
    for page in ["/metrics", "/readyz"] {
        let head = format!("GET {page} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", operations.address);
        shown.push_str(operations.send(head.as_bytes()).await.text());
    }
    for file in ["cmdline", "environ"] {
        shown.push_str(&String::from_utf8_lossy(
            &std::fs::read(format!("/proc/{}/{file}", running.id())).unwrap_or_default(),
        ));
    }
    let pem = std::fs::read_to_string(settings.key_file()).unwrap();
    let (_, stdout, log) = tokio::task::block_in_place(|| running.stop());
    shown.extend([stdout.as_str(), log.as_str()]);
    assert!(
        log.contains("\"level\":\"TRACE\"") && log.contains("\"event\":\"egress\""),
        "the log is not at trace level: {log}"
    );

    let mut secrets: Vec<String> = partner.seen().iter().map(|seen| seen.token().to_owned()).collect();
    secrets.extend(issuer.asked().iter().map(|form| form["client_assertion"].clone()));
    secrets.extend(pem.lines().filter(|line| !line.starts_with('-')).map(str::to_owned));
    secrets.extend([application.key.clone(), "own-credential".to_owned()]);
    assert!(secrets.len() > 8, "{}", secrets.len());
    for secret in secrets {
        for spelling in spellings(&secret) {
            assert!(!shown.to_lowercase().contains(&spelling.to_lowercase()), "{spelling:?} was seen");
        }
    }
}
