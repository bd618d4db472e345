use crate::{AccessList, WorkloadSection};
use bridge_types::ClientId;
use serde::Deserialize;
use std::path::PathBuf;

/// The content of `clients/NAME.toml`: one client of the own issuer.
///
/// ```toml
/// client_id = "order-service"
/// credential = "managed"
///
/// [[access]]
/// audience = "https://api.company-b.example"
/// scopes = ["shipments:read", "shipments:write"]
/// ```
///
/// Unknown keys are refused. Reading the file, and saying in which line it is wrong, is the composition's business.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientFile {
    /// What the client is called in assertions and tokens.
    pub client_id: ClientId,
    /// How it authenticates.
    pub credential: ClientCredential,
    /// `[workload]`: which tokens of its platform stand for it; with `credential = "workload"` and `token_file` alone.
    pub workload: Option<WorkloadSection>,
    /// What it may ask for; at least one audience with one scope each.
    pub access: AccessList,
}

/// How a client authenticates, and where what verifies it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub enum ClientCredential {
    /// `credential = "managed"`: this company makes and keeps the key pair.
    #[serde(rename = "managed")]
    Managed,
    /// `credential = { jwks_file = "reader.jwks.json" }`: the client runs elsewhere and keeps its private keys there;
    /// the file holds the public ones.
    #[serde(rename = "jwks_file")]
    JwksFile(PathBuf),
    /// `credential = "workload"`: the client runs elsewhere and authenticates with the token that its platform gives it.
    #[serde(rename = "workload")]
    Workload,
    /// `credential = { token_file = "/var/run/secrets/tokens/bridge" }`: the same for a client that this company itself
    /// acts as; its platform puts the token into this file and replaces it there.
    #[serde(rename = "token_file")]
    TokenFile(PathBuf),
}

#[cfg(test)]
mod tests {
    use super::{ClientCredential, ClientFile};

    const FILE: &str = r#"
client_id = "order-service"
credential = "managed"

[[access]]
audience = "https://api.company-b.example:8452"
scopes = ["shipments:read", "shipments:write"]
"#;

    fn read(text: &str) -> Result<ClientFile, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn reads_a_client() {
        let file = read(FILE).unwrap();
        assert_eq!((file.client_id.as_str(), file.credential), ("order-service", ClientCredential::Managed));
        let (_, scopes) = file.access.find("https://api.company-b.example:8452").unwrap();
        assert_eq!(scopes.to_string(), "shipments:read shipments:write");

        let elsewhere = FILE.replace(r#""managed""#, r#"{ jwks_file = "reader.jwks.json" }"#);
        assert_eq!(read(&elsewhere).unwrap().credential, ClientCredential::JwksFile("reader.jwks.json".into()));
    }

    #[test]
    fn names_each_defect_and_what_was_expected() {
        let twice = format!("{FILE}{}", FILE.split_once("[[access]]").unwrap().1.replacen('\n', "[[access]]\n", 1));
        for (text, message) in [
            (FILE.replace("client_id", "client"), "unknown field `client`, expected one of"),
            (
                FILE.replace("managed", "secret"),
                "unknown variant `secret`, expected one of `managed`, `jwks_file`, `workload`, `token_file`",
            ),
            (FILE.replace("order-service", ""), "invalid client id: expected 1 to 256 visible ASCII characters, found"),
            (FILE.replace("https://api", "http://api"), "invalid audience: expected an absolute https URL"),
            (FILE.replace("audience", "resource"), "unknown field `resource`, expected `audience` or `scopes`"),
            (FILE.replace("shipments:write", "shipments:read"), "expected each value once"),
            (FILE.replace(r#"["shipments:read", "shipments:write"]"#, "[]"), "expected at least one scope"),
            (twice, "invalid access: expected each audience once, found"),
            (FILE.split_once("[[access]]").unwrap().0.to_owned(), "missing field `access`"),
        ] {
            let found = read(&text).unwrap_err().to_string();
            assert!(found.contains(message), "{text}\n{found}");
        }
    }
}
