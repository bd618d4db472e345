use super::Stage;
use crate::forge::Forge;
use bridge_jose::Typ;
use serde_json::json;

/// The kinds of JWT that an issuer, its clients and their platforms sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// RFC 9068.
    AccessToken,
    /// RFC 7523, RFC 10070.
    ClientAssertion,
    /// RFC 9449 §4.2.
    DpopProof,
    /// RFC 8417.
    SecurityEvent,
    /// The Token Status List.
    StatusList,
    /// `OpenID` Connect Core §2.
    IdToken,
    /// SPIFFE JWT-SVID.
    Svid,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::AccessToken,
        Self::ClientAssertion,
        Self::DpopProof,
        Self::SecurityEvent,
        Self::StatusList,
        Self::IdToken,
        Self::Svid,
    ];

    /// A short name for the ids of cases.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "access-token",
            Self::ClientAssertion => "client-assertion",
            Self::DpopProof => "dpop-proof",
            Self::SecurityEvent => "security-event",
            Self::StatusList => "status-list",
            Self::IdToken => "id-token",
            Self::Svid => "svid",
        }
    }

    /// The name in a sentence.
    pub const fn title(self) -> &'static str {
        match self {
            Self::AccessToken => "an access token",
            Self::ClientAssertion => "a client assertion",
            Self::DpopProof => "a DPoP proof",
            Self::SecurityEvent => "a security event token",
            Self::StatusList => "a status list token",
            Self::IdToken => "an ID token",
            Self::Svid => "a SPIFFE JWT-SVID",
        }
    }

    /// The `typ` that its standard gives it.
    pub const fn typ(self) -> &'static str {
        match self {
            Self::AccessToken => "at+jwt",
            Self::ClientAssertion => "client-authentication+jwt",
            Self::DpopProof => "dpop+jwt",
            Self::SecurityEvent => "secevent+jwt",
            Self::StatusList => "statuslist+jwt",
            Self::IdToken | Self::Svid => "JWT",
        }
    }

    /// A sound token of this kind, signed by the trusted issuer's key.
    pub fn forge(self, stage: &Stage<'_>) -> Forge {
        let (now, jti) = (stage.now(), stage.jti());
        let (issuer, client, audience) = (&stage.policy().issuer, &stage.policy().client, &stage.policy().audience);
        let claims = match self {
            Self::AccessToken => return stage.access_token(issuer, client, stage.key()),
            Self::ClientAssertion => return stage.assertion(issuer, client, stage.key()),
            Self::DpopProof => json!({"jti": jti, "htm": "POST", "htu": audience, "iat": now}),
            Self::SecurityEvent => json!({
                "iss": issuer, "aud": audience, "jti": jti, "iat": now, "sub_id": {"format": "iss_sub", "iss": issuer, "sub": client},
                "events": {"https://schemas.openid.net/secevent/caep/event-type/session-revoked": {}},
            }),
            Self::StatusList => json!({
                "iss": issuer, "sub": format!("{issuer}/status/1"), "iat": now, "exp": now + 300, "ttl": 60,
                "status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXQ"},
            }),
            Self::IdToken => json!({
                "iss": issuer, "sub": client, "aud": client, "azp": client, "iat": now, "exp": now + 300, "auth_time": now,
            }),
            Self::Svid => json!({
                "sub": format!("spiffe://company.example/{client}"), "aud": [audience], "iat": now, "exp": now + 300,
            }),
        };
        let token = Forge::new(stage.key(), Typ::AccessToken, claims).pen(stage.pen()).header("typ", self.typ());
        if self == Self::DpopProof { token.header("jwk", super::spell::jwk(stage.key())) } else { token }
    }
}
