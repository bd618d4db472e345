//! `BRIDGE__SECTION__KEY` overrides `company.toml`.

use crate::support::Directory;
use bridge_company::config::{ConfigError, Configuration, LogLevel, Variables};

fn load(directory: &Directory, variables: &[(&str, &str)]) -> Result<Configuration, Vec<ConfigError>> {
    let variables: Variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Configuration::load(directory.path(), &variables)
}

#[test]
fn a_variable_overrides_a_value_and_adds_one_that_is_not_there() {
    let variables = [
        ("BRIDGE__NAME", "other"),
        ("BRIDGE__ISSUER__LISTEN", "127.0.0.1:9"),
        ("BRIDGE__ISSUER__URL", "https://issuer.other.example"),
        ("BRIDGE__TELEMETRY__LOG_LEVEL", "debug"),
        ("BRIDGE__LIMITS__CONNECTIONS_PER_ADDRESS", "7"),
        ("BRIDGE_REQUIRE", "docker"),
        ("HOME", "/nowhere"),
    ];
    let company = load(&Directory::new(), &variables).unwrap().company;
    assert_eq!(company.name.as_str(), "other");
    assert_eq!(company.issuer.listen.value.port(), 9);
    assert_eq!(company.issuer.url.unwrap().as_str(), "https://issuer.other.example");
    assert_eq!(company.telemetry.log_level, LogLevel::Debug);
    assert_eq!(company.limits.connections_per_address.get(), 7);
    assert_eq!(company.api.listen.value.port(), 0);
}

#[test]
fn a_variable_supplies_a_required_value_that_the_file_lacks() {
    let directory = Directory::new();
    directory.edit("company.toml", "name = \"notes\"\n", "");
    assert!(load(&directory, &[]).is_err());
    assert_eq!(load(&directory, &[("BRIDGE__NAME", "notes")]).unwrap().company.name.as_str(), "notes");
}

#[test]
fn a_variable_switches_tls_off() {
    assert!(load(&Directory::new(), &[("BRIDGE__TLS", "false")]).unwrap().company.tls.is_none());
}

#[test]
fn a_wrong_variable_is_named_in_the_complaint() {
    for (name, value, expected, found) in [
        ("BRIDGE__ISSUER__LISTEN", "hunter2", "an IP address and a port", "another form"),
        ("BRIDGE__ISSUER__COLOUR", "hunter2", "`listen`", "another key"),
        ("BRIDGE__OPERATIONS__LISTEN", "0.0.0.0:1", "loopback", "another form"),
        ("BRIDGE__COLOUR", "hunter2", "`name`", "another key"),
        ("BRIDGE__NAME", "true", "a string", "true or false"),
        ("BRIDGE__ISSUER__CLIENT_SECRET", "hunter2", "no secret", "client_secret"),
    ] {
        let errors = load(&Directory::new(), &[(name, value)]).expect_err(name);
        let complaint = errors[0].to_string();
        assert!(complaint.starts_with(&format!("environment variable {name}: ")), "{complaint}");
        assert!(complaint.contains(expected) && complaint.contains(found), "{complaint}");
        assert!(!complaint.contains("hunter2"), "{complaint}");
    }
}

#[test]
fn two_variables_for_one_value_are_refused_whatever_their_case() {
    for (one, other) in [("BRIDGE__NAME", "BRIDGE__name"), ("BRIDGE__ISSUER__LISTEN", "bridge__Issuer__listen")] {
        let errors = load(&Directory::new(), &[(one, "first"), (other, "second")]).expect_err(one);
        let complaint = errors[0].to_string();
        for part in [one, other, "a second variable for one value", "unset one"] {
            assert!(complaint.contains(part), "{part}: {complaint}");
        }
    }
    assert!(load(&Directory::new(), &[("PATH", "a"), ("path", "b")]).is_ok());
}
