use super::error::CustodyError;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{SHA256, digest};
use bridge_issuer::{KeyPurpose, KeyRecord};
use bridge_jose::PublicJwk;
use bridge_types::Secret;
use std::fmt;
use zeroize::Zeroizing;

/// What a sealed private half begins with. PKCS#8 is DER and begins with 0x30, so nothing is taken for the other.
const MAGIC: &[u8] = b"bridge-sealed-1:";
const HEADER: usize = MAGIC.len() + KekId::LEN;

/// A key-encryption key: 256 bits that seal the private halves of a company (AES-256-GCM, NIST SP 800-38D, with a random
/// nonce for each row; a company seals a few keys a month).
pub struct Kek {
    id: KekId,
    bytes: Secret<Vec<u8>>,
}

/// Which key-encryption key: the beginning of a hash of it. It says nothing of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KekId([u8; Self::LEN]);

impl KekId {
    const LEN: usize = 8;

    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = |index: usize| text.get(2 * index..2 * index + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
        let mut bytes = [0; Self::LEN];
        bytes.iter_mut().enumerate().try_for_each(|(index, byte)| digits(index).map(|digit| *byte = digit))?;
        (text.len() == 2 * Self::LEN).then_some(Self(bytes))
    }
}

impl fmt::Display for KekId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Kek {
    const LEN: usize = 32;

    /// A new one, from the system's randomness.
    ///
    /// # Errors
    /// [`CustodyError::Cryptography`].
    pub fn generate() -> Result<Self, CustodyError> {
        let mut bytes = vec![0; Self::LEN];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| CustodyError::Cryptography)?;
        Self::new(Secret::new(bytes)).ok_or(CustodyError::Cryptography)
    }

    /// These bytes as a key; `None` unless they are 32.
    pub fn new(bytes: Secret<Vec<u8>>) -> Option<Self> {
        if bytes.expose().len() != Self::LEN {
            return None;
        }
        let mut input = b"bridge key-encryption key".to_vec();
        input.extend_from_slice(bytes.expose());
        let input = Secret::new(input);
        let hash = digest(&SHA256, input.expose());
        let id = KekId(*hash.as_ref().first_chunk()?);
        Some(Self { id, bytes })
    }

    /// Which one it is.
    pub fn id(&self) -> KekId {
        self.id
    }

    /// Its 32 bytes, for whoever keeps it.
    pub fn expose(&self) -> &Secret<Vec<u8>> {
        &self.bytes
    }

    /// Seals a private half, for this key and purpose alone.
    pub(super) fn seal(
        &self,
        public: &PublicJwk,
        purpose: &KeyPurpose,
        private: &Secret<Vec<u8>>,
    ) -> Result<Secret<Vec<u8>>, CustodyError> {
        // As large as it will get, so that no copy of the private half is left behind.
        let mut text = Vec::with_capacity(private.expose().len() + AES_256_GCM.tag_len());
        text.extend_from_slice(private.expose());
        let bound_to = Aad::from(self.bound_to(public, purpose));
        let nonce = self.cipher()?.seal_in_place_append_tag(bound_to, &mut text);
        let nonce = nonce.map_err(|_| CustodyError::Cryptography)?;
        Ok(Secret::new([MAGIC, &self.id.0, nonce.as_ref(), &text].concat()))
    }

    /// Opens what [`Self::seal`] gave, for the same key and purpose.
    pub(super) fn open(&self, key: &KeyRecord, sealed: &Secret<Vec<u8>>) -> Result<Secret<Vec<u8>>, CustodyError> {
        let altered = || CustodyError::Altered { kid: key.kid().clone() };
        let rest = sealed.expose().get(HEADER..).ok_or_else(altered)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(altered)?;
        let mut text = Zeroizing::new(text.to_vec());
        let bound_to = Aad::from(self.bound_to(&key.public, &key.purpose));
        let opened = self.cipher()?.open_in_place(Nonce::from(nonce), bound_to, &mut text);
        opened.map(|opened| Secret::new(opened.to_vec())).map_err(|_| altered())
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, CustodyError> {
        RandomizedNonceKey::new(&AES_256_GCM, self.bytes.expose()).map_err(|_| CustodyError::Cryptography)
    }

    /// Each part with its length before it, so that no two lists of parts read the same.
    fn bound_to(&self, public: &PublicJwk, purpose: &KeyPurpose) -> Vec<u8> {
        let client = match purpose {
            KeyPurpose::AccessTokens => "",
            KeyPurpose::Client(client) => client.as_str(),
        };
        let texts = [public.kid().as_str(), public.algorithm().as_str(), purpose.kind(), client].map(str::as_bytes);
        let mut bound_to = [MAGIC, &self.id.0].concat();
        for text in texts {
            bound_to.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bound_to.extend_from_slice(text);
        }
        bound_to
    }
}

impl fmt::Debug for Kek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kek({})", self.id)
    }
}

/// What lies in a row instead of a private half.
pub(super) enum Kept {
    /// PKCS#8, as it was kept before rows were sealed.
    Plain,
    /// Sealed under this key.
    Sealed(KekId),
}

/// What these bytes of a row are.
pub(super) fn kept(private: &Secret<Vec<u8>>) -> Kept {
    let id = private.expose().strip_prefix(MAGIC).and_then(|rest| rest.first_chunk());
    id.map_or(Kept::Plain, |id| Kept::Sealed(KekId(*id)))
}
