use super::{CredentialChange, EventSubject, SecurityEvent, SecurityEventClaims};
use crate::StatusClaim;
use crate::profile::{NumericDate, SoleAudience, present};
use bridge_types::{ClientId, IssuerUrl, KeyId, TokenId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) const SESSION_REVOKED: &str = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
pub(super) const CREDENTIAL_CHANGE: &str = "https://schemas.openid.net/secevent/caep/event-type/credential-change";
pub(super) const KEY_REVOKED: &str = "urn:bridge:event:issuer-key-revoked";
pub(super) const TOKENS_REVOKED: &str = "urn:bridge:event:issuer-tokens-revoked";

/// What a client of Bridge proves itself with (CAEP 1.0 §3.3.1 lets the parties agree on names).
const CREDENTIAL_TYPE: &str = "private_key_jwt";

/// The claims as they travel: subject and payload apart (RFC 8417 §2.2, RFC 9493 §4.1).
#[derive(Serialize, Deserialize)]
pub(super) struct Wire {
    iss: IssuerUrl,
    aud: SoleAudience,
    iat: NumericDate,
    jti: TokenId,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    sub_id: Option<Map<String, Value>>,
    events: Map<String, Value>,
}

/// A subject identifier (RFC 9493 §3.2; `jwt_id` is of the Shared Signals Framework 1.0 §3.3).
#[derive(Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "snake_case")]
enum SubjectId {
    JwtId { iss: IssuerUrl, jti: TokenId },
    IssSub { iss: IssuerUrl, sub: ClientId },
    Uri { uri: IssuerUrl },
}

impl SubjectId {
    fn issuer(&self) -> &IssuerUrl {
        match self {
            Self::JwtId { iss, .. } | Self::IssSub { iss, .. } | Self::Uri { uri: iss } => iss,
        }
    }
}

/// The members that the payloads of the known events have among them.
#[derive(Default, Serialize, Deserialize)]
struct Payload {
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    event_timestamp: Option<NumericDate>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    reason_admin: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    status: Option<StatusClaim>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    change_type: Option<CredentialChange>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    credential_type: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    kid: Option<KeyId>,
}

impl TryFrom<Wire> for SecurityEventClaims {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        let Wire { iss, aud, iat, jti, sub_id, events } = wire;
        let mut events = events.into_iter();
        let (Some((event_type, payload)), None) = (events.next(), events.next()) else {
            return Err("invalid events: expected exactly one event".into());
        };
        let Value::Object(payload) = payload else {
            return Err("invalid event: expected an object as its payload".into());
        };
        if ![SESSION_REVOKED, CREDENTIAL_CHANGE, KEY_REVOKED, TOKENS_REVOKED].contains(&event_type.as_str()) {
            let subject = EventSubject::Unknown { event_type };
            let event = SecurityEvent { event_timestamp: iat, reason_admin: None, subject };
            return Ok(Self { iss, aud, iat, jti, event });
        }
        let payload: Payload = typed("event", payload)?;
        let sub_id: SubjectId = typed("sub_id", sub_id.ok_or("invalid sub_id: expected one, found none")?)?;
        if *sub_id.issuer() != iss {
            return Err("invalid sub_id: expected a subject of the issuer of the token, found another issuer's".into());
        }
        let event_timestamp = payload.event_timestamp.unwrap_or(iat);
        let reason_admin = payload.reason_admin.clone().and_then(|reasons| reasons.into_values().next());
        let subject = subject(&event_type, sub_id, payload)?;
        Ok(Self { iss, aud, iat, jti, event: SecurityEvent { event_timestamp, reason_admin, subject } })
    }
}

fn typed<T: for<'de> Deserialize<'de>>(what: &str, object: Map<String, Value>) -> Result<T, String> {
    serde_json::from_value(Value::Object(object)).map_err(|error| format!("invalid {what}: {error}"))
}

fn subject(event_type: &str, sub_id: SubjectId, payload: Payload) -> Result<EventSubject, String> {
    match (event_type, sub_id) {
        (SESSION_REVOKED, SubjectId::JwtId { jti, .. }) => {
            Ok(EventSubject::Token { jti, status: payload.status.map(|claim| claim.status_list) })
        }
        (SESSION_REVOKED, SubjectId::IssSub { sub: client, .. }) => Ok(EventSubject::Client { client }),
        (CREDENTIAL_CHANGE, SubjectId::IssSub { sub: client, .. }) => {
            let change = payload.change_type.ok_or("invalid event: expected change_type, found none")?;
            Ok(EventSubject::Credential { client, change })
        }
        (KEY_REVOKED, SubjectId::Uri { .. }) => {
            let kid = payload.kid.ok_or("invalid event: expected kid, found none")?;
            Ok(EventSubject::Key { kid })
        }
        (TOKENS_REVOKED, SubjectId::Uri { .. }) => Ok(EventSubject::Issuer),
        _ => Err("invalid sub_id: expected a format that goes with the event".into()),
    }
}

impl From<SecurityEventClaims> for Wire {
    fn from(claims: SecurityEventClaims) -> Self {
        let SecurityEventClaims { iss, aud, iat, jti, event } = claims;
        let mut payload = Payload {
            event_timestamp: Some(event.event_timestamp),
            reason_admin: event.reason_admin.map(|reason| BTreeMap::from([("en".to_owned(), reason)])),
            ..Payload::default()
        };
        let (event_type, sub_id) = parts(event.subject, &iss, &mut payload);
        let events = Map::from_iter([(event_type, Value::Object(object(&payload)))]);
        Self { sub_id: sub_id.as_ref().map(object), events, iss, aud, iat, jti }
    }
}

/// Type and subject of an event; what belongs into the payload is put there.
fn parts(subject: EventSubject, issuer: &IssuerUrl, payload: &mut Payload) -> (String, Option<SubjectId>) {
    let iss = issuer.clone();
    match subject {
        EventSubject::Token { jti, status } => {
            payload.status = status.map(|status_list| StatusClaim { status_list });
            (SESSION_REVOKED.into(), Some(SubjectId::JwtId { iss, jti }))
        }
        EventSubject::Client { client } => (SESSION_REVOKED.into(), Some(SubjectId::IssSub { iss, sub: client })),
        EventSubject::Credential { client, change } => {
            payload.change_type = Some(change);
            payload.credential_type = Some(CREDENTIAL_TYPE.into());
            (CREDENTIAL_CHANGE.into(), Some(SubjectId::IssSub { iss, sub: client }))
        }
        EventSubject::Key { kid } => {
            payload.kid = Some(kid);
            (KEY_REVOKED.into(), Some(SubjectId::Uri { uri: iss }))
        }
        EventSubject::Issuer => (TOKENS_REVOKED.into(), Some(SubjectId::Uri { uri: iss })),
        EventSubject::Unknown { event_type } => (event_type, None),
    }
}

/// A structure of texts and numbers has a JSON form; the fallback is never seen.
fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}
