use async_trait::async_trait;
use bridge_jose::PublicJwk;
use serde::Serialize;

/// Who verifies what the issuer signs, and whether they hold a key yet. The composition implements it with the partner
/// mirror.
#[async_trait]
pub trait PartnerEvidence: Send + Sync + 'static {
    /// Asks everybody who verifies the issuer's tokens about a prepared key, within seconds. An empty answer says that
    /// there is nobody.
    async fn ask(&self, key: &PublicJwk) -> Vec<Witness>;
}

/// What one partner says of a prepared key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Witness {
    /// The name of the partner, as the configuration has it.
    pub partner: String,
    /// What it says.
    #[serde(flatten)]
    pub says: Knowledge,
}

/// Whether a partner would accept what a key signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "key", content = "detail", rename_all = "snake_case")]
pub enum Knowledge {
    /// It holds the key.
    Holds,
    /// It does not hold the key yet.
    Lacks,
    /// Nobody can tell: it has no mirror, or did not answer. Then the time for which it may keep old keys counts.
    Unknown(String),
    /// It would refuse the key even if it held it, such as for its algorithm. No time changes that.
    Refuses(String),
}
