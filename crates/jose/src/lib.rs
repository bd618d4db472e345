//! JSON Web Keys, JSON Web Signatures and the claims of Bridge's tokens. The only crate that names josekit.
//!
//! josekit supplies the JWK form and the signer and verifier traits; the signature primitives under them are
//! aws-lc-rs keys, prepared once per key id. Parsing is our own and strict, because josekit's is lenient: it ignores
//! `crit: []`, `b64`, `jwk`, `jku`, `x5u` and `x5c`, and takes the last of two members with the same name.
//!
//! A token goes through types: [`UnverifiedToken`] (form and header are sound, claims cannot be read) →
//! [`VerifiedToken`] (the signature is that of the given key) → typed claims such as
//! [`profile::AccessTokenClaims`]. What these types do NOT check is meaning: issuer, audience, time and scope are the
//! business of the validator and of the issuer.

mod algorithm;
mod error;
mod header;
mod jwk;
mod key_set;
pub mod profile;
mod security_event;
mod sign;
mod signing_key;
mod spki;
mod status_list;
mod strict_json;
mod token;
mod verification_key;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use error::{ClaimsInvalid, KeyError, Malformed, SignError, SignatureInvalid};
pub use header::{Header, Typ};
pub use jwk::{PublicJwk, jwks_json};
pub use key_set::{IgnoredKey, KeySet, KeySetError};
pub use security_event::{CredentialChange, EventSubject, SecurityEvent, SecurityEventClaims};
pub use sign::{UnsignedToken, sign};
pub use signing_key::SigningKey;
pub use status_list::{
    Bits, EncodedStatusList, StatusClaim, StatusList, StatusListClaims, StatusListInvalid, StatusReference,
};
pub use strict_json::{StrictJsonError, parse_strict};
pub use token::{MAX_TOKEN_BYTES, UnverifiedIssuer, UnverifiedToken, VerifiedToken};
pub use verification_key::VerificationKey;
