use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_jose::{Algorithm, PublicJwk, SigningKey, VerificationKey};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Makes signatures, and can make the same one twice.
///
/// ES256 and PS256 signatures differ each time. A pen with a memory gives the one that it has given before for the same
/// key and text, so that committed vectors do not change when they are made again. The other two need no memory.
#[derive(Debug, Clone, Default)]
pub struct Pen(Option<Arc<Mutex<Memory>>>);

#[derive(Debug, Default)]
struct Memory {
    signatures: BTreeMap<String, String>,
    /// What was signed with which key, whatever the algorithm.
    signed: BTreeSet<String>,
}

impl Pen {
    /// A pen that remembers these signatures, and each new one. The names are those of [`Pen::used`].
    pub fn remembering(signatures: BTreeMap<String, String>) -> Self {
        Self(Some(Arc::new(Mutex::new(Memory { signatures, signed: BTreeSet::new() }))))
    }

    /// The raw JWS signature over a signing input.
    pub fn sign(&self, key: &SigningKey, input: &[u8]) -> Vec<u8> {
        let fresh = || key.sign(input).expect("the key signs");
        let repeatable = matches!(key.algorithm(), Algorithm::EdDsa | Algorithm::Rs256);
        let Some(memory) = &self.0 else { return fresh() };
        let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
        let name = name(key.public(), input);
        memory.signed.insert(name.clone());
        if repeatable {
            return fresh();
        }
        if let Some(known) = memory.signatures.get(&name).and_then(|text| valid(key, input, text)) {
            return known;
        }
        let signature = fresh();
        memory.signatures.insert(name, URL_SAFE_NO_PAD.encode(&signature));
        signature
    }

    /// True when this text was signed with the private half of this key since the pen was made. Never true for a pen without
    /// a memory.
    pub fn has_signed(&self, key: &PublicJwk, input: &[u8]) -> bool {
        let memory = self.0.as_ref().map(|memory| memory.lock().unwrap_or_else(PoisonError::into_inner));
        memory.is_some_and(|memory| memory.signed.contains(&name(key, input)))
    }

    /// The signatures that were asked for: what is worth remembering. Empty for a pen without a memory.
    pub fn used(&self) -> BTreeMap<String, String> {
        let Some(memory) = &self.0 else { return BTreeMap::new() };
        let memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
        let used = memory.signatures.iter().filter(|(name, _)| memory.signed.contains(*name));
        used.map(|(name, signature)| (name.clone(), signature.clone())).collect()
    }
}

/// What a signature is remembered by: algorithm, key and text, hashed.
fn name(key: &PublicJwk, input: &[u8]) -> String {
    let whole = [key.algorithm().as_str().as_bytes(), key.kid().as_str().as_bytes(), input].join(&b' ');
    URL_SAFE_NO_PAD.encode(digest(&SHA256, &whole))
}

/// A remembered signature, unless it has become wrong.
fn valid(key: &SigningKey, input: &[u8], text: &str) -> Option<Vec<u8>> {
    let signature = URL_SAFE_NO_PAD.decode(text).ok()?;
    let public = VerificationKey::try_from(key.public()).ok()?;
    public.verify_signature(input, &signature).is_ok().then_some(signature)
}

#[cfg(test)]
mod tests {
    use super::Pen;
    use bridge_jose::Algorithm;
    use bridge_jose::SigningKey;
    use std::collections::BTreeMap;

    #[test]
    fn gives_a_remembered_signature_again_and_replaces_a_wrong_one() {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let pen = Pen::remembering(BTreeMap::new());
        let first = pen.sign(&key, b"text");
        assert_eq!(pen.sign(&key, b"text"), first);
        assert_ne!(Pen::default().sign(&key, b"text"), first, "ES256 signatures differ each time");

        assert!(pen.has_signed(key.public(), b"text") && !pen.has_signed(key.public(), b"other"));
        let again = Pen::remembering(pen.used());
        assert!(again.used().is_empty());
        assert_eq!(again.sign(&key, b"text"), first);

        let spoilt = pen.used().into_keys().map(|name| (name, "AAAA".to_owned())).collect();
        assert_ne!(Pen::remembering(spoilt).sign(&key, b"text"), [0; 3]);
    }
}
