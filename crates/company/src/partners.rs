use arc_swap::ArcSwap;
use bridge_client::PartnerApi;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The APIs of partners that this company calls, by the name of the partner's file (`partners/NAME.toml` with an
/// `[outbound]` section).
///
/// A handle: clones share one table, and an edit of a file is seen by the next call. Ask for the partner at each use
/// instead of keeping the answer.
#[derive(Debug, Clone, Default)]
pub struct Partners(Arc<ArcSwap<BTreeMap<String, Arc<PartnerApi>>>>);

impl Partners {
    /// The API of a partner; `None` when no file of that name has an `[outbound]` section.
    pub fn api(&self, partner: &str) -> Option<Arc<PartnerApi>> {
        self.0.load().get(partner).cloned()
    }

    /// Puts a new table in the place of the old one.
    pub(crate) fn replace(&self, apis: BTreeMap<String, Arc<PartnerApi>>) {
        self.0.store(Arc::new(apis));
    }
}

impl FromIterator<PartnerApi> for Partners {
    /// A table that stays as it is, each API under its partner's name: for tests and for programs without files.
    fn from_iter<I: IntoIterator<Item = PartnerApi>>(apis: I) -> Self {
        let partners = Self::default();
        partners.replace(apis.into_iter().map(|api| (api.partner().to_owned(), Arc::new(api))).collect());
        partners
    }
}
