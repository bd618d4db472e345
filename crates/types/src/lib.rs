//! The words of Bridge: issuers, audiences, clients, keys, tokens, scopes, secrets and the clock.
//!
//! Each word is parsed once, at the edge, into a type with a private field; from then on the type is
//! the proof. Nothing here does input or output.

mod audience;
mod clock;
mod ids;
mod invalid;
mod issuer;
mod network;
mod scope;
mod secret;
mod status_list_uri;

pub use audience::Audience;
pub use clock::{Clock, SystemClock};
pub use ids::{ClientId, CorrelationId, KeyId, TokenId};
pub use invalid::Invalid;
pub use issuer::{IssuerUrl, OwnIssuer, PartnerIssuer};
pub use network::{Network, is_public_address};
pub use scope::{Scope, ScopeSet};
pub use secret::{AccessToken, Fingerprint, Secret};
pub use status_list_uri::StatusListUri;
