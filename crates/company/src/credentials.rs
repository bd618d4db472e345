use crate::config::{ClientConfig, ClientFiles, ClientKeys};
use crate::workloads::Workloads;
use bridge_client::Credential;
use bridge_issuer::{self as issuer, Client, Clients, KeyPurpose, KeyRing, KeyRingError};
use bridge_jose::Algorithm;
use bridge_types::{ClientId, Invalid};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The key pairs that this company makes and keeps for its own clients.
#[derive(Debug)]
pub(crate) struct ManagedCredentials {
    ring: Arc<KeyRing>,
    algorithm: Algorithm,
    held: Mutex<HashMap<ClientId, Credential>>,
}

impl ManagedCredentials {
    /// The key pairs of this ring; a new one is made for `algorithm`, and one of another algorithm is rotated.
    pub(crate) fn new(ring: Arc<KeyRing>, algorithm: Algorithm) -> Self {
        Self { ring, algorithm, held: Mutex::default() }
    }

    /// What a client of this company proves itself with: its key pair, or the token that the platform keeps for it.
    pub(crate) async fn of_client(&self, client: &ClientConfig) -> Result<Credential, CredentialError> {
        match &client.keys {
            ClientKeys::Workload(workload) => match &workload.token_file {
                Some(file) => Ok(Credential::of_platform(client.client_id.clone(), file.clone())),
                None => Err(CredentialError::Elsewhere(client.client_id.clone())),
            },
            ClientKeys::Managed | ClientKeys::Elsewhere(_) => self.of(&client.client_id).await,
        }
    }

    /// The key pair of a client, made when there is none. What is given out follows every rotation.
    pub(crate) async fn of(&self, client: &ClientId) -> Result<Credential, CredentialError> {
        if let Some(held) = self.held().get(client) {
            return Ok(held.clone());
        }
        self.ring.ensure(&KeyPurpose::Client(client.clone()), self.algorithm).await?;
        let key = self.ring.client_key(client).ok_or_else(|| CredentialError::Unusable(client.clone()))?;
        let credential = Credential::new(client.clone(), key);
        Ok(self.held().entry(client.clone()).or_insert(credential).clone())
    }

    /// The table of clients for the issuer, which finds the public keys of managed ones in the ring. It waits for nothing
    /// and takes every client as its file is, so that what is wrong with one never keeps another in.
    pub(crate) fn table(files: &ClientFiles, workloads: &Workloads) -> Result<Clients, RegistrationError> {
        let client = |file: &ClientConfig| {
            let keys = match &file.keys {
                ClientKeys::Managed => issuer::ClientKeys::Managed,
                ClientKeys::Elsewhere(keys) => keys.clone().into(),
                ClientKeys::Workload(client) => workloads.binding(client).map_err(RegistrationError::Workload)?.into(),
            };
            Ok(Client::new(file.client_id.clone(), keys, file.access.clone()))
        };
        Ok(Clients::new(files.iter().map(client).collect::<Result<Vec<_>, RegistrationError>>()?)?)
    }

    /// Makes the key pairs that managed clients lack; gives those for which that failed. Until it succeeds, such a client
    /// cannot authenticate.
    pub(crate) async fn make_missing<'f>(&self, files: &'f ClientFiles) -> Vec<(&'f ClientConfig, CredentialError)> {
        let mut failed = Vec::new();
        for file in files.iter().filter(|file| matches!(file.keys, ClientKeys::Managed)) {
            failed.extend(self.of(&file.client_id).await.err().map(|error| (file, error)));
        }
        failed
    }

    /// The table of clients, each with its key pair, or the first thing that is wrong: for the start.
    pub(crate) async fn register(
        &self,
        files: &ClientFiles,
        workloads: &Workloads,
    ) -> Result<Clients, RegistrationError> {
        match self.make_missing(files).await.pop() {
            Some((_, error)) => Err(error.into()),
            None => Self::table(files, workloads),
        }
    }

    /// Lets every client sign with the key that the ring has for it now.
    pub(crate) fn follow(&self) {
        for (client, credential) in self.held().iter() {
            if let Some(key) = self.ring.client_key(client).filter(|key| Some(key.kid()) != credential.kid().as_ref()) {
                credential.replace_key(key);
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<ClientId, Credential>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a managed client has no key pair.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// It could not be read or made.
    #[error(transparent)]
    Ring(#[from] KeyRingError),
    /// The one in the store is broken; the log says how.
    #[error("the key pair of client {0} in the store cannot be used; see the log, and replace it with `keys revoke`")]
    Unusable(ClientId),
    /// It acts elsewhere.
    #[error("client {0} runs elsewhere: this company has nothing to prove itself with as that client")]
    Elsewhere(ClientId),
}

/// Why the clients cannot be registered at the own issuer.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// A managed client has no key pair.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// Two clients have the same id.
    #[error(transparent)]
    Twice(#[from] Invalid),
    /// The keys of a workload issuer could never be fetched.
    #[error("a workload issuer cannot be used: {0}")]
    Workload(String),
}
