//! Other ways to write the bytes of a token, and arithmetic on signatures.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_jose::SigningKey;
use serde_json::Value;

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The order of P-256 (FIPS 186-5), big-endian.
pub(super) const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The order of the base point of Ed25519 (RFC 8032 §5.1), little-endian.
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Unpadded base64url.
pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The three segments of a token.
pub(super) fn segments(token: &str) -> [&str; 3] {
    let all: Vec<&str> = token.split('.').collect();
    all.try_into().expect("a signed token has three segments")
}

/// The same bytes with an unused bit of the last character set. `None` when the length leaves no unused bits.
pub(super) fn respell(segment: &str) -> Option<String> {
    if segment.len() % 4 < 2 {
        return None;
    }
    let (rest, last) = segment.split_at(segment.len() - 1);
    let value = ALPHABET.find(last).expect("a segment is base64url");
    Some(format!("{rest}{}", &ALPHABET[value + 1..value + 2]))
}

/// A JSON object with as much white space behind it as makes its encoding end in unused bits.
pub(super) fn with_unused_bits(json: &str) -> String {
    if json.len().is_multiple_of(3) { format!("{json} ") } else { json.to_owned() }
}

/// An ES256 signature with `n - s` for `s`: just as valid (the profile demands no low `s`).
pub(super) fn other_s(signature: &mut [u8]) {
    let mut borrow = 0;
    for (byte, order) in signature[32..].iter_mut().zip(P256_ORDER).rev() {
        let difference = i16::from(order) - i16::from(*byte) - borrow;
        borrow = i16::from(difference < 0);
        *byte = byte_of(difference.rem_euclid(256));
    }
}

/// True when `s` is in the upper half of its range.
pub(super) fn is_high_s(signature: &[u8]) -> bool {
    let mut other = signature.to_vec();
    other_s(&mut other);
    signature[32..] > other[32..]
}

/// An Ed25519 signature with `S + L` for `S`: satisfies the equation, but is out of range (RFC 8032 §5.1.7).
pub(super) fn s_plus_order(signature: &mut [u8]) {
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ED25519_ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        carry = sum / 256;
        *byte = byte_of(sum % 256);
    }
}

/// A number that is known to fit.
fn byte_of<N: TryInto<u8>>(number: N) -> u8 {
    number.try_into().ok().expect("the number is below 256")
}

/// `ECDSA-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 §2.2.3) of a raw signature.
pub(super) fn der(raw: &[u8]) -> Vec<u8> {
    let body = [integer(&raw[..32]), integer(&raw[32..])].concat();
    [vec![0x30, byte_of(body.len())], body].concat()
}

/// An INTEGER in as few bytes as possible.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(bytes.len() - 1);
    let mut minimal = bytes[zeros..].to_vec();
    if minimal[0] >= 0x80 {
        minimal.insert(0, 0);
    }
    [vec![2, byte_of(minimal.len())], minimal].concat()
}

/// A member of the public half of a key, decoded: `n`, `x` or `y`.
pub(super) fn member(key: &SigningKey, name: &str) -> Vec<u8> {
    let jwk = serde_json::to_value(key.public()).expect("a JWK is JSON");
    let text = jwk[name].as_str().expect("the key has this member");
    URL_SAFE_NO_PAD.decode(text).expect("JWK members are base64url")
}

/// The public half of a key as a JWK.
pub(super) fn jwk(key: &SigningKey) -> Value {
    serde_json::to_value(key.public()).expect("a JWK is JSON")
}

#[cfg(test)]
mod tests {
    use super::{P256_ORDER, der, encode, is_high_s, other_s, respell, s_plus_order};

    #[test]
    fn other_s_is_the_order_minus_s() {
        let mut signature = [0; 64];
        signature[63] = 1;
        other_s(&mut signature);
        let mut expected = P256_ORDER;
        expected[31] -= 1;
        assert_eq!(signature[32..], expected);
        assert!(is_high_s(&signature));
        other_s(&mut signature);
        assert_eq!((signature[62], signature[63], is_high_s(&signature)), (0, 1, false));
    }

    #[test]
    fn s_plus_order_carries() {
        let mut signature = [0; 64];
        signature[32] = 0x13;
        s_plus_order(&mut signature);
        assert_eq!((signature[32], signature[33], signature[63]), (0, 0xd4, 0x10));
    }

    #[test]
    fn der_is_minimal() {
        let mut raw = [0; 64];
        raw[31] = 0x80;
        raw[63] = 1;
        assert_eq!(der(&raw), [0x30, 7, 2, 2, 0, 0x80, 2, 1, 1]);
    }

    #[test]
    fn a_respelt_segment_differs_only_in_unused_bits() {
        assert_eq!(respell(&encode([0, 0])).unwrap(), "AAB");
        assert_eq!(respell(&encode([0xff])).unwrap(), "_x");
        assert_eq!(respell(&encode([0, 0, 0])), None);
    }
}
