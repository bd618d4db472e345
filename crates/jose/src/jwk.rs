use crate::Algorithm;
use crate::error::KeyError;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_types::KeyId;
use josekit::jwk::Jwk;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::fmt;

/// A public key for signatures in its JSON form (RFC 7517): `kty`, `crv`/`x`/`y` or `n`/`e`, `alg`, `kid`, `use`.
///
/// Exactly these members are kept; certificates, private members and unknown ones never get in. One key has one
/// algorithm: where `alg` is absent it follows from the key type, RSA counting as `RS256`.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicJwk {
    jwk: Jwk,
    algorithm: Algorithm,
    key_id: KeyId,
}

impl PublicJwk {
    /// `kid`. For keys that Bridge makes this is the RFC 7638 thumbprint.
    pub fn kid(&self) -> &KeyId {
        &self.key_id
    }

    /// `alg`.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key from the JSON object of a JWK set.
    ///
    /// # Errors
    /// Names the first reason why the key cannot verify signatures of the profile.
    pub fn from_object(object: Map<String, Value>) -> Result<Self, KeyError> {
        let given = Jwk::from_map(object).map_err(|_| KeyError::Form("expected kty and members of their types"))?;
        if PRIVATE_MEMBERS.iter().any(|name| given.parameter(name).is_some()) {
            return Err(KeyError::Private);
        }
        for_signatures(&given)?;
        let algorithm = algorithm_of(&given)?;
        let key_id = given.key_id().and_then(|kid| kid.parse().ok()).ok_or(KeyError::KeyId)?;
        let mut public = Map::new();
        for name in members_of(algorithm) {
            let value = given.parameter(name).filter(|value| value.is_string()).ok_or(KeyError::Material)?;
            public.insert((*name).to_owned(), value.clone());
        }
        Self::assemble(public, algorithm, key_id)
    }

    /// The key of the given members, named by its thumbprint (RFC 7638 §3).
    pub(crate) fn with_thumbprint(algorithm: Algorithm, members: &[(&str, &str)]) -> Result<Self, KeyError> {
        let public: Map<String, Value> =
            members.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        let key_id = thumbprint(algorithm, &public)?;
        Self::assemble(public, algorithm, key_id)
    }

    fn assemble(mut members: Map<String, Value>, algorithm: Algorithm, key_id: KeyId) -> Result<Self, KeyError> {
        members.insert("alg".into(), algorithm.as_str().into());
        members.insert("kid".into(), key_id.as_str().into());
        members.insert("use".into(), "sig".into());
        let jwk = Jwk::from_map(members).map_err(|_| KeyError::Material)?;
        Ok(Self { jwk, algorithm, key_id })
    }

    /// The RFC 7638 thumbprint of this key, whatever its `kid` says.
    ///
    /// # Errors
    /// None for a key that was parsed; the type of the library asks for it.
    pub fn thumbprint(&self) -> Result<KeyId, KeyError> {
        thumbprint(self.algorithm, self.jwk.as_ref())
    }

    /// A member that holds bytes, decoded as canonical unpadded base64url.
    pub(crate) fn bytes(&self, name: &str) -> Result<Vec<u8>, KeyError> {
        let text = self.jwk.parameter(name).and_then(Value::as_str).ok_or(KeyError::Material)?;
        URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::Material)
    }
}

const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

fn for_signatures(jwk: &Jwk) -> Result<(), KeyError> {
    let usable = jwk.key_use().is_none_or(|usage| usage == "sig");
    let operable = jwk.key_operations().is_none_or(|operations| operations.contains(&"verify"));
    if usable && operable { Ok(()) } else { Err(KeyError::NotForSignatures) }
}

fn algorithm_of(jwk: &Jwk) -> Result<Algorithm, KeyError> {
    let possible: &[Algorithm] = match (jwk.key_type(), jwk.parameter("crv").and_then(Value::as_str)) {
        ("EC", Some("P-256")) => &[Algorithm::Es256],
        ("OKP", Some("Ed25519")) => &[Algorithm::EdDsa],
        ("RSA", None) => &[Algorithm::Rs256, Algorithm::Ps256],
        _ => &[],
    };
    match jwk.algorithm() {
        None => possible.first().copied(),
        Some(name) => possible.iter().copied().find(|algorithm| algorithm.as_str() == name),
    }
    .ok_or(KeyError::Unsupported)
}

