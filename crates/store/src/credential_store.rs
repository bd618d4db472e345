use crate::{Database, StoreError, signing_keys};
use async_trait::async_trait;
use bridge_client::{CredentialStore, CredentialStoreFailure};
use bridge_issuer::{KeyPurpose, StoredKey};
use bridge_jose::SigningKey;
use bridge_types::{ClientId, Secret};

#[async_trait]
impl CredentialStore for Database {
    async fn client_key(&self, client: &ClientId) -> Result<Option<SigningKey>, CredentialStoreFailure> {
        let purpose = KeyPurpose::Client(client.clone());
        let keys = signing_keys::of_purpose(&mut *self.read().await?, &purpose).await?;
        let newest = keys.into_iter().next_back();
        newest.map(|key| SigningKey::from_pkcs8(key.algorithm, key.private).map_err(failure)).transpose()
    }

    async fn insert_client_key(&self, client: &ClientId, key: &SigningKey) -> Result<bool, CredentialStoreFailure> {
        let stored = StoredKey {
            kid: key.kid().clone(),
            algorithm: key.algorithm(),
            purpose: KeyPurpose::Client(client.clone()),
            created_at: self.clock().now(),
            private: Secret::new(key.to_pkcs8().expose().clone()),
        };
        Ok(signing_keys::insert_first(&mut *self.writer().await?, &stored).await?)
    }
}

fn failure(error: impl std::error::Error + Send + Sync + 'static) -> CredentialStoreFailure {
    CredentialStoreFailure(Box::new(error))
}

impl From<StoreError> for CredentialStoreFailure {
    fn from(error: StoreError) -> Self {
        failure(error)
    }
}
