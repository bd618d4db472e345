use crate::error::Malformed;
use crate::{Algorithm, strict_json};
use bridge_types::KeyId;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The kinds of token that Bridge signs, told apart by their `typ` (RFC 8725 §3.11) so that none can stand in for
/// another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Typ {
    /// RFC 9068 §2.1.
    AccessToken,
    /// RFC 7523 as updated by RFC 10070.
    ClientAssertion,
    /// draft-ietf-oauth-status-list §5.1.
    StatusList,
    /// RFC 8417 §2.3.
    SecurityEvent,
}

impl Typ {
    /// The value of `typ`, without the `application/` that RFC 7515 §4.1.9 recommends to leave out.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "at+jwt",
            Self::ClientAssertion => "client-authentication+jwt",
            Self::StatusList => "statuslist+jwt",
            Self::SecurityEvent => "secevent+jwt",
        }
    }
}

/// The header of a token: strict JSON, an algorithm of the profile, a key id, and none of the members with which a
/// sender could bring its own key (`jwk`, `jku`, `x5u`, `x5c`) or change what is signed (`crit`, `b64`).
///
/// Unknown members are ignored (RFC 7515 §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    algorithm: Algorithm,
    key_id: KeyId,
    typ: Option<String>,
}

impl Header {
    /// `alg`.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// `kid`.
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// `typ` as it was written, if there is one.
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// True when `typ` names this kind of token. Media types compare without case, and `application/` may stand in
    /// front (RFC 7515 §4.1.9).
    pub fn is(&self, kind: Typ) -> bool {
        const PREFIX: &str = "application/";
        let Some(typ) = self.typ() else { return false };
        let short = match typ.get(..PREFIX.len()) {
            Some(prefix) if prefix.eq_ignore_ascii_case(PREFIX) => &typ[PREFIX.len()..],
            _ => typ,
        };
        short.eq_ignore_ascii_case(kind.as_str())
    }

    pub(crate) fn parse(json: &[u8]) -> Result<Self, Malformed> {
        strict_json::check(json).map_err(Malformed::Header)?;
        let members: Members =
            serde_json::from_slice(json).map_err(|_| Malformed::Header(strict_json::StrictJsonError::Syntax))?;
        if let Some(name) = members.forbidden() {
            return Err(Malformed::ForbiddenMember(name));
        }
        let algorithm = members.alg.as_deref().and_then(|name| name.parse().ok()).ok_or(Malformed::Algorithm)?;
        let key_id = members.kid.and_then(|kid| kid.try_into().ok()).ok_or(Malformed::KeyId)?;
        Ok(Self { algorithm, key_id, typ: members.typ })
    }
}

#[derive(Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each says that a member is present")]
struct Members {
    #[serde(default, deserialize_with = "text")]
    alg: Option<String>,
    #[serde(default, deserialize_with = "text")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "text")]
    typ: Option<String>,
    #[serde(default, rename = "cty", deserialize_with = "any_text")]
    _cty: (),
    #[serde(default, rename = "x5t", deserialize_with = "any_text")]
    _x5t: (),
    #[serde(default, rename = "x5t#S256", deserialize_with = "any_text")]
    _x5t_s256: (),
    #[serde(default, deserialize_with = "seen")]
    crit: bool,
    #[serde(default, deserialize_with = "seen")]
    b64: bool,
    #[serde(default, deserialize_with = "seen")]
    jwk: bool,
    #[serde(default, deserialize_with = "seen")]
    jku: bool,
    #[serde(default, deserialize_with = "seen")]
    x5u: bool,
    #[serde(default, deserialize_with = "seen")]
    x5c: bool,
    #[serde(default, deserialize_with = "seen")]
    enc: bool,
    #[serde(default, deserialize_with = "seen")]
    zip: bool,
}

impl Members {
    fn forbidden(&self) -> Option<&'static str> {
        [
            (self.crit, "crit"),
            (self.b64, "b64"),
            (self.jwk, "jwk"),
            (self.jku, "jku"),
            (self.x5u, "x5u"),
            (self.x5c, "x5c"),
            (self.enc, "enc"),
            (self.zip, "zip"),
        ]
        .into_iter()
        .find_map(|(present, name)| present.then_some(name))
    }
}

