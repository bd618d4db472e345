use super::wire::{CREDENTIAL_CHANGE, KEY_REVOKED, SESSION_REVOKED, TOKENS_REVOKED};
use super::{CredentialChange, EventSubject, SecurityEvent, SecurityEventClaims};
use serde_json::{Value, json};

const ISSUER: &str = "https://a.example";

fn set(event_type: &str, sub_id: &Value, payload: &Value) -> Value {
    json!({"iss": ISSUER, "aud": "https://b.example", "iat": 10, "jti": "e1", "sub_id": sub_id,
           "events": {event_type: payload}})
}

fn read(set: &Value) -> Result<SecurityEventClaims, serde_json::Error> {
    serde_json::from_str(&set.to_string())
}

fn token() -> Value {
    json!({"format": "jwt_id", "iss": ISSUER, "jti": "t1"})
}

fn client() -> Value {
    json!({"format": "iss_sub", "iss": ISSUER, "sub": "c"})
}

fn issuer() -> Value {
    json!({"format": "uri", "uri": ISSUER})
}

#[test]
fn each_event_is_read_as_it_is_written() {
    let status = json!({"status_list": {"idx": 5, "uri": "https://a.example/status-lists/1"}});
    let c = || "c".parse().unwrap();
    for (written, subject) in [
        (
            set(SESSION_REVOKED, &token(), &json!({"event_timestamp": 9, "status": status})),
            EventSubject::Token {
                jti: "t1".parse().unwrap(),
                status: serde_json::from_value(status["status_list"].clone()).unwrap(),
            },
        ),
        (
            set(SESSION_REVOKED, &token(), &json!({"event_timestamp": 9})),
            EventSubject::Token { jti: "t1".parse().unwrap(), status: None },
        ),
        (
            set(SESSION_REVOKED, &client(), &json!({"event_timestamp": 9, "reason_admin": {"en": "lost"}})),
            EventSubject::Client { client: c() },
        ),
        (
            set(
                CREDENTIAL_CHANGE,
                &client(),
                &json!({"event_timestamp": 9, "change_type": "revoke", "credential_type": "private_key_jwt"}),
            ),
            EventSubject::Credential { client: c(), change: CredentialChange::Revoke },
        ),
        (
            set(KEY_REVOKED, &issuer(), &json!({"event_timestamp": 9, "kid": "k1"})),
            EventSubject::Key { kid: "k1".parse().unwrap() },
        ),
        (set(TOKENS_REVOKED, &issuer(), &json!({"event_timestamp": 9})), EventSubject::Issuer),
    ] {
        let claims = read(&written).unwrap();
        assert_eq!((&claims.event.subject, claims.event.event_timestamp.as_second()), (&subject, 9), "{written}");
        assert_eq!(serde_json::to_value(&claims).unwrap(), written);
        let kept = serde_json::to_string(&claims.event).unwrap();
        assert_eq!(serde_json::from_str::<SecurityEvent>(&kept).unwrap(), claims.event, "{kept}");
    }
}

#[test]
fn an_event_without_a_time_happened_when_it_was_told() {
    let claims = read(&set(TOKENS_REVOKED, &issuer(), &json!({}))).unwrap();
    assert_eq!((claims.event.event_timestamp.as_second(), claims.event.reason_admin), (10, None));
}

#[test]
fn an_unknown_event_is_known_to_be_unknown() {
    let verification = "https://schemas.openid.net/secevent/ssf/event-type/verification";
    for set in [set(verification, &json!({"format": "opaque", "id": "1"}), &json!({"state": [1]})), {
        let mut set = set(verification, &token(), &json!({}));
        set.as_object_mut().unwrap().remove("sub_id");
        set
    }] {
        let subject = EventSubject::Unknown { event_type: verification.to_owned() };
        assert_eq!(read(&set).unwrap().event.subject, subject, "{set}");
    }
}

#[test]
fn refuses_an_event_about_another_issuer() {
    let other = "https://b.example";
    for set in [
        set(SESSION_REVOKED, &json!({"format": "jwt_id", "iss": other, "jti": "t1"}), &json!({})),
        set(SESSION_REVOKED, &json!({"format": "iss_sub", "iss": other, "sub": "c"}), &json!({})),
        set(
            CREDENTIAL_CHANGE,
            &json!({"format": "iss_sub", "iss": other, "sub": "c"}),
            &json!({"change_type": "revoke"}),
        ),
        set(KEY_REVOKED, &json!({"format": "uri", "uri": other}), &json!({"kid": "k1"})),
        set(TOKENS_REVOKED, &json!({"format": "uri", "uri": "https://a.example/"}), &json!({})),
    ] {
        let error = read(&set).unwrap_err().to_string();
        assert!(error.contains("another issuer's"), "{set}: {error}");
    }
}

#[test]
fn refuses_known_events_that_are_malformed() {
    for set in [
        set(SESSION_REVOKED, &issuer(), &json!({})),
        set(SESSION_REVOKED, &json!({"format": "email", "email": "c@a.example"}), &json!({})),
        set(SESSION_REVOKED, &json!({"format": "jwt_id", "iss": ISSUER}), &json!({})),
        set(SESSION_REVOKED, &json!({"format": "jwt_id", "iss": ISSUER, "jti": ""}), &json!({})),
        set(SESSION_REVOKED, &json!({"iss": ISSUER, "jti": "t1"}), &json!({})),
        set(SESSION_REVOKED, &json!(["jwt_id", ISSUER, "t1"]), &json!({})),
        set(SESSION_REVOKED, &json!(null), &json!({})),
        set(SESSION_REVOKED, &token(), &json!(null)),
        set(SESSION_REVOKED, &token(), &json!([])),
        set(SESSION_REVOKED, &token(), &json!({"event_timestamp": null})),
        set(SESSION_REVOKED, &token(), &json!({"event_timestamp": "9"})),
        set(SESSION_REVOKED, &token(), &json!({"event_timestamp": 9.5})),
        set(SESSION_REVOKED, &token(), &json!({"status": {}})),
        set(SESSION_REVOKED, &token(), &json!({"reason_admin": "lost"})),
        set(CREDENTIAL_CHANGE, &client(), &json!({})),
        set(CREDENTIAL_CHANGE, &client(), &json!({"change_type": "burn"})),
        set(CREDENTIAL_CHANGE, &token(), &json!({"change_type": "revoke"})),
        set(KEY_REVOKED, &issuer(), &json!({})),
        set(KEY_REVOKED, &issuer(), &json!({"kid": ""})),
        set(KEY_REVOKED, &client(), &json!({"kid": "k1"})),
        set(TOKENS_REVOKED, &client(), &json!({})),
    ] {
        assert!(read(&set).is_err(), "accepted {set}");
    }
}

#[test]
fn refuses_none_or_several_events_and_missing_claims() {
    let sound = set(TOKENS_REVOKED, &issuer(), &json!({}));
    for events in [json!({}), json!([]), json!(null), json!({TOKENS_REVOKED: {}, "urn:other": {}})] {
        let mut spoilt = sound.clone();
        spoilt["events"] = events;
        assert!(read(&spoilt).is_err(), "accepted {spoilt}");
    }
    for name in ["iss", "aud", "iat", "jti", "sub_id", "events"] {
        let mut spoilt = sound.clone();
        spoilt.as_object_mut().unwrap().remove(name);
        assert!(read(&spoilt).is_err(), "accepted one without {name}");
    }
}