/// The members that make the key, in the order that RFC 7638 §3.2 hashes them.
fn members_of(algorithm: Algorithm) -> &'static [&'static str] {
    match algorithm {
        Algorithm::Es256 => &["crv", "kty", "x", "y"],
        Algorithm::EdDsa => &["crv", "kty", "x"],
        Algorithm::Ps256 | Algorithm::Rs256 => &["e", "kty", "n"],
    }
}

fn thumbprint(algorithm: Algorithm, members: &Map<String, Value>) -> Result<KeyId, KeyError> {
    let member = |name: &&str| members.get(*name).map(|value| format!("\"{name}\":{value}")).ok_or(KeyError::Material);
    let canonical = members_of(algorithm).iter().map(member).collect::<Result<Vec<_>, _>>()?.join(",");
    let canonical = format!("{{{canonical}}}");
    URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes())).try_into().map_err(|_| KeyError::KeyId)
}

impl fmt::Debug for PublicJwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicJwk({} {})", self.algorithm, self.key_id)
    }
}

impl Serialize for PublicJwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.jwk.as_ref().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicJwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = Map::deserialize(deserializer)?;
        Self::from_object(object).map_err(serde::de::Error::custom)
    }
}

/// The JSON of a JWK set (RFC 7517 §5).
pub fn jwks_json<'k>(keys: impl IntoIterator<Item = &'k PublicJwk>) -> String {
    let keys: Vec<&Map<String, Value>> = keys.into_iter().map(|key| key.jwk.as_ref()).collect();
    serde_json::json!({ "keys": keys }).to_string()
}

#[cfg(test)]
mod tests {
    use super::PublicJwk;
    use crate::error::KeyError;
    use serde_json::{Value, json};

    /// The key of RFC 7638 §3.1, with the thumbprint that the RFC gives for it.
    fn rfc_7638() -> Value {
        json!({"kty": "RSA", "n": concat!("0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiF",
            "V4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO",
            "pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"),
            "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"})
    }

    /// The public key of RFC 8037 A.2; A.3 gives its thumbprint.
    fn rfc_8037() -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "k"})
    }

    fn parse(value: &Value) -> Result<PublicJwk, KeyError> {
        PublicJwk::from_object(value.as_object().unwrap().clone())
    }

    #[test]
    fn thumbprints_are_those_of_the_rfcs() {
        for (jwk, thumbprint) in [
            (rfc_7638(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
            (rfc_8037(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
        ] {
            assert_eq!(parse(&jwk).unwrap().thumbprint().unwrap().as_str(), thumbprint);
        }
    }

    #[test]
    fn keeps_public_members_only() {
        let mut jwk = rfc_8037();
        jwk["x5t"] = "AAAA".into();
        jwk["extra"] = 1.into();
        let kept = serde_json::to_value(parse(&jwk).unwrap()).unwrap();
        let mut names: Vec<&String> = kept.as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x"]);
        assert_eq!(kept["alg"], "EdDSA");
    }

    #[test]
    fn names_each_defect() {
        let change = |base: Value, name: &str, value: Value| {
            let mut jwk = base;
            jwk[name] = value;
            parse(&jwk).unwrap_err()
        };
        assert_eq!(change(rfc_8037(), "d", "AAAA".into()), KeyError::Private);
        assert_eq!(change(rfc_8037(), "use", "enc".into()), KeyError::NotForSignatures);
        assert_eq!(change(rfc_8037(), "key_ops", json!(["sign"])), KeyError::NotForSignatures);
        assert_eq!(change(rfc_8037(), "alg", "ES256".into()), KeyError::Unsupported);
        assert_eq!(change(rfc_8037(), "crv", "X25519".into()), KeyError::Unsupported);
        assert_eq!(change(rfc_8037(), "kty", "oct".into()), KeyError::Unsupported);
        assert_eq!(change(rfc_8037(), "kid", "".into()), KeyError::KeyId);
        assert!(matches!(change(rfc_8037(), "kid", 1.into()), KeyError::Form(_)));
        assert!(matches!(change(rfc_8037(), "x", Value::Null), KeyError::Form(_)));
        assert_eq!(change(rfc_7638(), "alg", "RS512".into()), KeyError::Unsupported);
        assert_eq!(change(rfc_7638(), "alg", "HS256".into()), KeyError::Unsupported);
    }

    #[test]
    fn an_rsa_key_without_alg_is_for_rs256_alone() {
        let mut jwk = rfc_7638();
        jwk.as_object_mut().unwrap().remove("alg");
        assert_eq!(parse(&jwk).unwrap().algorithm().as_str(), "RS256");
    }
}
