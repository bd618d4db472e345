//! The committed vectors are what the forge makes.

use crate::corpus::ALL_CODES;
use bridge_testkit::Pen;
use bridge_testkit::attacks::Code;
use bridge_testkit::attacks::vectors::{self, Keys};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const AGAIN: &str = "make the vectors again: cargo run -p bridge-testkit --example vectors";

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/attacks")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(directory().join(name)).unwrap_or_else(|error| panic!("{name}: {error}; {AGAIN}"))
}

fn made() -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let keys: Keys = serde_json::from_str(&read("keys.json")).unwrap();
    let pen = Pen::remembering(serde_json::from_str(&read("signatures.json")).unwrap());
    (vectors::files(&keys, &pen), pen.used())
}

#[test]
fn committed_vectors_are_what_the_forge_makes() {
    let (files, signatures) = made();
    for (name, text) in &files {
        let committed = read(name);
        let differs = committed.lines().zip(text.lines()).position(|(committed, made)| committed != made);
        assert!(committed == *text, "{name} differs, first at line {:?}; {AGAIN}", differs.map(|line| line + 1));
    }
    let committed: BTreeMap<String, String> = serde_json::from_str(&read("signatures.json")).unwrap();
    assert!(committed == signatures, "signatures.json differs; {AGAIN}");
    let listed = std::fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let vectors: Vec<String> =
        listed.filter(|name| name.ends_with("256.json") || name.ends_with("eddsa.json")).collect();
    assert_eq!(vectors.len(), files.len(), "{vectors:?}");
}

#[test]
fn the_schema_knows_every_reason_code() {
    let schema: Value = serde_json::from_str(&read("vectors.schema.json")).unwrap();
    let listed: Vec<&str> =
        schema["$defs"]["code"]["enum"].as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
    assert_eq!(listed, ALL_CODES.map(Code::as_str));
}

#[test]
fn no_vector_contains_a_private_key() {
    let (files, _) = made();
    for (name, text) in files {
        let vectors: Value = serde_json::from_str(&text).unwrap();
        let mut jwks = Vec::new();
        collect_keys(&vectors, &mut jwks);
        assert!(!jwks.is_empty(), "{name}");
        for jwk in jwks {
            assert!(jwk.get("d").is_none() && jwk.get("p").is_none() && jwk.get("k").is_none(), "{name}");
        }
    }
}

/// Every object that looks like a JWK, at any depth.
fn collect_keys<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(members) => {
            if members.contains_key("kty") {
                found.push(value);
            }
            members.values().for_each(|value| collect_keys(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_keys(value, found)),
        _ => {}
    }
}
