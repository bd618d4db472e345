//! Valid tokens with a few random changes each, well signed where the change is in what is signed.

use bridge_jose::SigningKey;
use bridge_testkit::{Forge, Members};
use fastrand::Rng;

/// What a claim or a header member may become. Some are right for some names, so that not everything is refused.
const VALUES: [&str; 46] = [
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "0",
    "-0",
    "-1",
    "1",
    "1.0",
    "1e3",
    "9223372036854775807",
    "9223372036854775808",
    "1e300",
    "NaN",
    "01",
    "\"\\ud800\"",
    "\"x\"",
    "[\"x\"]",
    "{\"x\":{\"x\":1}}",
    "{\"x\":1,\"x\":1}",
    "1767225600",
    "1767225600.0",
    "1767225600.5",
    "17672256e2",
    "\"1767225600\"",
    "1767225569",
    "1767225570",
    "1767225571",
    "1767225629",
    "1767225630",
    "1767225631",
    "1767226500",
    "1767226501",
    "\"https://api.company-b.example\"",
    "[\"https://api.company-b.example\"]",
    "[\"https://api.company-b.example\",\"https://api.company-c.example\"]",
    "\"https://api.company-b.example/\"",
    "\"https://issuer.company-a.example\"",
    "\"https://issuer.company-c.example\"",
    "\"order-service\"",
    "\"stock-service\"",
    "\"shipments:read\"",
    "\"shipments:write shipments:read\"",
    "\"shipments:read shipments:read\"",
    "\"shipments:write\"",
];

const TYPES: [&str; 8] =
    ["\"at+jwt\"", "\"AT+JWT\"", "\"application/at+jwt\"", "\"JWT\"", "\"at+jwt \"", "null", "\"\"", "[\"at+jwt\"]"];
const ALGORITHMS: [&str; 7] =
    ["\"ES256\"", "\"EdDSA\"", "\"PS256\"", "\"RS256\"", "\"none\"", "\"HS256\"", "\"es256\""];
const CLAIMS: [&str; 12] =
    ["iss", "sub", "client_id", "aud", "scope", "iat", "exp", "nbf", "jti", "cnf", "x", "\\u0065xp"];
const HEADERS: [&str; 12] = ["alg", "kid", "typ", "crit", "b64", "jwk", "jku", "x5c", "x5u", "zip", "cty", "x"];

/// One token with one to three changes.
pub(super) fn mutant(rng: &mut Rng, valid: &Forge, other: &SigningKey) -> String {
    let mut token = valid.clone();
    for _ in 0..rng.usize(1..=3) {
        token = match rng.u8(0..10) {
            0..=5 => token.claims_with(|claims| change(rng, claims, &CLAIMS)),
            6..=8 => token.header_with(|header| change(rng, header, &HEADERS)),
            _ => token,
        };
    }
    match rng.u8(0..20) {
        0 => token.sign_with(other),
        1 => token.sign_payload(respell(rng, &token.claims_json())),
        2 => token.sign_header(respell(rng, &token.header_json())),
        3 => bend(rng, &token.sign()),
        4 => token.sign_then(|signature| {
            let at = rng.usize(..signature.len());
            signature[at] ^= 1 << rng.u8(..8);
        }),
        _ => token.sign(),
    }
}

fn change(rng: &mut Rng, members: &mut Members, names: &[&'static str]) {
    let name = names[rng.usize(..names.len())];
    let value = match name {
        "typ" => TYPES[rng.usize(..TYPES.len())],
        "alg" => ALGORITHMS[rng.usize(..ALGORITHMS.len())],
        _ => VALUES[rng.usize(..VALUES.len())],
    };
    match rng.u8(0..8) {
        0 => members.remove(name),
        1 => members.append(name, value),
        2 => members.reverse(),
        _ => members.set_text(name, value),
    }
}

/// The same JSON, or almost, as other bytes.
fn respell(rng: &mut Rng, json: &str) -> Vec<u8> {
    match rng.u8(0..8) {
        0 => format!(" {json}\n").into(),
        1 => format!("\u{feff}{json}").into(),
        2 => json.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        3 => format!("[{json}]").into(),
        4 => format!("{json}\0").into(),
        5 => [b"{\"x\":\"\xff\",", &json.as_bytes()[1..]].concat(),
        6 => json.replacen('{', &format!("{{\"x\":{}{},", "[".repeat(20), "]".repeat(20)), 1).into(),
        _ => json.replacen(':', " :\t", 1).into(),
    }
}

/// One letter of the compact form is changed, put in or taken out.
fn bend(rng: &mut Rng, token: &str) -> String {
    let at = rng.usize(..token.len());
    let letter = char::from(b"Aa0-_=.+/ \n"[rng.usize(..11)]);
    let (before, after) = token.split_at(at);
    match rng.u8(0..3) {
        0 => format!("{before}{letter}{}", &after[1..]),
        1 => format!("{before}{letter}{after}"),
        _ => format!("{before}{}", &after[1..]),
    }
}
