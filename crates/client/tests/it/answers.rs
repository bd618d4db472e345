use crate::support::{FakeIssuer, audience, grant, scopes, shown};
use bridge_client::TokenError;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

const SECRET: &str = "s3cr3t-t0k3n";

async fn answer(answer: ResponseTemplate) -> Result<String, TokenError> {
    let issuer = FakeIssuer::start().await;
    issuer.answer_next(answer);
    let token = issuer.source().token(&audience(), &scopes("a b")).await;
    token.map(|token| shown(&token))
}

fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// A sound grant with one member changed, or removed by `null`.
fn spoilt(member: &str, value: Value) -> Value {
    let mut body = grant(SECRET, "b a");
    match value {
        Value::Null => drop(body.as_object_mut().unwrap().remove(member)),
        value => body[member] = value,
    }
    body
}

#[tokio::test]
async fn sound_answers_are_accepted() {
    for (member, value) in [
        ("scope", Value::Null),
        ("scope", json!("a b")),
        ("token_type", json!("bearer")),
        ("token_type", json!("BEARER")),
        ("expires_in", json!(1)),
        ("expires_in", json!(3600)),
        ("issued_token_type", json!("x")),
        ("access_token", json!("x".repeat(8192))),
    ] {
        answer(ok(&spoilt(member, value.clone()))).await.unwrap_or_else(|e| panic!("{member} {value}: {e}"));
    }
}

#[tokio::test]
async fn one_defect_in_a_grant_makes_it_unacceptable() {
    for (member, value, complaint) in [
        ("access_token", Value::Null, "something else than a token response"),
        ("access_token", json!(""), "expected a b64token"),
        ("access_token", json!("a b"), "expected a b64token"),
        ("access_token", json!("a\r\nx: y"), "expected a b64token"),
        ("access_token", json!("x".repeat(8193)), "expected a b64token"),
        ("access_token", json!([SECRET]), "something else than a token response"),
        ("token_type", Value::Null, "something else than a token response"),
        ("token_type", json!("mac"), "expected Bearer, found \"mac\""),
        ("token_type", json!("DPoP"), "expected Bearer, found \"dpop\""),
        ("expires_in", Value::Null, "found none"),
        ("expires_in", json!(0), "found 0"),
        ("expires_in", json!(3601), "found 3601"),
        ("expires_in", json!(u64::MAX), "found 18446744073709551615"),
        ("expires_in", json!(-1), "something else than a token response"),
        ("expires_in", json!("300"), "something else than a token response"),
        ("scope", json!("a"), "expected \"a b\", found \"a\""),
        ("scope", json!("a b c"), "found \"a b c\""),
        ("scope", json!("A B"), "found \"A B\""),
        ("scope", json!(""), "found \"\""),
        ("scope", json!("a  b"), "found \"a  b\""),
        ("scope", json!(["a", "b"]), "something else than a token response"),
    ] {
        let error = answer(ok(&spoilt(member, value.clone()))).await.expect_err(&format!("{member} {value}"));
        assert!(matches!(error, TokenError::Unacceptable(_)), "{member} {value}: {error:?}");
        let text = format!("{error} {error:?}");
        assert!(text.contains(complaint), "{member} {value}: expected {complaint} in {error}");
        assert!(!text.contains(SECRET), "the token is in the error: {text}");
    }
}

#[tokio::test]
async fn what_is_not_a_grant_is_not_repeated_in_the_error() {
    let repeated = format!(r#"{{"access_token":"{SECRET}","access_token":"x","token_type":"Bearer","expires_in":9}}"#);
    for body in [format!("\"{SECRET}\""), format!("[\"{SECRET}\"]"), format!("{SECRET}<html>"), repeated, String::new()]
    {
        let error =
            answer(ResponseTemplate::new(200).set_body_raw(body.clone(), "application/json")).await.unwrap_err();
        assert!(matches!(error, TokenError::Unacceptable(_)), "{body}: {error:?}");
        assert!(!format!("{error} {error:?}").contains(SECRET), "the token is in the error: {error:?}");
    }
    let error = answer(ResponseTemplate::new(200).set_body_raw(grant(SECRET, "a b").to_string(), "text/html")).await;
    assert!(matches!(error, Err(TokenError::Unacceptable(_))), "{error:?}");
}

#[tokio::test]
async fn a_body_beyond_the_cap_is_not_read() {
    let body = spoilt("filler", json!("x".repeat(64 * 1024)));
    let error = answer(ok(&body)).await.unwrap_err();
    assert!(error.to_string().contains("answered more than 65536 bytes"), "{error}");
}

#[tokio::test]
async fn a_refusal_is_told_from_an_outage() {
    let body = |code: &str| json!({"error": code, "error_description": "what\nto do"});
    for (status, code, refused) in [
        (400, "invalid_scope", true),
        (400, "invalid_target", true),
        (401, "invalid_client", true),
        (403, "unauthorized_client", true),
        (429, "slow_down", false),
        (500, "server_error", false),
        (503, "temporarily_unavailable", false),
        (302, "invalid_client", false),
    ] {
        let error = answer(ResponseTemplate::new(status).set_body_json(body(code))).await.unwrap_err();
        assert_eq!(matches!(error, TokenError::Refused(_)), refused, "{status} {code}: {error}");
        assert_eq!(matches!(error, TokenError::Unavailable(_)), !refused, "{status} {code}: {error}");
        assert_eq!(error.to_string().contains(&format!("{code} (what\\nto do)")), refused, "{error}");
    }
}

#[tokio::test]
async fn a_redirect_of_the_token_endpoint_is_not_followed() {
    let elsewhere = FakeIssuer::start().await;
    for status in [301, 302, 303, 307, 308] {
        let target = format!("{}/token", elsewhere.server().uri());
        let error = answer(ResponseTemplate::new(status).insert_header("location", target)).await.unwrap_err();
        assert!(error.to_string().contains(&format!("answered {status}, expected 200")), "{error}");
    }
    assert_eq!(elsewhere.server().received_requests().await.unwrap().len(), 0);
}
