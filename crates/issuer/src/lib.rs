//! Role 1: the token issuer of one company.
//!
//! It knows the company's own clients ([`Clients`]), authenticates them by a signed assertion (RFC 7523 as updated by
//! RFC 10070), and mints access tokens (RFC 9068) for one audience each (RFC 8707). Grant: `client_credentials`.
//! Client authentication: `private_key_jwt`, or a token of the client's platform that is bound to it by its claims
//! ([`WorkloadBinding`]). Nothing else is accepted, and nothing asked for is ever narrowed.
//!
//! The life of a request, cheap before costly: form → grant type → which credentials → scope and resource are well
//! formed → assertion: form, header, client, key, signature, claims → its `jti` is claimed, durably → the client keeps to
//! its rate → the client's access list → the token is signed. Each passed check is a value that the next one takes.
//!
//! Tokens can be revoked: each has a place in a status list, and the lists are served beside the keys (RFC 7009,
//! draft-ietf-oauth-status-list). Telling partners at once is the composition's business.
//!
//! What it does NOT do: bind tokens to a sender's key.

mod assertion;
mod authenticate;
mod bounds;
mod client;
mod client_file;
mod config;
mod defect;
mod discovery;
mod embedded_keys;
mod error;
mod form;
mod http;
mod issuer;
mod key_backend;
mod record;
mod replay;
mod request;
mod revocation;
mod ring;
mod status;
mod store;
mod workload;

pub use bridge_limits::{PeerAddress, Rate};
pub use client::{AccessList, Client, ClientKeys, Clients};
pub use client_file::{ClientCredential, ClientFile};
pub use config::{IssuerConfig, TokenLimits};
pub use defect::{ClientDefect, RequestDefect, ScopeDefect, TargetDefect};
pub use embedded_keys::EmbeddedKeys;
pub use error::{Outage, RateLimited, StartError, TokenError};
pub use issuer::{IssuedToken, Issuer, IssuerStores};
pub use key_backend::{KeyBackend, KeyBackendFailure};
pub use request::TokenRequest;
pub use revocation::{Ignored, Revocation};
pub use ring::{
    Change, ChangeError, KeyPurpose, KeyRecord, KeyRing, KeyRingError, KeySnapshot, KeyState, KeyStore, KeyTimes,
    KeysInMemory, Knowledge, LiveKeys, NewKey, Overtaken, PartnerEvidence, Replacement, Rotation, RotationRequest,
    Signed, Step, StoredKey, WaitingKey, Witness,
};
pub use status::{
    BlockId, BlockWanted, ClientLimits, LIST_SIZE, ListRevision, ReservedBlock, RevocationOutcome, RevokeToken,
    Standing, StatusInMemory, StatusListConfig, StatusStore, TokenToRevoke,
};
pub use store::{Claims, IssuerStore, Revisions, StoreFailure, UsedAssertion};
pub use workload::{
    BoundClaims, BoundValue, ClaimPointer, Platform, TrustDomain, WorkloadAuthority, WorkloadBinding, WorkloadIssuer,
    WorkloadKeyMissing, WorkloadKeys, WorkloadLifetime, WorkloadSection,
};
