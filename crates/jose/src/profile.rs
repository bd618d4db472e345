//! The claims of Bridge's tokens. A claim that is present but of the wrong type is a refusal, never an absent claim.

use crate::StatusClaim;
use bridge_types::{Audience, ClientId, IssuerUrl, ScopeSet, TokenId};
use jiff::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny};
use serde::{Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;

/// Seconds since 1970 in UTC (RFC 7519 §2), whole and not negative.
///
/// Fractions, numbers in quotes, and what no calendar can hold are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NumericDate(Timestamp);

impl NumericDate {
    /// The moment.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    /// The number of seconds.
    pub fn as_second(self) -> i64 {
        self.0.as_second()
    }
}

impl From<Timestamp> for NumericDate {
    /// Cuts fractions of a second off.
    fn from(moment: Timestamp) -> Self {
        Self(Timestamp::from_second(moment.as_second()).unwrap_or(moment))
    }
}

impl Serialize for NumericDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.as_second())
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = i64::deserialize(deserializer)?;
        let moment = Timestamp::from_second(seconds).ok().filter(|_| seconds >= 0);
        moment
            .map(Self)
            .ok_or_else(|| de::Error::custom("invalid date: expected seconds since 1970, found another number"))
    }
}

/// The claims of an access token (RFC 9068 §2.2), narrowed: one audience as a string, `scope` always present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct AccessTokenClaims {
    /// Who issued it.
    pub iss: IssuerUrl,
    /// For whom it speaks; with client credentials the client itself (RFC 9068 §2.2).
    pub sub: ClientId,
    /// Which client got it.
    pub client_id: ClientId,
    /// The one API it is for.
    pub aud: Audience,
    /// What it permits, space-separated on the wire.
    #[serde(with = "wire_scope")]
    pub scope: ScopeSet,
    /// When it was issued.
    pub iat: NumericDate,
    /// From when on it is not valid any more.
    pub exp: NumericDate,
    /// Before when it is not valid yet.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub nbf: Option<NumericDate>,
    /// Its name, for logs and revocation.
    pub jti: TokenId,
    /// Says that the token is bound to a key of its sender (RFC 7800 §3.1).
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Where it stands whether the token was revoked (draft-ietf-oauth-status-list §6.1).
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusClaim>,
}

/// A `cnf` claim. What it binds to is not read: a token that has one is refused where the proof cannot be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation(());

impl<'de> Deserialize<'de> for Confirmation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(()))
    }
}

impl Serialize for Confirmation {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("a confirmation that was not read cannot be written"))
    }
}

/// The claims of a client assertion (RFC 7523 §3 as updated by RFC 10070).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct AssertionClaims {
    /// The client.
    pub iss: ClientId,
    /// The client again.
    pub sub: ClientId,
    /// The issuer identifier of the authorization server, as the only value.
    pub aud: SoleAudience,
    /// Its name; single use.
    pub jti: TokenId,
    /// When it was made.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub iat: Option<NumericDate>,
    /// Before when it is not valid yet.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub nbf: Option<NumericDate>,
    /// From when on it is not valid any more.
    pub exp: NumericDate,
}

/// An `aud` with exactly one value, written as a string or as a list of one (RFC 7519 §4.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SoleAudience(String);

impl SoleAudience {
    /// An audience of this one value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, to be compared byte for byte.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for SoleAudience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneValue;

        impl<'de> de::Visitor<'de> for OneValue {
            type Value = SoleAudience;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("exactly one audience")
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<SoleAudience, E> {
                Ok(SoleAudience(value.to_owned()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut values: A) -> Result<SoleAudience, A::Error> {
                match (values.next_element()?, values.next_element::<IgnoredAny>()?) {
                    (Some(only), None) => Ok(SoleAudience(only)),
                    (first, _) => Err(de::Error::invalid_length(if first.is_some() { 2 } else { 0 }, &self)),
                }
            }
        }

        deserializer.deserialize_any(OneValue)
    }
}

/// For optional claims: absent is `None`, but a `null` is read as a value and so refused.
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// For claims that are objects: serde alone would also take a list of the members' values in their order.
pub(crate) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Members<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Members<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: de::MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(members))
        }
    }

    deserializer.deserialize_map(Members(PhantomData))
}

