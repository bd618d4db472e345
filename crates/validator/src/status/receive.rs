use super::IssuerStatus;
use super::event::SecurityEventReceipt;
use super::notice::Notice;
use super::store::StatusStoreFailure;

/// Why a notice is not in force. Its sender should send it again.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// There is no room for another notice of this kind from this issuer.
    #[error("too many {0} notices of this issuer are held")]
    Full(&'static str),
    /// Other notices of this issuer are just being written.
    #[error("too many notices of this issuer at once")]
    Busy,
    /// The notice could not be kept.
    #[error(transparent)]
    Store(#[from] StatusStoreFailure),
}

impl IssuerStatus {
    /// Puts a notice in force: durable first, then in memory. When this returns `Ok`, tokens that the notice is about are
    /// refused, also after a restart, and may be acknowledged to the sender as such.
    ///
    /// A notice that says nothing new writes nothing, so that a repetition costs little however often it comes.
    ///
    /// # Errors
    /// [`ReceiveError`].
    pub(crate) async fn receive(&self, notice: Notice) -> Result<SecurityEventReceipt, ReceiveError> {
        if self.notices.has(&notice) {
            return Ok(SecurityEventReceipt::Repeated);
        }
        if !self.notices.has_room(&notice.subject) {
            return Err(ReceiveError::Full(notice.subject.kind()));
        }
        let _turn = self.writes.try_acquire().map_err(|_| ReceiveError::Busy)?;
        if let Some(store) = &self.store {
            store.keep_notice(&self.issuer, &notice).await?;
        }
        self.notices.apply(notice);
        Ok(SecurityEventReceipt::Applied)
    }
}
