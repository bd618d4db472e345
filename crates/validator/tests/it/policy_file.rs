//! One policy file: what it may say, what it means when it does not, and what is refused with which words.

use crate::support::{API, CLIENT, ISSUER, policy};
use bridge_jose::Algorithm;
use bridge_validator::policy::{KeySource, PolicyProblem};
use bridge_validator::{PolicyError, TrustPolicy};
use std::time::Duration;
use tempfile::TempDir;

fn read(text: &str) -> Result<TrustPolicy, PolicyError> {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("certificates.pem"), "-----BEGIN CERTIFICATE-----\n").unwrap();
    std::fs::write(directory.path().join("empty.pem"), "").unwrap();
    std::fs::write(directory.path().join("keys.json"), r#"{"keys":[{"kty":"oct","k":"AAAA","kid":"x"}]}"#).unwrap();
    let file = directory.path().join("company-a.toml");
    std::fs::write(&file, text).unwrap();
    TrustPolicy::read(&file)
}

#[test]
fn what_is_not_said_has_a_default() {
    let policy = read(&format!("issuer = \"{ISSUER}\"\naudience = \"{API}\"\n")).unwrap();
    assert_eq!(&*policy.partner, "company-a");
    assert!(matches!(policy.keys, KeySource::Discover));
    assert!(policy.enabled && policy.ca.is_none() && policy.valid_until.is_none() && policy.outbound.is_none());
    assert_eq!(policy.algorithms, [Algorithm::Es256]);
    assert_eq!(policy.max_token_lifetime, Duration::from_mins(15));
    assert!(policy.clients.is_empty() && policy.status_list_hosts.is_empty() && policy.private_networks.is_empty());
}

#[test]
fn reads_the_file_of_the_design() {
    let policy = read(&format!(
        r#"issuer = "{ISSUER}"
keys = "discover"
ca_file = "certificates.pem"
private_networks = ["10.20.0.0/16", "fd00:20::/48"]
enabled = true
valid_until = 2027-06-30
audience = "{API}"
algorithms = ["ES256", "EdDSA"]
max_token_lifetime = "10m"
sender_constraint = "none"
status_list_hosts = ["issuer.company-a.example"]

[clients.{CLIENT}]
scopes = ["shipments:read", "shipments:write"]

[outbound]
url = "https://api.company-a.example"
client = "shipment-service"
"#
    ))
    .unwrap();
    assert_eq!(policy.valid_until.unwrap().to_string(), "2027-06-30");
    assert_eq!(policy.max_token_lifetime, Duration::from_mins(10));
    let networks: Vec<String> = policy.private_networks.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["10.20.0.0/16", "fd00:20::/48"]);
    assert!(policy.clients.get(CLIENT).unwrap().contains("shipments:write"));
    let outbound = policy.outbound.unwrap();
    assert_eq!(
        (outbound.url.as_str(), outbound.client.as_str()),
        ("https://api.company-a.example", "shipment-service")
    );
    assert_eq!(outbound.audience, outbound.url, "the default of the audience");
}