/// Present means text: a `null` is malformed, not absent.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

/// A registered member that nothing here depends on must still have its type (RFC 7515 §4.1.7, §4.1.8, §4.1.10).
fn any_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    String::deserialize(deserializer).map(drop)
}

/// True for any value, `null` and the empty list included.
fn seen<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

#[cfg(test)]
mod tests {
    use super::{Header, Typ};
    use crate::error::Malformed;

    fn parse(json: &str) -> Result<Header, Malformed> {
        Header::parse(json.as_bytes())
    }

    #[test]
    fn reads_a_plain_header_and_ignores_unknown_members() {
        let header = parse(r#"{"x":{"y":[1]},"typ":"at+jwt","kid":"k1","alg":"ES256","cty":"x"}"#).unwrap();
        assert_eq!((header.key_id().as_str(), header.algorithm().as_str()), ("k1", "ES256"));
        assert!(header.is(Typ::AccessToken) && !header.is(Typ::ClientAssertion));
    }

    #[test]
    fn media_types_compare_without_case_and_prefix() {
        for (typ, expected) in [
            ("at+jwt", true),
            ("AT+JWT", true),
            ("application/at+jwt", true),
            ("Application/At+Jwt", true),
            ("application/application/at+jwt", false),
            ("at+jwt ", false),
            ("at+jwt;x=1", false),
            ("JWT", false),
            ("", false),
            ("ä", false),
        ] {
            let header = parse(&format!(r#"{{"typ":"{typ}","kid":"k","alg":"ES256"}}"#)).unwrap();
            assert_eq!(header.is(Typ::AccessToken), expected, "{typ}");
        }
        assert!(!parse(r#"{"kid":"k","alg":"ES256"}"#).unwrap().is(Typ::AccessToken));
    }

    #[test]
    fn refuses_members_that_choose_keys_whatever_their_value() {
        for name in ["crit", "b64", "jwk", "jku", "x5u", "x5c", "enc", "zip"] {
            for value in ["null", "[]", "true", "{}", "\"x\""] {
                let json = format!(r#"{{"kid":"k","alg":"ES256","{name}":{value}}}"#);
                assert_eq!(parse(&json), Err(Malformed::ForbiddenMember(name)), "{json}");
            }
        }
    }

    #[test]
    fn refuses_absent_or_mistyped_members() {
        for (json, defect) in [
            (r#"{"kid":"k"}"#, "algorithm"),
            (r#"{"kid":"k","alg":"none"}"#, "algorithm"),
            (r#"{"kid":"k","alg":"HS256"}"#, "algorithm"),
            (r#"{"kid":"k","alg":""}"#, "algorithm"),
            (r#"{"alg":"ES256"}"#, "key id"),
            (r#"{"alg":"ES256","kid":""}"#, "key id"),
            (r#"{"alg":"ES256","kid":"a b"}"#, "key id"),
            (r#"{"alg":"ES256","kid":null}"#, "JSON"),
            (r#"{"alg":"ES256","kid":1}"#, "JSON"),
            (r#"{"alg":null,"kid":"k"}"#, "JSON"),
            (r#"{"alg":["ES256"],"kid":"k"}"#, "JSON"),
            (r#"{"alg":"ES256","kid":"k","typ":null}"#, "JSON"),
            (r#"{"alg":"ES256","kid":"k","cty":1}"#, "JSON"),
            (r#"{"alg":"ES256","kid":"k","x5t":null}"#, "JSON"),
            (r#"{"alg":"ES256","kid":"k","x5t#S256":["x"]}"#, "JSON"),
            (r#"{"alg":"ES256","kid":"k","alg":"ES256"}"#, "repeated"),
            (r#"{"alg":"ES256","kid":"k","x":1,"x":1}"#, "repeated"),
            ("", "JSON"),
            ("[]", "JSON"),
        ] {
            let error = parse(json).unwrap_err().to_string();
            assert!(error.contains(defect), "{json}: {error}");
        }
    }
}
