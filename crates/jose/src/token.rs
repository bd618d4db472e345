use crate::error::{ClaimsInvalid, Malformed, SignatureInvalid};
use crate::strict_json::parse_strict;
use crate::{Header, VerificationKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The longest token that is looked at, status lists apart.
pub const MAX_TOKEN_BYTES: usize = 8192;

/// A compact JWS whose form and header are sound and whose signature nobody has checked yet.
///
/// There is no way to read its claims: the type has none to give. Only the issuer, which is needed to find the key, can
/// be asked for, as an [`UnverifiedIssuer`].
#[derive(Debug)]
pub struct UnverifiedToken<'t> {
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
    signing_input: &'t str,
}

impl<'t> UnverifiedToken<'t> {
    /// Checks size, form and header, in this order (RFC 7515 §5.2, steps 1 to 7; RFC 8725 §3).
    ///
    /// Does NOT check the signature, the type, or anything about the payload but its encoding.
    ///
    /// # Errors
    /// [`Malformed`] names the first defect.
    pub fn parse(token: &'t str) -> Result<Self, Malformed> {
        Self::parse_up_to(token, MAX_TOKEN_BYTES)
    }

    /// As [`UnverifiedToken::parse`] for the one kind of token that may be larger than [`MAX_TOKEN_BYTES`], a status
    /// list (draft-ietf-oauth-status-list §5.1).
    ///
    /// # Errors
    /// [`Malformed`] names the first defect.
    pub fn parse_up_to(token: &'t str, limit: usize) -> Result<Self, Malformed> {
        if token.len() > limit {
            return Err(Malformed::TooLarge { limit, found: token.len() });
        }
        let (signing_input, header, payload, signature) = split(token)?;
        let header = Header::parse(&decode(header, "header")?)?;
        let payload = decode(payload, "payload")?;
        let signature = decode(signature, "signature")?;
        Ok(Self { header, payload, signature, signing_input })
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// `iss` of the payload, for choosing the policy and the keys to check against.
    ///
    /// # Errors
    /// [`Malformed::Issuer`] when the payload is not a JSON object with exactly one textual `iss`. The rest of it is not
    /// looked at closely: that is for [`VerifiedToken::claims`], and strangers shall not make us work.
    pub fn unverified_issuer(&self) -> Result<UnverifiedIssuer, Malformed> {
        #[derive(Deserialize)]
        struct OnlyIssuer {
            iss: String,
        }
        // serde takes a list for the members of a struct, and passes over text that is not UTF-8.
        let text = str::from_utf8(&self.payload).ok().filter(|text| text.trim_start().starts_with('{'));
        let payload: Option<OnlyIssuer> = text.and_then(|text| serde_json::from_str(text).ok());
        payload.map(|payload| UnverifiedIssuer(payload.iss)).ok_or(Malformed::Issuer)
    }

    /// Checks the signature with this key, whose algorithm the header must name.
    ///
    /// # Errors
    /// [`SignatureInvalid`].
    pub fn verify(self, key: &VerificationKey) -> Result<VerifiedToken, SignatureInvalid> {
        if self.header.algorithm() != key.algorithm() {
            return Err(SignatureInvalid::AlgorithmMismatch);
        }
        key.verify_signature(self.signing_input.as_bytes(), &self.signature)?;
        Ok(VerifiedToken { header: self.header, payload: self.payload })
    }
}

/// The `iss` of a token that nobody has verified: good for finding a configured issuer, and for a log that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnverifiedIssuer(String);

impl UnverifiedIssuer {
    /// The text. It may be anything.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A token whose signature was made with the key it was checked against. Whether that key, this issuer or these claims
/// mean anything here is not decided yet.
#[derive(Debug)]
pub struct VerifiedToken {
    header: Header,
    payload: Vec<u8>,
}

impl VerifiedToken {
    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The claims, strictly typed: repeated members are refused at every depth, unknown members are ignored.
    ///
    /// # Errors
    /// [`ClaimsInvalid`].
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, ClaimsInvalid> {
        parse_strict(&self.payload)?.map_err(ClaimsInvalid::Form)
    }
}

fn split(token: &str) -> Result<(&str, &str, &str, &str), Malformed> {
    let parts = || Malformed::Parts(token.split('.').count());
    let (signing_input, signature) = token.rsplit_once('.').ok_or_else(parts)?;
    let (header, payload) = signing_input.split_once('.').ok_or_else(parts)?;
    if payload.contains('.') {
        return Err(parts());
    }
    Ok((signing_input, header, payload, signature))
}

/// The engine refuses padding, white space, other alphabets and trailing bits that are not zero.
fn decode(part: &str, name: &'static str) -> Result<Vec<u8>, Malformed> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Malformed::Encoding(name))
}
