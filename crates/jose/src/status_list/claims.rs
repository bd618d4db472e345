use super::EncodedStatusList;
use crate::profile::{NumericDate, object, present};
use bridge_types::{IssuerUrl, StatusListUri};
use serde::de::{Deserialize, Deserializer};
use std::num::NonZeroU64;

/// The `status` claim of a token (draft-ietf-oauth-status-list §6.1), narrowed to a status list: a claim without one is
/// malformed, because whatever else it may say cannot be checked here. Unknown mechanisms beside it are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
pub struct StatusClaim {
    /// Where the status of the token stands.
    pub status_list: StatusReference,
}

/// One place in one status list (draft-ietf-oauth-status-list §6.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
pub struct StatusReference {
    /// The index in the list, counted from 0.
    pub idx: u64,
    /// The list.
    pub uri: StatusListUri,
}

impl<'de> Deserialize<'de> for StatusClaim {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Members {
            status_list: StatusReference,
        }
        let Members { status_list } = object(deserializer)?;
        Ok(Self { status_list })
    }
}

impl<'de> Deserialize<'de> for StatusReference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Members {
            idx: u64,
            uri: StatusListUri,
        }
        let Members { idx, uri } = object(deserializer)?;
        Ok(Self { idx, uri })
    }
}

/// The claims of a status list token, `typ: statuslist+jwt` (draft-ietf-oauth-status-list §5.1).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StatusListClaims {
    /// Who made it. The draft does not ask for it; one that is there must be the issuer of the tokens in question.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub iss: Option<IssuerUrl>,
    /// Its own address, equal to the `uri` of the tokens that refer to it.
    pub sub: StatusListUri,
    /// When it was made. Of two lists with one address the one with the later `iat` holds.
    pub iat: NumericDate,
    /// From when on it says nothing any more.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub exp: Option<NumericDate>,
    /// After how many seconds a fresh one should be fetched.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub ttl: Option<NonZeroU64>,
    /// The list.
    pub status_list: EncodedStatusList,
}

#[cfg(test)]
mod tests {
    use super::{StatusClaim, StatusListClaims};
    use serde_json::{Value, json};

    fn claim(value: &Value) -> Result<StatusClaim, serde_json::Error> {
        serde_json::from_str(&value.to_string())
    }

    #[test]
    fn reads_and_writes_a_reference_and_ignores_other_mechanisms() {
        let written = json!({"status_list": {"idx": 7, "uri": "https://a.example/status-lists/1"}});
        let mut read = written.clone();
        read["other"] = json!({"id": 1});
        read["status_list"]["more"] = json!(true);
        assert_eq!(serde_json::to_value(claim(&read).unwrap()).unwrap(), written);
    }

    #[test]
    fn refuses_every_other_form_of_the_claim() {
        let uri = "https://a.example/status-lists/1";
        for value in [
            json!(null),
            json!({}),
            json!([]),
            json!("valid"),
            json!([{"idx": 7, "uri": uri}]),
            json!({"other": {}}),
            json!({"status_list": null}),
            json!({"status_list": [7, uri]}),
            json!({"status_list": {"uri": uri}}),
            json!({"status_list": {"idx": 7}}),
            json!({"status_list": {"idx": null, "uri": uri}}),
            json!({"status_list": {"idx": "7", "uri": uri}}),
            json!({"status_list": {"idx": -1, "uri": uri}}),
            json!({"status_list": {"idx": 7.0, "uri": uri}}),
            json!({"status_list": {"idx": 1e30, "uri": uri}}),
            json!({"status_list": {"idx": [7], "uri": uri}}),
            json!({"status_list": {"idx": 7, "uri": ""}}),
            json!({"status_list": {"idx": 7, "uri": "/status-lists/1"}}),
            json!({"status_list": {"idx": 7, "uri": [uri]}}),
            json!({"status_list": {"idx": 7, "uri": null}}),
        ] {
            assert!(claim(&value).is_err(), "accepted {value}");
        }
    }

    #[test]
    fn refuses_a_list_with_a_missing_or_mistyped_claim() {
        let list = json!({"sub": "https://a.example/1", "iat": 1, "exp": 2, "ttl": 30,
                          "status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXQ"}});
        let read = |list: &Value| serde_json::from_str::<StatusListClaims>(&list.to_string());
        assert_eq!(serde_json::to_value(read(&list).unwrap()).unwrap(), list);
        for (name, value) in [
            ("iss", json!(null)),
            ("sub", json!(null)),
            ("sub", json!("list 1")),
            ("iat", json!("1")),
            ("exp", json!(null)),
            ("exp", json!(2.5)),
            ("ttl", json!(0)),
            ("ttl", json!(-1)),
            ("ttl", json!(null)),
            ("ttl", json!("30")),
            ("status_list", json!([1, "eNrbuRgAAhcBXQ"])),
            ("status_list", json!({"bits": 3, "lst": "eNrbuRgAAhcBXQ"})),
            ("status_list", json!({"bits": "1", "lst": "eNrbuRgAAhcBXQ"})),
            ("status_list", json!({"bits": 1})),
            ("status_list", json!({"lst": "eNrbuRgAAhcBXQ"})),
            ("status_list", json!({"bits": 1, "lst": null})),
        ] {
            let mut spoilt = list.clone();
            spoilt[name] = value;
            assert!(read(&spoilt).is_err(), "accepted {spoilt}");
        }
        for name in ["sub", "iat", "status_list"] {
            let mut spoilt = list.clone();
            spoilt.as_object_mut().unwrap().remove(name);
            assert!(read(&spoilt).is_err(), "accepted one without {name}");
        }
    }
}
