use super::IssuerStatus;
use super::notice::Notice;
use super::store::{KeptList, KeptStatus, StatusStoreFailure};
use crate::keys::IssuerKeys;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl IssuerStatus {
    /// Reads what was kept of the issuer: at the start, and whenever another process has written. What is in force here is
    /// never taken out of force by it.
    ///
    /// # Errors
    /// [`StatusStoreFailure`]; until it succeeds for the first time no token of the issuer with a status is accepted.
    pub(crate) async fn recall(&self, keys: &Arc<IssuerKeys>) -> Result<(), StatusStoreFailure> {
        let Some(store) = &self.store else { return Ok(()) };
        let KeptStatus { notices, lists } = store.recall(&self.issuer).await?;
        for notice in notices.into_iter().filter(|notice| !self.notices.has(notice)) {
            self.notices.apply(notice);
        }
        if !self.recalled.swap(true, Ordering::AcqRel) {
            self.recall_lists(lists, keys);
        }
        Ok(())
    }

    fn recall_lists(&self, lists: Vec<KeptList>, keys: &Arc<IssuerKeys>) {
        let monotonic = self.clock.monotonic();
        for list in lists {
            if let Some(slot) = self.lists.named(&list.uri, monotonic) {
                slot.progress().recall(list);
            }
        }
        keys.tell_status();
    }

    /// True when what was kept must still be read.
    pub(crate) fn wants_recall(&self) -> bool {
        !self.is_recalled()
    }

    /// Forgets the notices and lists that no live token can be about any more.
    pub(crate) async fn forget_outlived(&self, keys: &IssuerKeys) {
        let held = |kid: &_| keys.publishes(kid);
        let outlived = self.notices.outlived(self.clock.now().as_second(), held);
        self.drop_notices(&outlived).await;
        let terms = self.terms.load_full();
        for uri in self.lists.forget(self.clock.monotonic(), |uri| terms.allow(uri)) {
            if let Some(store) = &self.store
                && let Err(error) = store.forget_list(&self.issuer, &uri).await
            {
                self.log_not_kept(&error);
            }
        }
    }

    /// Takes notices out of force that are not needed any more: in the store first, so that none comes back.
    pub(super) async fn drop_notices(&self, notices: &[Notice]) {
        if notices.is_empty() {
            return;
        }
        if let Some(store) = &self.store
            && let Err(error) = store.forget_notices(&self.issuer, notices).await
        {
            self.log_not_kept(&error);
            return;
        }
        self.notices.drop_all(notices);
    }

    /// True when the list is kept, or nothing is.
    pub(super) async fn keep_list(&self, list: &KeptList) -> bool {
        let Some(store) = &self.store else { return true };
        match store.keep_list(&self.issuer, list).await {
            Ok(()) => true,
            Err(error) => {
                self.log_not_kept(&error);
                false
            }
        }
    }
}
