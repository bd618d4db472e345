use arc_swap::ArcSwap;
use bridge_client::PartnerApi;
use bridge_types::IssuerUrl;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The partners that this company calls: those whose file has an `[outbound]` section.
///
/// A partner is known by its issuer; the name of its file is what people call it, and may change. What is kept for long,
/// such as a message, keeps the issuer: else it would go to whoever bears the name later.
///
/// A handle: clones share one table, and an edit of a file is seen by the next call. Ask for the partner at each use
/// instead of keeping the answer.
#[derive(Debug, Clone, Default)]
pub struct Partners(Arc<ArcSwap<BTreeMap<IssuerUrl, Arc<PartnerApi>>>>);

impl Partners {
    /// The API of the partner with this issuer; `None` when no file with an `[outbound]` section names it.
    pub fn of(&self, issuer: &str) -> Option<Arc<PartnerApi>> {
        self.0.load().get(issuer).cloned()
    }

    /// The API of the partner whose file is called this (`partners/NAME.toml`).
    pub fn api(&self, name: &str) -> Option<Arc<PartnerApi>> {
        self.0.load().values().find(|api| api.partner() == name).cloned()
    }

    /// The issuer of the partner whose file is called this; `None` when this company does not call it.
    pub fn issuer(&self, name: &str) -> Option<IssuerUrl> {
        self.0.load().iter().find(|(_, api)| api.partner() == name).map(|(issuer, _)| issuer.clone())
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Arc<PartnerApi>> {
        self.0.load().values().cloned().collect()
    }

    /// Puts a new table in the place of the old one.
    pub(crate) fn replace(&self, apis: BTreeMap<IssuerUrl, Arc<PartnerApi>>) {
        self.0.store(Arc::new(apis));
    }
}

impl FromIterator<(IssuerUrl, PartnerApi)> for Partners {
    /// A table that stays as it is: for tests and for programs without files.
    fn from_iter<I: IntoIterator<Item = (IssuerUrl, PartnerApi)>>(apis: I) -> Self {
        let partners = Self::default();
        partners.replace(apis.into_iter().map(|(issuer, api)| (issuer, Arc::new(api))).collect());
        partners
    }
}