/// `scope` as one string (RFC 8693 §4.2), where configuration files have lists.
mod wire_scope {
    use super::{Deserialize, Deserializer, ScopeSet, Serializer, de};

    pub(super) fn serialize<S: Serializer>(scope: &ScopeSet, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(scope)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ScopeSet, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{AccessTokenClaims, AssertionClaims};
    use serde_json::{Value, json};

    fn access_token() -> Value {
        json!({"iss": "https://a.example", "sub": "c", "client_id": "c", "aud": "https://b.example", "scope": "r w",
               "iat": 1, "exp": 2, "jti": "j", "extra": {"x": 1}})
    }

    fn read(claims: &Value) -> Result<AccessTokenClaims, serde_json::Error> {
        serde_json::from_str(&claims.to_string())
    }

    #[test]
    fn reads_what_it_writes() {
        let claims = read(&access_token()).unwrap();
        assert_eq!(read(&serde_json::to_value(&claims).unwrap()).unwrap(), claims);
    }

    #[test]
    fn refuses_each_missing_or_null_claim() {
        for name in ["iss", "sub", "client_id", "aud", "scope", "iat", "exp", "jti"] {
            let mut claims = access_token();
            claims[name] = Value::Null;
            assert!(read(&claims).is_err(), "null {name}");
            claims.as_object_mut().unwrap().remove(name);
            assert!(read(&claims).is_err(), "no {name}");
        }
    }

    #[test]
    fn refuses_mistyped_claims() {
        for (name, value) in [
            ("exp", json!(2.0)),
            ("exp", json!("2")),
            ("exp", json!(-1)),
            ("exp", json!(9_223_372_036_854_775_808_u64)),
            ("exp", json!(9_223_372_036_854_775_807_u64)),
            ("exp", json!(1e300)),
            ("exp", json!([2])),
            ("exp", json!(true)),
            ("nbf", Value::Null),
            ("nbf", json!("1")),
            ("status", Value::Null),
            ("status", json!({})),
            ("status", json!({"status_list": [1, "https://a.example/1"]})),
            ("aud", json!(["https://b.example"])),
            ("scope", json!("")),
            ("scope", json!(["r"])),
            ("scope", json!("r\tw")),
            ("scope", json!("r r")),
            ("sub", json!(1)),
            ("jti", json!("")),
            ("iss", json!(["https://a.example"])),
            ("iss", json!("a.example")),
        ] {
            let mut claims = access_token();
            claims[name] = value.clone();
            assert!(read(&claims).is_err(), "accepted {name} {value}");
        }
    }

    #[test]
    fn any_confirmation_is_seen() {
        for value in [json!({}), json!({"jkt": "x"}), json!(null), json!(1)] {
            let mut claims = access_token();
            claims["cnf"] = value.clone();
            assert!(read(&claims).unwrap().cnf.is_some(), "overlooked {value}");
        }
    }

    #[test]
    fn an_assertion_has_one_audience() {
        let assertion = |aud: Value| {
            let claims = json!({"iss": "c", "sub": "c", "aud": aud, "jti": "j", "exp": 2});
            serde_json::from_str::<AssertionClaims>(&claims.to_string()).map(|claims| claims.aud.as_str().to_owned())
        };
        assert_eq!(assertion(json!("x")).unwrap(), "x");
        assert_eq!(assertion(json!(["x"])).unwrap(), "x");
        for aud in [json!([]), json!(["x", "x"]), json!(["x", "y"]), json!([1]), json!([["x"]]), json!({}), json!(null)]
        {
            assert!(assertion(aud.clone()).is_err(), "accepted {aud}");
        }
    }
}
