//! Signatures that the key did not make over this text, in every shape that has fooled a verifier.

use crate::attacks::Code::SignatureInvalid;
use crate::attacks::spell::{self, P256_ORDER, encode, segments};
use crate::attacks::table::Table;
use bridge_jose::{Algorithm, SigningKey};
use bridge_types::Secret;

const REGIONS: usize = 16;

pub(super) fn cases(table: &mut Table<'_>) {
    table.section("signature", "RFC 7515 §5.2 step 8");
    flips(table);
    shapes(table);
    other_texts(table);
    match table.algorithm() {
        Algorithm::Es256 => ecdsa(table),
        Algorithm::EdDsa => eddsa(table),
        Algorithm::Ps256 | Algorithm::Rs256 => rsa(table),
    }
}

/// A row whose token has its signature bytes changed.
fn spoilt(table: &mut Table<'_>, name: &str, title: &str, change: fn(&mut Vec<u8>)) {
    table.deny(SignatureInvalid, name, title, move |stage| stage.token().sign_then(change));
}

fn flips(table: &mut Table<'_>) {
    let length = if matches!(table.algorithm(), Algorithm::Es256 | Algorithm::EdDsa) { 64 } else { 256 };
    for at in (0..length).step_by(length / REGIONS).chain([length - 1]) {
        let (name, title) = (format!("flip-{at:03}"), format!("one bit of byte {at} of the signature is flipped"));
        table.deny(SignatureInvalid, name, title, move |stage| stage.token().sign_then(|bytes| bytes[at] ^= 1));
    }
}

fn shapes(table: &mut Table<'_>) {
    spoilt(table, "empty", "the signature is empty", Vec::clear);
    spoilt(table, "one-byte", "the signature is one byte", |bytes| bytes.truncate(1));
    spoilt(table, "truncated", "the last byte is missing", |bytes| bytes.truncate(bytes.len() - 1));
    spoilt(table, "half", "the second half is missing", |bytes| bytes.truncate(bytes.len() / 2));
    spoilt(table, "extended", "a zero byte follows", |bytes| bytes.push(0));
    spoilt(table, "leading-zero", "a zero byte stands in front", |bytes| bytes.insert(0, 0));
    spoilt(table, "doubled", "the signature stands there twice", |bytes| bytes.extend_from_within(..));
    spoilt(table, "reversed", "the bytes are in reverse order", |bytes| bytes.reverse());
    spoilt(table, "zero", "every byte is zero", |bytes| bytes.fill(0));
    spoilt(table, "ones", "every bit is one", |bytes| bytes.fill(0xff));
}

/// Sound signatures by the right key or another one, over another text.
fn other_texts(table: &mut Table<'_>) {
    table.deny(SignatureInvalid, "of-another-token", "the signature is that of another token", |stage| {
        let (token, other) = (stage.token().sign(), stage.token().claim("jti", "another").sign());
        let ([header, payload, _], [_, _, signature]) = (segments(&token), segments(&other));
        [header, payload, signature].join(".")
    });
    table.deny(
        SignatureInvalid,
        "over-payload-alone",
        "the signature covers the payload without the header",
        |stage| {
            let token = stage.token().sign();
            let [header, payload, _] = segments(&token);
            [header, payload, &encode(stage.pen().sign(stage.key(), payload.as_bytes()))].join(".")
        },
    );
    table.deny(SignatureInvalid, "over-decoded-text", "the signature covers the text before its encoding", |stage| {
        let token = stage.token();
        let (header, payload) = (token.header_json(), token.claims_json());
        let signature = stage.pen().sign(stage.key(), format!("{header}.{payload}").as_bytes());
        [encode(header), encode(payload), encode(signature)].join(".")
    });
    table.deny(SignatureInvalid, "rogue-key", "another key signed under the kid of the published one", |stage| {
        stage.token().sign_with(&stage.ring().rogue)
    });
    table.deny(SignatureInvalid, "foreign-key", "another issuer's key signed under the kid of this one", |stage| {
        stage.token().sign_with(&stage.ring().foreign)
    });
    table.deny(SignatureInvalid, "header-changed", "a header member was added after signing", |stage| {
        let token = stage.token();
        let (changed, signed) = (token.clone().header("x", 1), token.sign());
        let [_, payload, signature] = segments(&signed);
        [&encode(changed.header_json()), payload, signature].join(".")
    });
    let rights = table.policy().scopes.join(" ");
    for (name, claim, value) in [
        ("scope-changed", "scope", rights + " admin"),
        ("client-changed", "client_id", "admin".to_owned()),
        ("audience-changed", "aud", "https://elsewhere.example".to_owned()),
    ] {
        let title = format!("the claim {claim} was changed after signing");
        table.deny(SignatureInvalid, name, title, move |stage| {
            let signed = stage.token().sign();
            let [header, _, signature] = segments(&signed);
            let payload = encode(stage.token().claim(claim, value.clone()).claims_json());
            [header, &payload, signature].join(".")
        });
    }
}

