use super::refresh::Publisher;
use super::{DocumentFetcher, IssuerKeys, KeyTiming};
use crate::reason::Reason;
use crate::status::IssuerStatus;
use arc_swap::ArcSwapOption;
use bridge_jose::VerificationKey;
use bridge_types::{Clock, IssuerUrl, KeyId, PartnerIssuer};
use std::sync::{Arc, Mutex};

/// The keys that an OpenID provider publishes which is nobody's partner: held, renewed, bounded and given up by the same
/// rules as a partner's, and good for nothing but to be looked up. What may be done with a token that they verify is for
/// whoever looks them up.
#[derive(Debug, Clone)]
pub struct PublishedKeys(Arc<IssuerKeys>);

impl PublishedKeys {
    /// The keys of a provider; nothing is fetched yet. `name` stands in logs and metrics in the place of a partner's.
    pub fn new(
        name: &str,
        issuer: IssuerUrl,
        fetcher: Arc<dyn DocumentFetcher>,
        clock: Arc<dyn Clock>,
        timing: KeyTiming,
    ) -> Self {
        let status = IssuerStatus::new(issuer.clone(), None, Arc::clone(&clock));
        status.be_called(name);
        let issuer = PartnerIssuer::new(issuer);
        Self(Arc::new(IssuerKeys {
            publisher: Some(Publisher::of_openid(&issuer, Arc::clone(&fetcher))),
            fetcher: Some(fetcher),
            issuer,
            held: ArcSwapOption::empty(),
            schedule: Mutex::default(),
            status: Arc::new(status),
            skew_ms: Mutex::default(),
            clock,
            timing,
        }))
    }

    /// The key of this id. Waits only when the key is not held and somebody may go and look for it.
    ///
    /// # Errors
    /// [`KeyMissing`].
    pub async fn find(&self, kid: &KeyId) -> Result<Arc<VerificationKey>, KeyMissing> {
        let found = self.0.find(kid).await;
        found.map(|found| found.key).map_err(|refusal| match refusal.reason {
            Reason::KeysUnavailable => KeyMissing::Unavailable(refusal.detail.into_owned()),
            _ => KeyMissing::Unknown,
        })
    }
}

/// Why there is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyMissing {
    /// The provider has no key of this id.
    #[error("the provider has no such key")]
    Unknown,
    /// The keys cannot be had at the moment, and none of this id is held.
    #[error("{0}")]
    Unavailable(String),
}
