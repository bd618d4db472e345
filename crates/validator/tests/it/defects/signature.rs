use super::{Defect, defect};
use bridge_jose::{Algorithm, SigningKey};
use bridge_validator::Reason::{SignatureInvalid, TokenMalformed};

/// Breaks the signature, or what was signed.
pub(super) fn defects() -> Vec<Defect> {
    vec![
        defect("first byte of the signature flipped", SignatureInvalid, |world| {
            world.token().sign_then(|signature| signature[0] ^= 1)
        }),
        defect("middle byte of the signature flipped", SignatureInvalid, |world| {
            world.token().sign_then(|signature| signature[32] ^= 0x80)
        }),
        defect("last byte of the signature flipped", SignatureInvalid, |world| {
            world.token().sign_then(|signature| *signature.last_mut().unwrap() ^= 1)
        }),
        defect("no signature", SignatureInvalid, |world| world.token().sign_then(Vec::clear)),
        defect("signature a byte short", SignatureInvalid, |world| {
            world.token().sign_then(|signature| signature.truncate(signature.len() - 1))
        }),
        defect("signature a byte long", SignatureInvalid, |world| {
            world.token().sign_then(|signature| signature.push(0))
        }),
        defect("signature of zeros", SignatureInvalid, |world| world.token().sign_then(|signature| signature.fill(0))),
        defect("signature of ones", SignatureInvalid, |world| {
            world.token().sign_then(|signature| signature.fill(0xff))
        }),
        defect("signature in DER", SignatureInvalid, |world| {
            world.token().sign_then(|signature| *signature = der(signature))
        }),
        defect("signed by a stranger under the kid of the issuer", SignatureInvalid, |world| {
            world.token().sign_with(&SigningKey::generate(world.issuer.key.algorithm()).unwrap())
        }),
        defect("signed by another partner under the kid of the issuer", SignatureInvalid, |world| {
            let forged = world.token().sign_with(&world.other.key);
            assert_eq!(world.other.key.algorithm(), Algorithm::Es256);
            forged
        }),
        defect("payload of another token of the issuer", SignatureInvalid, |world| {
            let (one, other) = (world.token().sign(), world.token().claim("jti", "other").sign());
            let payload = other.split('.').nth(1).unwrap();
            let parts: Vec<&str> = one.split('.').collect();
            format!("{}.{payload}.{}", parts[0], parts[2])
        }),
        defect("header of another token of the issuer", SignatureInvalid, |world| {
            let (one, other) = (world.token().sign(), world.token().header("cty", "x").sign());
            let (header, _) = other.split_once('.').unwrap();
            format!("{header}.{}", one.split_once('.').unwrap().1)
        }),
        defect("payload changed without JSON", TokenMalformed, |world| world.token().sign_payload("not JSON")),
    ]
}

/// `r || s` as the DER sequence of two integers that other protocols use.
fn der(signature: &[u8]) -> Vec<u8> {
    let integer = |half: &[u8]| [&[2, u8::try_from(half.len() + 1).unwrap_or(0x7f), 0], half].concat();
    let (r, s) = signature.split_at(signature.len() / 2);
    let body = [integer(r), integer(s)].concat();
    [&[0x30, u8::try_from(body.len()).unwrap_or(0x7f)], &body[..]].concat()
}