fn ecdsa(table: &mut Table<'_>) {
    table.clause("RFC 7518 §3.4");
    spoilt(table, "der", "the signature is in DER", |bytes| *bytes = spell::der(bytes));
    spoilt(table, "halves-swapped", "r and s are exchanged", |bytes| bytes.rotate_left(32));
    spoilt(table, "wide-halves", "r and s have 48 bytes each, as ES384 has", |bytes| {
        *bytes = [&[0; 16], &bytes[..32], &[0; 16], &bytes[32..]].concat();
    });
    table.clause("FIPS 186-5 §6.4.2");
    spoilt(table, "r-zero", "r is zero", |bytes| bytes[..32].fill(0));
    spoilt(table, "s-zero", "s is zero", |bytes| bytes[32..].fill(0));
    spoilt(table, "r-order", "r is the order of the curve", |bytes| bytes[..32].copy_from_slice(&P256_ORDER));
    spoilt(table, "s-order", "s is the order of the curve", |bytes| bytes[32..].copy_from_slice(&P256_ORDER));
    spoilt(table, "both-order", "r and s are the order of the curve", |bytes| *bytes = P256_ORDER.repeat(2));
    spoilt(table, "both-one", "r and s are one", |bytes| {
        bytes.fill(0);
        (bytes[31], bytes[63]) = (1, 1);
    });
    for (name, high) in [("low-s", false), ("high-s", true)] {
        let half = if high { "upper" } else { "lower" };
        table.allow(name, format!("s is in the {half} half of its range: both are valid"), move |stage| {
            stage.token().sign_then(|bytes| {
                if spell::is_high_s(bytes) != high {
                    spell::other_s(bytes);
                }
            })
        });
    }
}

fn eddsa(table: &mut Table<'_>) {
    table.clause("RFC 8032 §5.1.7");
    spoilt(table, "s-plus-order", "S is out of range: the order was added to it", |bytes| spell::s_plus_order(bytes));
    spoilt(table, "r-zero", "R is zero", |bytes| bytes[..32].fill(0));
    spoilt(table, "s-zero", "S is zero", |bytes| bytes[32..].fill(0));
    spoilt(table, "halves-swapped", "R and S are exchanged", |bytes| bytes.rotate_left(32));
    spoilt(table, "neutral", "R is the neutral element and S is zero", |bytes| {
        bytes.fill(0);
        bytes[0] = 1;
    });
    spoilt(table, "high-bits", "the three highest bits of S are set", |bytes| bytes[63] |= 0xe0);
}

fn rsa(table: &mut Table<'_>) {
    let pss = table.algorithm() == Algorithm::Ps256;
    table.clause(if pss { "RFC 8017 §8.1.2" } else { "RFC 8017 §8.2.2" });
    table.deny(SignatureInvalid, "modulus", "the signature is the modulus", |stage| {
        stage.token().sign_then(|bytes| *bytes = spell::member(stage.key(), "n"))
    });
    spoilt(table, "one", "the signature is the number one", |bytes| {
        bytes.fill(0);
        bytes[255] = 1;
    });
    let other = if pss { Algorithm::Rs256 } else { Algorithm::Ps256 };
    let title = format!("the right key made the signature with the padding of {other}");
    table.deny(SignatureInvalid, "other-padding", title, move |stage| {
        stage.token().sign_with(&as_other(stage.key(), other))
    });
}

/// The same RSA key, bound to the other padding.
pub(super) fn as_other(key: &SigningKey, algorithm: Algorithm) -> SigningKey {
    let pkcs8 = Secret::new(key.to_pkcs8().expose().clone());
    SigningKey::from_pkcs8(algorithm, pkcs8).expect("an RSA key serves both paddings")
}
