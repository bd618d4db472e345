use crate::mirror;
use crate::partners::Partners;
use async_trait::async_trait;
use bridge_issuer::{Issuer, Knowledge, PartnerEvidence, Witness};
use bridge_jose::PublicJwk;
use bridge_types::{Audience, OwnIssuer};
use bridge_validator::{TrustPolicies, TrustPolicy};
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Asks everybody who verifies the own issuer's tokens whether they hold a key: the own API in this process, partners
/// through their mirrors.
pub(crate) struct Verifiers {
    pub(crate) own: OwnIssuer,
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) policies: Arc<TrustPolicies>,
    pub(crate) agents: Partners,
}

#[async_trait]
impl PartnerEvidence for Verifiers {
    async fn ask(&self, key: &PublicJwk) -> Vec<Witness> {
        let partners = self.policies.partners();
        let policies: Vec<&TrustPolicy> = partners.iter().map(|partner| partner.policy()).collect();
        let called = policies.iter().filter(|policy| policy.outbound.is_some() && !self.is_own(policy));
        let mut witnesses = join_all(called.map(|policy| self.partner(policy, key))).await;
        witnesses.extend(self.own_api(key).await);
        witnesses.extend(self.others(&policies));
        witnesses
    }
}

impl Verifiers {
    fn is_own(&self, policy: &TrustPolicy) -> bool {
        policy.issuer.url() == self.own.url()
    }

    async fn own_api(&self, key: &PublicJwk) -> Option<Witness> {
        let partner = self.policies.of(self.own.url().as_str()).filter(|own| own.policy().enabled)?;
        let policy = partner.policy();
        let says = if policy.algorithms.contains(&key.algorithm()) {
            if partner.keys().expect(key.kid()).await { Knowledge::Holds } else { Knowledge::Lacks }
        } else {
            refuses(key, &policy.algorithms)
        };
        Some(Witness { partner: policy.partner.to_string(), says })
    }

    async fn partner(&self, policy: &TrustPolicy, key: &PublicJwk) -> Witness {
        let partner = policy.partner.to_string();
        let Some(api) = self.agents.api(&partner) else {
            let says = Knowledge::Unknown("its [outbound] names no agent that could ask it".to_owned());
            return Witness { partner, says };
        };
        let says = match mirror::ask(&api, Some(key.kid())).await {
            Ok(view) if !view.policy.algorithms.contains(&key.algorithm()) => refuses(key, &view.policy.algorithms),
            Ok(view) if view.keys.iter().any(|held| held.kid == *key.kid()) => Knowledge::Holds,
            Ok(_) => Knowledge::Lacks,
            Err(error) => Knowledge::Unknown(error.to_string()),
        };
        Witness { partner, says }
    }

    /// APIs that the own clients may call and that nobody here can ask.
    fn others(&self, policies: &[&TrustPolicy]) -> Option<Witness> {
        let mut asked: BTreeSet<&Audience> =
            policies.iter().filter_map(|policy| policy.outbound.as_ref()).map(|outbound| &outbound.audience).collect();
        asked.extend(policies.iter().filter(|policy| self.is_own(policy)).map(|policy| &policy.audience));
        let clients = self.issuer.clients();
        let mut called = clients.iter().flat_map(|client| client.access().iter().map(|(audience, _)| audience));
        let unknown = called.find(|audience| !asked.contains(audience))?;
        let says = Knowledge::Unknown(format!("clients may call {unknown}, which no [outbound] names"));
        Some(Witness { partner: "others".to_owned(), says })
    }
}

fn refuses<'a>(key: &PublicJwk, algorithms: impl IntoIterator<Item = &'a bridge_jose::Algorithm>) -> Knowledge {
    let accepted: Vec<&str> = algorithms.into_iter().map(|algorithm| algorithm.as_str()).collect();
    Knowledge::Refuses(format!("expected one of {}, found {}", accepted.join(", "), key.algorithm()))
}
