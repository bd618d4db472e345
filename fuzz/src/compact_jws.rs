//! Whole tokens: what verifies is what was signed, however it was bent on the way.

use super::fixture;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_jose::{Algorithm, KeySet, PublicJwk, UnverifiedToken};
use bridge_testkit::Pen;
use bridge_testkit::attacks::vectors;
use serde_json::Value;
use std::sync::LazyLock;

/// A first byte of 0 says that the rest is a token as it came; any other, that the rest bends a token of the vectors.
pub fn check(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    if *kind == 0 {
        text(rest);
    } else if let Some(bent) = bend(rest) {
        text(&bent);
    }
}

fn text(data: &[u8]) {
    let Ok(token) = std::str::from_utf8(data) else { return };
    let Ok(parsed) = UnverifiedToken::parse(token) else { return };
    let segments: Vec<&str> = token.split('.').collect();
    assert_eq!(segments.len(), 3, "a compact JWS has three segments");
    for segment in &segments {
        let bytes = URL_SAFE_NO_PAD.decode(segment).expect("every segment is base64url");
        assert_eq!(&URL_SAFE_NO_PAD.encode(bytes), segment, "a segment has one spelling");
    }
    if let Ok(issuer) = parsed.unverified_issuer() {
        let payload = URL_SAFE_NO_PAD.decode(segments[1]).expect("every segment is base64url");
        let text = std::str::from_utf8(&payload).expect("an issuer stands in a text");
        assert!(text.trim_start().starts_with('{'), "an issuer stands in an object");
        // What is left unread before the signature is checked may still be no JSON.
        if let Ok(payload) = serde_json::from_str::<Value>(text) {
            assert_eq!(payload["iss"], issuer.as_str());
        }
    }
    let Some(key) = BOOK.keys.find(parsed.header().key_id()) else { return };
    let named = parsed.header().algorithm();
    if let Ok(verified) = parsed.verify(key) {
        assert_eq!(named, key.algorithm(), "a key has one algorithm");
        assert_eq!(verified.header().algorithm(), named);
        let input = token.rsplit_once('.').map(|(input, _)| input).unwrap_or_default();
        let jwk = BOOK.published.iter().find(|jwk| jwk.kid() == key.kid()).expect("the key was published");
        assert!(BOOK.pen.has_signed(jwk, input.as_bytes()), "nobody signed {input}");
    }
}

/// The tokens of the vectors, the keys, and the pen that signed everything that was ever signed with them.
struct Book {
    tokens: Vec<String>,
    pen: Pen,
    published: Vec<PublicJwk>,
    keys: KeySet,
}

static BOOK: LazyLock<Book> = LazyLock::new(|| {
    let signatures = serde_json::from_str(include_str!("../../scenarios/attacks/signatures.json"));
    let pen = Pen::remembering(signatures.expect("the signatures of the vectors are JSON"));
    let files = vectors::files(&fixture::KEYS, &pen);
    let rings = Algorithm::ALL.map(fixture::ring);
    let published: Vec<PublicJwk> =
        rings.iter().flat_map(|ring| [ring.current.public().clone(), ring.foreign.public().clone()]).collect();
    Book {
        tokens: files.values().flat_map(|file| bearers(file)).collect(),
        pen,
        keys: KeySet::from_jwks(&published).expect("the keys of the vectors are good"),
        published,
    }
});

fn bearers(file: &str) -> Vec<String> {
    let file: Value = serde_json::from_str(file).expect("the vectors are JSON");
    let bearer = |case: &Value| case["request"]["bearer"].as_str().map(str::to_owned);
    file["cases"].as_array().expect("the vectors have cases").iter().filter_map(bearer).collect()
}

/// A token of the vectors with bytes replaced, put in or taken out: two bytes choose the token, then each edit has
/// three for the place and the kind, and one for the letter.
fn bend(script: &[u8]) -> Option<Vec<u8>> {
    let number = |bytes: &[u8]| usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
    let (choice, edits) = script.split_at_checked(2)?;
    let mut token = BOOK.tokens[number(choice) % BOOK.tokens.len()].clone().into_bytes();
    for edit in edits.chunks_exact(4).take(16) {
        let at = number(edit) % token.len().max(1);
        match edit[2] % 4 {
            0 if at < token.len() => token[at] = edit[3],
            1 => token.insert(at, edit[3]),
            2 if at < token.len() => drop(token.remove(at)),
            3 if at < token.len() => token[at] ^= 1 << (edit[3] % 8),
            _ => {}
        }
    }
    Some(token)
}
