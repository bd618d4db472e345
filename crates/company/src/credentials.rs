use crate::config::{ClientFiles, ClientKeys};
use bridge_client::{Credential, CredentialError, CredentialStore};
use bridge_issuer::{Client, Clients};
use bridge_jose::{Algorithm, KeyError, KeySet};
use bridge_types::{ClientId, Invalid};
use std::collections::HashMap;
use std::sync::Arc;

/// The key pairs that this company makes and keeps for its own clients.
pub(crate) struct ManagedCredentials {
    store: Arc<dyn CredentialStore>,
    algorithm: Algorithm,
    held: HashMap<ClientId, Credential>,
}

impl ManagedCredentials {
    /// The key pairs of this store; a new one is made for `algorithm`.
    pub(crate) fn new(store: Arc<dyn CredentialStore>, algorithm: Algorithm) -> Self {
        Self { store, algorithm, held: HashMap::new() }
    }

    /// The key pair of a client: read once, made when there is none.
    pub(crate) async fn of(&mut self, client: &ClientId) -> Result<Credential, CredentialError> {
        if let Some(credential) = self.held.get(client) {
            return Ok(credential.clone());
        }
        let credential = Credential::load_or_create(&*self.store, client.clone(), self.algorithm).await?;
        self.held.insert(client.clone(), credential.clone());
        Ok(credential)
    }

    /// The table of clients for the issuer, with the public keys of managed clients filled in.
    pub(crate) async fn register(&mut self, files: &ClientFiles) -> Result<Clients, RegistrationError> {
        let mut clients = Vec::new();
        for file in files.iter() {
            let keys = match &file.keys {
                ClientKeys::Managed => KeySet::from_jwks([self.of(&file.client_id).await?.public()])?,
                ClientKeys::Elsewhere(keys) => keys.clone(),
            };
            clients.push(Client::new(file.client_id.clone(), keys, file.access.clone()));
        }
        Ok(Clients::new(clients)?)
    }
}

/// Why the clients cannot be registered at the own issuer.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// A managed client has no key pair and none can be made.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The public half of a managed key pair cannot be used.
    #[error("public key of a managed client: {0}")]
    Key(#[from] KeyError),
    /// Two clients have the same id.
    #[error(transparent)]
    Twice(#[from] Invalid),
}
