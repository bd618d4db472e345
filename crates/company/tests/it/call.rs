//! `call`: like curl, with a token that is never shown.

use crate::support::{Outcome, Stand, eventually, run_beside};
use bridge_company::Exit;

/// A company that calls itself.
async fn own_partner() -> Stand {
    let stand = Stand::start().await;
    stand.befriend_itself();
    stand.write_addresses();
    let ask = || stand.http.get(stand.api("/ask/partner")).send();
    eventually("the first answer", async || (ask().await.unwrap().status() == 200).then_some(())).await;
    stand
}

async fn call(stand: &Stand, arguments: &[&str]) -> Outcome {
    let arguments = [&["call", "--partner", "partner"], arguments].concat();
    let outcome = run_beside(stand, &arguments).await;
    for shown in [&outcome.stdout, &outcome.stderr] {
        assert!(!shown.contains("eyJ") && !shown.to_lowercase().contains("authorization"), "{shown}");
    }
    outcome
}

#[actix_web::test]
async fn prints_the_answer() {
    let stand = own_partner().await;
    let plain = call(&stand, &["GET", "/notes"]).await;
    assert_eq!((plain.exit, plain.stderr.as_str()), (Exit::Done, ""));
    assert!(plain.stdout.contains("\"client_id\":\"reader\""), "{plain:?}");

    let headed = call(&stand, &["-i", "GET", "/notes"]).await;
    assert!(headed.stdout.starts_with("200 OK\n") && headed.stdout.contains("x-correlation-id: "), "{headed:?}");

    let json = call(&stand, &["--json", "GET", "/notes"]).await;
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&json["status"], &json["body"]["client_id"]), (&200.into(), &"reader".into()));

    let posted = call(&stand, &["POST", "/notes", "-d", "{\"text\":\"hello\"}"]).await;
    assert_eq!((posted.exit, posted.stdout.as_str()), (Exit::Done, "hello"));

    stand.directory.write("body.json", "{\"text\":\"from a file\"}");
    let file = format!("@{}", stand.directory.file("body.json").display());
    let posted = call(&stand, &["--client", "reader", "POST", "/notes", "-d", &file, "-H", "X-Test: 1"]).await;
    assert_eq!((posted.exit, posted.stdout.as_str()), (Exit::Done, "from a file"));
    stand.company.stop().await;
}

#[actix_web::test]
async fn explains_a_refusal() {
    let stand = own_partner().await;
    let lacking = call(&stand, &["--scope", "notes:read", "POST", "/notes", "-d", "{\"text\":\"x\"}"]).await;
    assert_eq!(lacking.exit, Exit::Failed);
    for text in ["403", "insufficient_scope", "required scope: notes:write", "correlation id: "] {
        assert!(lacking.stderr.contains(text), "{text}: {lacking:?}");
    }
    let missing = call(&stand, &["GET", "/none"]).await;
    assert_eq!(missing.exit, Exit::Failed);
    assert!(missing.stdout.contains("\"code\":\"not_found\"") && missing.stderr.contains("not_found"), "{missing:?}");

    let unregistered = call(&stand, &["--scope", "notes:delete", "GET", "/notes"]).await;
    assert_eq!(unregistered.exit, Exit::Failed);
    assert!(unregistered.stderr.contains("invalid_scope"), "{unregistered:?}");
    stand.company.stop().await;
}

#[actix_web::test]
async fn says_what_cannot_be_called() {
    let stand = own_partner().await;
    let outcome = run_beside(&stand, &["call", "--partner", "nobody", "GET", "/"]).await;
    assert!(outcome.stderr.contains("expected one of partner, found nobody"), "{outcome:?}");
    for (arguments, text) in [
        (&["--client", "nobody", "GET", "/"][..], "expected one of bridge-agent, reader, found nobody"),
        (&["GET", "notes"], "path"),
        (&["GET", "/../admin"], "path"),
        (&["GET", "/notes", "-d", "@/nowhere/body.json"], "/nowhere/body.json"),
        (&["GET", "/notes", "-H", "no colon"], "NAME: VALUE"),
    ] {
        let outcome = call(&stand, arguments).await;
        assert_eq!((outcome.exit, outcome.stdout.as_str()), (Exit::Failed, ""), "{outcome:?}");
        assert!(outcome.stderr.contains(text), "{text}: {outcome:?}");
    }
    let smuggled =
        run_beside(&stand, &["call", "--partner", "partner", "-H", "Authorization: x", "GET", "/notes"]).await;
    assert!(smuggled.stderr.contains("cannot be set by the caller"), "{smuggled:?}");
    stand.company.stop().await;
}
