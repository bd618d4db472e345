//! The arrows of `crates/README.md`: which crate of the workspace may depend on which.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// What each crate may name in `[dependencies]`. A role never stands in another role's row.
const MAY_NAME: [(&str, &[&str]); 17] = [
    ("bridge-types", &[]),
    ("bridge-strict-toml", &[]),
    ("bridge-jose", &["bridge-types"]),
    ("bridge-limits", &["bridge-types"]),
    ("bridge-issuer", &["bridge-limits", "bridge-jose", "bridge-types"]),
    ("bridge-client", &["bridge-jose", "bridge-types"]),
    ("bridge-validator", &["bridge-limits", "bridge-strict-toml", "bridge-jose", "bridge-types"]),
    ("bridge-process", &["bridge-strict-toml", "bridge-types"]),
    ("bridge-sidecar", &["bridge-client", "bridge-process", "bridge-jose", "bridge-types"]),
    ("bridge-store", &["bridge-issuer", "bridge-client", "bridge-validator", "bridge-jose", "bridge-types"]),
    ("bridge-vault", &["bridge-issuer", "bridge-jose", "bridge-types"]),
    (
        "bridge-company",
        &[
            "bridge-issuer",
            "bridge-client",
            "bridge-validator",
            "bridge-store",
            "bridge-vault",
            "bridge-limits",
            "bridge-process",
            "bridge-jose",
            "bridge-types",
        ],
    ),
    ("bridge-business", &["bridge-client", "bridge-validator", "bridge-store", "bridge-types"]),
    (
        "company-a",
        &["bridge-company", "bridge-business", "bridge-client", "bridge-validator", "bridge-store", "bridge-types"],
    ),
    (
        "company-b",
        &["bridge-company", "bridge-business", "bridge-client", "bridge-validator", "bridge-store", "bridge-types"],
    ),
    (
        "bridge-scenarios",
        &["company-a", "company-b", "bridge-sidecar", "bridge-client", "bridge-testkit", "bridge-jose", "bridge-types"],
    ),
    ("bridge-testkit", &["bridge-jose", "bridge-types"]),
];

#[test]
fn crates_name_only_what_their_arrows_allow() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_NAME.into_iter().collect();
    let members: BTreeSet<&str> = allowed.keys().copied().collect();
    let named = dependencies();
    assert_eq!(named.keys().map(String::as_str).collect::<BTreeSet<_>>(), members, "a crate without arrows");
    for (member, dependencies) in &named {
        for dependency in dependencies.iter().filter(|name| members.contains(name.as_str())) {
            let known = allowed[member.as_str()].contains(&dependency.as_str());
            assert!(known, "{member} names {dependency}, which its arrows do not allow");
        }
    }
}

/// The normal (not test, not build) dependencies of every member of the workspace.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path", manifest])
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let normal = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap().clone();
        all.iter().filter(|dependency| dependency["kind"].is_null()).map(|found| text(&found["name"])).collect()
    };
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().map(|package| (text(&package["name"]), normal(package))).collect()
}
