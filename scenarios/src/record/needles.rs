//! The secrets of a run, looked for in whatever form they may have got somewhere.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use std::collections::{BTreeSet, HashMap};

/// How much of a secret is looked for. Nothing else has so many bytes in common with it.
const PART: usize = 24;

/// By how many bytes two finds are told apart before they are compared.
const START: usize = 8;

/// Parts of secrets in every form in which they are looked for: as they are, base64 and base64url at each alignment,
/// hexadecimal, and what of these is URL-encoded.
#[derive(Default)]
pub(crate) struct Needles(HashMap<[u8; START], Vec<(Vec<u8>, String)>>);

impl Needles {
    /// Looks for a part of a secret too; of a longer one, its first bytes. What is shorter would be found everywhere.
    pub(crate) fn add(&mut self, name: &str, secret: &[u8]) {
        let Some(part) = secret.get(..PART) else { return };
        for form in forms(part) {
            if let Some(start) = form.first_chunk() {
                self.0.entry(*start).or_default().push((form.clone(), name.to_owned()));
            }
        }
    }

    /// The names of the secrets that stand in a text.
    pub(crate) fn found_in(&self, text: &[u8]) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        for (at, start) in text.windows(START).enumerate() {
            let Some(candidates) = start.first_chunk().and_then(|start| self.0.get(start)) else { continue };
            let here = candidates.iter().filter(|(form, _)| text[at..].starts_with(form));
            found.extend(here.map(|(_, name)| name.as_str()));
        }
        found
    }
}

fn forms(part: &[u8]) -> BTreeSet<Vec<u8>> {
    let hex = |upper: bool| -> String {
        part.iter().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") }).collect()
    };
    let mut texts = vec![part.to_vec(), hex(false).into(), hex(true).into()];
    for before in 0..3 {
        let shifted = [vec![0; before], part.to_vec()].concat();
        // Characters that depend on what stands before or behind the part are left out.
        let (first, last) = ((before * 8).div_ceil(6), shifted.len() * 8 / 6);
        texts.extend([STANDARD, URL_SAFE].map(|base64| base64.encode(&shifted).as_bytes()[first..last].to_vec()));
    }
    let encoded: Vec<_> = texts.iter().map(|text| url_encoded(text)).collect();
    texts.into_iter().chain(encoded).collect()
}

fn url_encoded(text: &[u8]) -> Vec<u8> {
    let encode = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => vec![*byte],
        byte => format!("%{byte:02X}").into_bytes(),
    };
    text.iter().flat_map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::Needles;
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    #[test]
    fn finds_a_secret_in_every_form() {
        let secret: Vec<u8> = (0..40_u8).map(|byte| byte.wrapping_mul(37).wrapping_add(251)).collect();
        let mut needles = Needles::default();
        needles.add("the secret", &secret);
        let hex = secret.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        let mut texts = vec![secret.clone(), super::url_encoded(&secret), hex.to_uppercase().into(), hex.into()];
        for before in ["", "a", "ab", "abc"] {
            let text = [before.as_bytes(), &secret, b"behind"].concat();
            texts.extend([STANDARD.encode(&text).into(), URL_SAFE_NO_PAD.encode(&text).into()]);
            texts.push(STANDARD.encode(&text).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D").into());
        }
        for text in texts {
            assert!(needles.found_in(&[b"x ", &*text, b" y"].concat()).contains("the secret"), "{text:?}");
        }
        assert!(needles.found_in(&secret[1..]).is_empty());
    }
}
