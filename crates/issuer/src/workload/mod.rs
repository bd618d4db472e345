//! Clients without a key of their own: they authenticate with the token that their platform gives them (RFC 7523 §2.2).
//!
//! Such a token proves where a process runs, not who it is. A client's file binds the two: the platform's issuer and
//! claims that must be there, compared exactly. The platform's keys come in through [`WorkloadKeys`]; this crate fetches
//! nothing.

mod authority;
mod claims;
mod section;
mod token;

pub use authority::{Platform, TrustDomain, WorkloadAuthority, WorkloadIssuer, WorkloadKeyMissing, WorkloadKeys};
pub use claims::{BoundClaims, BoundValue, ClaimPointer};
pub use section::{WorkloadLifetime, WorkloadSection};

use std::sync::Arc;
use std::time::Duration;

/// Which tokens of which platform stand for one client.
#[derive(Debug, Clone)]
pub struct WorkloadBinding {
    /// Who makes the tokens.
    pub issuer: Arc<WorkloadIssuer>,
    /// What must stand in them.
    pub claims: BoundClaims,
    /// The longest life that they may have, `exp - iat`. A shorter one of the issuer counts before it.
    pub max_token_lifetime: Duration,
}
