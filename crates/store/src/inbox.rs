use crate::{StoreError, WriteTransaction, to_micros};

/// Whether a message from elsewhere has been applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a repeated message must not be applied again"]
pub enum Receipt {
    /// It is new: apply it in this write.
    First,
    /// It was applied before.
    Repeated,
}

impl WriteTransaction {
    /// Notes that a message is applied by this write. A source sends a message with one id, however often it sends it.
    ///
    /// Receipts are kept for good, unlike idempotent answers: a sender that comes back after a week may repeat.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn receive(&mut self, source: &str, id: &str) -> Result<Receipt, StoreError> {
        let now = to_micros(self.now());
        let done = sqlx::query(
            "INSERT INTO inbox (source, id, applied_at) VALUES ($1, $2, $3) ON CONFLICT (source, id) DO NOTHING",
        )
        .bind(source)
        .bind(id)
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(if done.rows_affected() == 1 { Receipt::First } else { Receipt::Repeated })
    }
}
