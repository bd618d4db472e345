//! Security event tokens (RFC 8417): how an issuer tells a partner at once that something is not valid any more.

#[cfg(test)]
mod tests;
mod wire;

use crate::StatusReference;
use crate::profile::{NumericDate, SoleAudience};
use bridge_types::{ClientId, IssuerUrl, KeyId, TokenId};
use wire::Wire;

/// The claims of a security event token with its one event, `typ: secevent+jwt` (RFC 8417 §2.2).
///
/// The subject of the event is always of the issuer that signed: a token whose `sub_id` names another issuer has no
/// value of this type, so nobody can revoke what is not theirs. An event of a type that is not known here is
/// [`EventSubject::Unknown`]; a known one that is malformed is a refusal.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct SecurityEventClaims {
    /// Who tells it, and whose tokens and keys it is about.
    pub iss: IssuerUrl,
    /// Whom it is told: the API of the partner, as in the access token that comes with it.
    pub aud: SoleAudience,
    /// When it was made. Stays the same however often it is sent.
    pub iat: NumericDate,
    /// Its name. The same event sent again has the same one.
    pub jti: TokenId,
    /// What happened.
    pub event: SecurityEvent,
}

/// One thing that happened at an issuer.
///
/// Its own serde form is for keeping it until it is sent; on the wire it is a part of [`SecurityEventClaims`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SecurityEvent {
    /// When. What the event says of tokens holds for those with `iat` up to and including this second. Where the event
    /// does not say (CAEP 1.0 §2 leaves it out at will), the `iat` of the security event token.
    pub event_timestamp: NumericDate,
    /// Why, in the words of the issuer's operator. For logs; may be anything.
    pub reason_admin: Option<String>,
    /// To what.
    pub subject: EventSubject,
}

/// What an event is about. Everything in it belongs to the issuer that signed the event.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventSubject {
    /// One token is revoked: CAEP 1.0 §3.1 `session-revoked` of a `jwt_id`.
    Token {
        /// The token.
        jti: TokenId,
        /// Its place in a status list, if known: it tells which list will say the same.
        status: Option<StatusReference>,
    },
    /// All tokens of a client are revoked: CAEP 1.0 §3.1 `session-revoked` of an `iss_sub`.
    Client {
        /// The client.
        client: ClientId,
    },
    /// A credential of a client changed: CAEP 1.0 §3.3 `credential-change` of an `iss_sub`. One that was revoked takes
    /// with it all tokens of the client.
    Credential {
        /// The client.
        client: ClientId,
        /// What was done.
        change: CredentialChange,
    },
    /// A signing key of the issuer is not to be trusted any more: `urn:bridge:event:issuer-key-revoked`.
    Key {
        /// The key.
        kid: KeyId,
    },
    /// All tokens of the issuer are revoked: `urn:bridge:event:issuer-tokens-revoked`.
    Issuer,
    /// An event of a type that is not known here. To be acknowledged and left alone (RFC 8417 §2.1 asks for no more).
    Unknown {
        /// Its type, which may be anything.
        event_type: String,
    },
}

impl EventSubject {
    /// What kind of subject it is, in a word for logs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Token { .. } => "token",
            Self::Client { .. } => "client",
            Self::Credential { .. } => "credential",
            Self::Key { .. } => "key",
            Self::Issuer => "issuer",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// What was done to a credential (CAEP 1.0 §3.3.1 `change_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialChange {
    /// A new one was made.
    Create,
    /// It is not accepted any more.
    Revoke,
    /// It was replaced.
    Update,
    /// It was taken away, not being in doubt.
    Delete,
}