#[test]
fn names_line_expected_and_found_of_every_defect() {
    let with = |line: &str| format!("{line}\n{}", policy(ISSUER));
    let without =
        |name: &str| policy(ISSUER).lines().filter(|line| !line.starts_with(name)).collect::<Vec<_>>().join("\n");
    let instead = |from: &str, to: &str| policy(ISSUER).replace(from, to);
    for (text, line, words) in [
        (with("isuer = 1"), 1, &["unknown field `isuer`", "`issuer`"][..]),
        (format!("{}colour = 1\n", policy(ISSUER)), 7, &["unknown field `colour`", "scopes"]),
        (without("issuer"), 1, &["missing field `issuer`"]),
        (without("audience"), 1, &["missing field `audience`"]),
        (without("scopes"), 5, &["missing field `scopes`"]),
        (
            instead(ISSUER, "issuer.company-a.example"),
            1,
            &["invalid issuer", "https", "found \"issuer.company-a.example\""],
        ),
        (instead(ISSUER, "http://issuer.company-a.example"), 1, &["invalid issuer"]),
        (instead(API, "company-b"), 2, &["invalid audience", "found \"company-b\""]),
        (instead("\"ES256\", ", "\"none\", "), 3, &["unknown variant `none`", "ES256"]),
        (instead("\"ES256\", ", "\"HS256\", "), 3, &["unknown variant `HS256`"]),
        (instead("\"EdDSA\"", "\"ES256\""), 3, &["each once", "repeated"]),
        (instead("\"ES256\", \"EdDSA\", \"PS256\", \"RS256\"", ""), 3, &["one or more algorithms", "empty list"]),
        (with("enabled = \"yes\""), 1, &["invalid type: string \"yes\"", "boolean"]),
        (with("enabled = 1"), 1, &["integer `1`", "boolean"]),
        (with("valid_until = \"2027-06-30\""), 1, &["string"]),
        (with("valid_until = 2027-06-30T00:00:00Z"), 1, &["a day such as 2027-06-30", "found 2027-06-30T00:00:00Z"]),
        (with("valid_until = 2027-02-30"), 1, &[]),
        (with("max_token_lifetime = 900"), 1, &["integer `900`", "string"]),
        (with("max_token_lifetime = \"15 minutes\""), 1, &["invalid duration", "\"15m\"", "found \"15 minutes\""]),
        (with("max_token_lifetime = \"2h\""), 1, &["to \"1h\"", "found \"2h\""]),
        (with("sender_constraint = \"dpop\""), 1, &["cannot verify dpop proofs", "expected \"none\""]),
        (with("sender_constraint = \"mtls\""), 1, &["cannot verify mtls proofs", "expected \"none\""]),
        (with("sender_constraint = \"nothing\""), 1, &["invalid sender constraint", "found \"nothing\""]),
        (with("status_list_hosts = [\"https://issuer.example\"]"), 1, &["invalid host", "without port"]),
        (with("private_networks = [\"10.0.0.1/8\"]"), 1, &["invalid network", "no host bits", "found \"10.0.0.1/8\""]),
        (with("private_networks = [\"0.0.0.0/0\"]"), 1, &["invalid network", "at least 8 bits"]),
        (with("private_networks = \"10.0.0.0/8\""), 1, &["sequence"]),
        (with("keys = \"discovery\""), 1, &["\"discovery\"", "\"discover\" or { jwks_file"]),
        (with("keys = { file = \"x\" }"), 1, &["unknown field `file`", "jwks_file"]),
        (with("ca_file = \"../ca.pem\""), 1, &["invalid file name", "without a path"]),
        (with("ca_file = \"/etc/ca.pem\""), 1, &["invalid file name"]),
        (with("ca_file = \"\""), 1, &["invalid file name"]),
        (with("keys = { jwks_file = \"keys/a.json\" }"), 1, &["invalid file name", "found \"keys/a.json\""]),
        (with("keys = 1"), 1, &["integer `1`", "\"discover\" or { jwks_file"]),
        (instead("clients.order-service", "clients.\"order service\""), 5, &["invalid client id"]),
        (instead("\"shipments:write\"", "\"shipments write\""), 6, &["invalid scope"]),
        (instead("\"shipments:write\"", "\"shipments:read\""), 6, &["each value once"]),
        (format!("{}[outbound]\nurl = \"x\"\nclient = \"c\"\n", policy(ISSUER)), 8, &["invalid audience"]),
        (format!("{}[outbound]\nurl = \"{API}\"\n", policy(ISSUER)), 7, &["missing field `client`"]),
        (format!("{}[outbound]\nurl = \"{API}\"\nclient = \"../x\"\n", policy(ISSUER)), 9, &["invalid name"]),
        (with("issuer = \"https://twice.example\""), 2, &["duplicate key"]),
        (with("this is no TOML"), 1, &[]),
        (String::new(), 1, &["missing field `issuer`"]),
    ] {
        let error = read(&text).expect_err(&text);
        let message = error.to_string();
        let PolicyProblem::Content { line: found, .. } = error.problem else { panic!("{message}") };
        assert_eq!(found, line, "{message}\n{text}");
        assert!(message.contains(&format!("company-a.toml: line {line}: ")), "{message}");
        assert!(words.iter().all(|word| message.contains(word)), "{words:?} in: {message}");
    }
}

#[test]
fn files_that_a_policy_names_are_read_with_it() {
    let with = |line: &str| read(&format!("{line}\n{}", policy(ISSUER))).map_err(|error| error.to_string());
    for (line, words) in [
        ("ca_file = \"absent.pem\"", "cannot read"),
        ("ca_file = \"empty.pem\"", "BEGIN CERTIFICATE"),
        ("keys = { jwks_file = \"absent.json\" }", "cannot read"),
        ("keys = { jwks_file = \"certificates.pem\" }", "not a JWK set"),
        ("keys = { jwks_file = \"keys.json\" }", "at least one usable key"),
    ] {
        let error = with(line).unwrap_err();
        assert!(error.contains(words), "{line}: {error}");
    }
}

#[test]
fn a_file_is_named_after_its_partner() {
    let directory = TempDir::new().unwrap();
    for name in ["Company-A.toml", "company a.toml", "company_a.toml", "ä.toml"] {
        let file = directory.path().join(name);
        std::fs::write(&file, policy(ISSUER)).unwrap();
        let error = TrustPolicy::read(&file).unwrap_err().to_string();
        assert!(error.contains("lower-case letters, digits and hyphens"), "{name}: {error}");
    }
}
