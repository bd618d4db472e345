//! `alg` that says something else than the published key.

use crate::attacks::Code::{AlgorithmNotAllowed, KeyAlgorithmMismatch, TokenMalformed};
use crate::attacks::public_key;
use crate::attacks::spell::segments;
use crate::attacks::table::Table;
use aws_lc_rs::hmac;
use bridge_jose::Algorithm;
use serde_json::{Value, json};

pub(super) fn cases(table: &mut Table<'_>) {
    table.section("alg", "RFC 8725 §3.1, §3.2");
    none(table);
    hmac_with_public_key(table);
    outside_the_profile(table);
    another_of_the_profile(table);
    mistyped(table);
}

fn none(table: &mut Table<'_>) {
    let spellings = [
        ("none", "none"),
        ("none-capital", "None"),
        ("none-upper", "NONE"),
        ("none-mixed", "nOnE"),
        ("none-space", "none "),
        ("none-nul", "none\0"),
        ("empty", ""),
    ];
    for (name, alg) in spellings {
        let title = format!("alg is {alg:?} and the signature is empty");
        table.deny(AlgorithmNotAllowed, name, title, move |stage| {
            stage.token().header("alg", alg).sign_by(|_| Vec::new())
        });
    }
    table.deny(AlgorithmNotAllowed, "none-signed", "alg is none and a signature is there", |stage| {
        stage.token().header("alg", "none").sign()
    });
    table.deny(TokenMalformed, "none-two-segments", "alg is none and the last dot is missing", |stage| {
        let token = stage.token().header("alg", "none").sign_by(|_| Vec::new());
        let [header, payload, _] = segments(&token);
        [header, payload].join(".")
    });
    table.deny(
        AlgorithmNotAllowed,
        "none-without-kid",
        "alg is none, and there is neither kid nor signature",
        |stage| stage.token().header("alg", "none").without_header("kid").sign_by(|_| Vec::new()),
    );
}

/// The oldest forgery: the public key, which everybody has, taken for the secret of an HMAC.
fn hmac_with_public_key(table: &mut Table<'_>) {
    for (alg, hash) in [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)] {
        for form in public_key::FORMS {
            let name = format!("{}-{}", alg.to_lowercase(), form.name);
            let title = format!("alg is {alg} and the secret is the public key as {}", form.title);
            table.deny(AlgorithmNotAllowed, name, title, move |stage| {
                let secret = hmac::Key::new(hash, &(form.bytes)(stage.key()));
                stage.token().header("alg", alg).sign_by(|input| hmac::sign(&secret, input).as_ref().to_vec())
            });
        }
    }
}

/// Names that no policy can allow, over a sound signature of the published key.
fn outside_the_profile(table: &mut Table<'_>) {
    let own = table.algorithm().as_str();
    let other_case = if own == "EdDSA" { "EDDSA".to_owned() } else { own.to_lowercase() };
    let names = ["ES384", "ES512", "ES256K", "Ed25519", "Ed448", "PS384", "PS512", "RS384", "RS512", "RS1", "dir"];
    let spellings = [other_case, format!("{own} "), format!(" {own}"), format!("{own}\0"), format!("{own},{own}")];
    for (index, alg) in names.into_iter().map(str::to_owned).chain(spellings).enumerate() {
        let name =
            if index < names.len() { alg.to_lowercase() } else { format!("spelling-{}", index - names.len() + 1) };
        let title = format!("alg is {alg:?} over a signature of {own}");
        table.deny(AlgorithmNotAllowed, name, title, move |stage| stage.token().header("alg", alg.clone()).sign());
    }
}

/// An algorithm that the profile knows, but not the one of the key that `kid` names.
fn another_of_the_profile(table: &mut Table<'_>) {
    table.clause("RFC 8725 §3.1; RFC 7517 §4.4");
    let own = table.algorithm();
    for alg in Algorithm::ALL.into_iter().filter(|alg| *alg != own) {
        let allowed = table.policy().algorithms.contains(&alg);
        let code = if allowed { KeyAlgorithmMismatch } else { AlgorithmNotAllowed };
        let name = format!("{}-for-{}", alg.as_str().to_lowercase(), own.as_str().to_lowercase());
        let title = format!("alg is {alg}, kid and signature are those of an {own} key");
        table.deny(code, name, title, move |stage| stage.token().header("alg", alg.as_str()).sign());
    }
    let same_material = match own {
        Algorithm::Ps256 => Algorithm::Rs256,
        Algorithm::Rs256 => Algorithm::Ps256,
        Algorithm::Es256 | Algorithm::EdDsa => return,
    };
    let allowed = table.policy().algorithms.contains(&same_material);
    let code = if allowed { KeyAlgorithmMismatch } else { AlgorithmNotAllowed };
    let title = format!("alg is {same_material} and the {own} key made a sound {same_material} signature");
    table.deny(code, "same-material", title, move |stage| {
        let other = super::signature::as_other(stage.key(), same_material);
        stage.token().header("alg", same_material.as_str()).sign_with(&other)
    });
}

fn mistyped(table: &mut Table<'_>) {
    table.clause("RFC 7515 §4.1.1");
    table.deny(AlgorithmNotAllowed, "absent", "there is no alg", |stage| stage.token().without_header("alg").sign());
    for (name, value) in
        [("null", Value::Null), ("number", json!(256)), ("true", json!(true)), ("object", json!({"name": "ES256"}))]
    {
        table.deny(TokenMalformed, name, format!("alg is {value}"), move |stage| {
            stage.token().header("alg", value.clone()).sign()
        });
    }
    table.deny(TokenMalformed, "array", "alg is a list of the right name", |stage| {
        stage.token().header("alg", json!([stage.key().algorithm()])).sign()
    });
}
