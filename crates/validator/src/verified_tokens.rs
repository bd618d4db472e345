use crate::access::VerifiedAccess;
use crate::policies::TrustPolicies;
use aws_lc_rs::digest::{SHA256, digest};
use bridge_types::Fingerprint;
use jiff::Timestamp;
use quick_cache::sync::Cache;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A token with more scopes is verified each time.
const MAX_SCOPES: usize = 32;

/// Tokens that were verified, so that a repeated one costs no signature check.
///
/// The key is the whole SHA-256 of the whole token: no shorter hash can be trusted to tell two tokens apart. An entry
/// answers only while everything that made it still holds; whatever else is up goes the long way and gets its reason
/// there. Refusals are not remembered.
pub(crate) struct VerifiedTokens(Cache<TokenDigest, Arc<VerifiedAccess>>);

/// SHA-256 of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenDigest([u8; 32]);

impl TokenDigest {
    pub(crate) fn of(token: &str) -> Self {
        Self(digest(&SHA256, token.as_bytes()).as_ref().first_chunk().copied().unwrap_or_default())
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::from_digest(&self.0)
    }
}

impl VerifiedTokens {
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Cache::new(capacity))
    }

    /// What was verified before, if it is still so at this moment, by both clocks: same version of the policy and still
    /// in force, same set of keys and still usable, within the token's own time, and nothing of it revoked since.
    pub(crate) fn recall(
        &self,
        token: &TokenDigest,
        policies: &TrustPolicies,
        (now, monotonic): (Timestamp, Duration),
    ) -> Option<Arc<VerifiedAccess>> {
        let access = self.0.get(token)?;
        let partner = policies.of(access.claims.iss.as_str());
        let holds = partner.is_some_and(|partner| {
            Arc::ptr_eq(&partner, &access.partner)
                && partner.policy().in_force(now).is_ok()
                && partner.keys().generation(monotonic) == Some(access.generation)
                && access.window.open_at(now).is_ok()
                && access.status.holds(&access, partner.keys().status(), now, monotonic)
        });
        if holds {
            return Some(access);
        }
        self.0.remove(token);
        None
    }

    /// Remembers a token, unless it has so many scopes that a hostile partner could fill the memory with such tokens: the
    /// cache is bounded by their number, and this bounds their size.
    pub(crate) fn remember(&self, token: TokenDigest, access: Arc<VerifiedAccess>) {
        if access.claims.scope.len() <= MAX_SCOPES {
            self.0.insert(token, access);
        }
    }
}

impl fmt::Debug for VerifiedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedTokens").field("len", &self.0.len()).finish_non_exhaustive()
    }
}
