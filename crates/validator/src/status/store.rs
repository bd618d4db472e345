use super::notice::Notice;
use async_trait::async_trait;
use bridge_jose::profile::NumericDate;
use bridge_types::{IssuerUrl, StatusListUri};
use std::error::Error;
use std::fmt;

/// Keeps what issuers have taken back, so that a restart while they are away forgets no revocation.
#[async_trait]
pub trait StatusStore: fmt::Debug + Send + Sync {
    /// Everything that is kept of an issuer, whichever process wrote it.
    async fn recall(&self, issuer: &IssuerUrl) -> Result<KeptStatus, StatusStoreFailure>;

    /// Keeps a notice, durably when this returns, and tells other processes. Of two about the same thing the one with
    /// the later moment stays.
    async fn keep_notice(&self, issuer: &IssuerUrl, notice: &Notice) -> Result<(), StatusStoreFailure>;

    /// Forgets notices, each only if no later one about the same thing has been kept since.
    async fn forget_notices(&self, issuer: &IssuerUrl, notices: &[Notice]) -> Result<(), StatusStoreFailure>;

    /// Keeps a list in the place of an older one of the same address; a younger one stays.
    async fn keep_list(&self, issuer: &IssuerUrl, list: &KeptList) -> Result<(), StatusStoreFailure>;

    /// Forgets a list.
    async fn forget_list(&self, issuer: &IssuerUrl, uri: &StatusListUri) -> Result<(), StatusStoreFailure>;
}

/// What is kept of one issuer.
#[derive(Debug, Clone, Default)]
pub struct KeptStatus {
    /// Its notices.
    pub notices: Vec<Notice>,
    /// Its lists.
    pub lists: Vec<KeptList>,
}

/// A status list as the issuer signed it. It is verified again when it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptList {
    /// Its address.
    pub uri: StatusListUri,
    /// When it was made. An older one is never accepted again.
    pub iat: NumericDate,
    /// The token.
    pub token: String,
}

/// The store failed. Nothing was kept.
#[derive(Debug, thiserror::Error)]
#[error("what issuers have revoked cannot be kept: {0}")]
pub struct StatusStoreFailure(#[source] pub Box<dyn Error + Send + Sync>);
