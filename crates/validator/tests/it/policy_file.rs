//! One policy file: what it may say, what it means when it does not, and what is refused with which words.

use crate::support::{API, CLIENT, ISSUER, policy};
use bridge_jose::Algorithm;
use bridge_validator::policy::{KeySource, PolicyProblem};
use bridge_validator::{PolicyError, TrustPolicy};
use std::time::Duration;
use tempfile::TempDir;

#[expect(clippy::result_large_err, reason = "files are read seldom: the size of their defects costs nothing")]
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
        (with("isuer = 1"), 1, &["unknown key at `isuer`", "`issuer`"][..]),
        (format!("{}colour = 1\n", policy(ISSUER)), 7, &["unknown key at `clients.order-service.colour`", "scopes"]),
        (without("issuer"), 1, &["missing field `issuer`"]),
        (without("audience"), 1, &["missing field `audience`"]),
        (without("scopes"), 5, &["missing field `scopes`"]),
        (instead(ISSUER, "issuer.company-a.example"), 1, &["invalid issuer at `issuer`", "https"]),
        (instead(ISSUER, "http://issuer.company-a.example"), 1, &["invalid issuer"]),
        (instead(API, "company-b"), 2, &["invalid audience at `audience`"]),
        (instead("\"ES256\", ", "\"none\", "), 3, &["unknown value at `algorithms`", "ES256"]),
        (instead("\"ES256\", ", "\"HS256\", "), 3, &["unknown value at `algorithms`"]),
        (instead("\"EdDSA\"", "\"ES256\""), 3, &["each once"]),
        (instead("\"ES256\", \"EdDSA\", \"PS256\", \"RS256\"", ""), 3, &["one or more algorithms"]),
        (with("enabled = \"yes\""), 1, &["wrong type at `enabled`", "boolean", "found a text"]),
        (with("enabled = 1"), 1, &["boolean", "found a number"]),
        (with("valid_until = \"2027-06-30\""), 1, &["found a text"]),
        (with("valid_until = 2027-06-30T00:00:00Z"), 1, &["a day such as 2027-06-30"]),
        (with("valid_until = 2027-02-30"), 1, &[]),
        (with("max_token_lifetime = 900"), 1, &["string", "found a number"]),
        (with("max_token_lifetime = \"15 minutes\""), 1, &["invalid duration", "\"15m\""]),
        (with("max_token_lifetime = \"2h\""), 1, &["to \"1h\""]),
        (with("sender_constraint = \"dpop\""), 1, &["cannot verify dpop proofs", "expected \"none\""]),
        (with("sender_constraint = \"mtls\""), 1, &["cannot verify mtls proofs", "expected \"none\""]),
        (with("sender_constraint = \"nothing\""), 1, &["invalid sender constraint"]),
        (with("status_list_hosts = [\"https://issuer.example\"]"), 1, &["invalid host", "without port"]),
        (with("private_networks = [\"10.0.0.1/8\"]"), 1, &["invalid network at `private_networks`", "no host bits"]),
        (with("private_networks = [\"0.0.0.0/0\"]"), 1, &["invalid network", "at least 8 bits"]),
        (with("private_networks = \"10.0.0.0/8\""), 1, &["sequence", "found a text"]),
        (with("keys = \"discovery\""), 1, &["at `keys`", "\"discover\" or { jwks_file"]),
        (with("keys = { file = \"x\" }"), 1, &["unknown key at `keys.file`", "jwks_file"]),
        (with("ca_file = \"../ca.pem\""), 1, &["invalid file name", "without a path"]),
        (with("ca_file = \"/etc/ca.pem\""), 1, &["invalid file name"]),
        (with("ca_file = \"\""), 1, &["invalid file name"]),
        (with("keys = { jwks_file = \"keys/a.json\" }"), 1, &["invalid file name at `keys.jwks_file`"]),
        (with("keys = 1"), 1, &["\"discover\" or { jwks_file", "found a number"]),
        (instead("clients.order-service", "clients.\"order service\""), 5, &["invalid client id"]),
        (instead("\"shipments:write\"", "\"shipments write\""), 6, &["invalid scope"]),
        (instead("\"shipments:write\"", "\"shipments:read\""), 6, &["each value once"]),
        (format!("{}[outbound]\nurl = \"x\"\nclient = \"c\"\n", policy(ISSUER)), 8, &["invalid audience"]),
        (format!("{}[outbound]\nurl = \"{API}\"\n", policy(ISSUER)), 7, &["missing field `client`"]),
        (format!("{}[outbound]\nurl = \"{API}\"\nclient = \"../x\"\n", policy(ISSUER)), 9, &["invalid name"]),
        (with("issuer = \"https://twice.example\""), 2, &["duplicate key"]),
        (with("this is no TOML"), 1, &[]),
        (with("client_secret = \"hunter2\""), 1, &["a literal secret"]),
        (with("audience = hunter2"), 1, &["string values must be quoted"]),
        (String::new(), 1, &["missing field `issuer`"]),
    ] {
        let error = read(&text).expect_err(&text);
        let message = error.to_string();
        let PolicyProblem::Content { line: found, .. } = error.problem else { panic!("{message}") };
        assert_eq!(found, line, "{message}\n{text}");
        assert!(message.contains(&format!("company-a.toml: line {line}, column ")), "{message}");
        assert!(words.iter().all(|word| message.contains(word)), "{words:?} in: {message}");
    }
}

#[test]
fn no_complaint_repeats_a_value() {
    let with = |line: &str| format!("{line}\n{}", policy(ISSUER));
    let instead = |from: &str, to: &str| policy(ISSUER).replace(from, to);
    for text in [
        instead(ISSUER, "https://me:hunter2@issuer.example"),
        instead(API, "hunter2"),
        instead("\"ES256\"", "\"hunter2\""),
        instead("\"shipments:write\"", "\"hunter2 \""),
        with("keys = \"hunter2\""),
        with("keys = { jwks_file = \"hunter2\" }"),
        with("ca_file = \"hunter2\""),
        with("ca_file = \"/hunter2\""),
        with("enabled = \"hunter2\""),
        with("valid_until = \"hunter2\""),
        with("max_token_lifetime = \"hunter2\""),
        with("sender_constraint = \"hunter2\""),
        with("status_list_hosts = [\"hunter2/\"]"),
        with("colour = \"hunter2\""),
        with("hunter2"),
        with("colour = hunter2"),
    ] {
        let error = read(&text).expect_err(&text);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn files_that_a_policy_names_are_read_with_it() {
    let with = |line: &str| read(&format!("{line}\n{}", policy(ISSUER))).map_err(|error| error.to_string());
    for (line, words) in [
        ("ca_file = \"absent.pem\"", "`ca_file` names cannot be read"),
        ("ca_file = \"empty.pem\"", "BEGIN CERTIFICATE"),
        ("keys = { jwks_file = \"absent.json\" }", "`jwks_file` names cannot be read"),
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
