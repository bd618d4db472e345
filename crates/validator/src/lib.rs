//! Role 3 of Bridge: decides whether a token of a partner is good for a route of the own API.
//!
//! [`TrustPolicies`] says which issuers are trusted with what, [`keys::IssuerKeys`] holds their keys, [`Validator`] has
//! the one decision function, and [`web`] puts it before actix-web handlers. The own issuer is a partner like any other:
//! a policy file names it.
//!
//! A request is either [`Authorized`], a value with no public constructor, or a [`Denial`] with a stable [`Reason`]. The
//! log line, the metric and the answer all derive from that one value. [`status::IssuerStatus`] holds what an issuer has
//! taken back. What is NOT checked in this release: proofs of possession; a token that is bound to a key is refused.

mod access;
mod denial;
pub mod keys;
mod partner;
mod policies;
pub mod policy;
mod reason;
pub mod status;
mod validator;
mod verified_tokens;
pub mod web;
mod window;

pub use access::{Authenticated, Authorized, Principal, RequiredScope};
pub use bridge_limits::Rate;
pub use denial::{Denial, Facts};
pub use keys::{DocumentFetcher, FetcherSource, HttpFetcher, KeySetup, KeyTiming};
pub use partner::{PolicyVersion, TrustedPartner};
pub use policies::{LoadError, OwnPolicy, PolicyState, ReloadReport, TrustPolicies};
pub use policy::{Outbound, PolicyError, TrustPolicy};
pub use reason::{Challenge, Outward, Reason};
pub use validator::Validator;
pub use web::{
    FieldError, Gate, GuardedRoutes, Problem, RequestLimits, ResourceMetadata, correlate, correlation_id, guarded,
};
