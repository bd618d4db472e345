use crate::request::Request;
use crate::secret_text::SecretText;
use crate::{Vault, VaultError, VaultPath};
use bridge_types::Secret;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// A secret that OpenBao made for this workload and will take away again.
#[derive(Debug)]
pub struct Lease {
    /// Its name: not confidential, and worth nothing without a token.
    id: String,
    duration: Duration,
    renewable: bool,
}

/// A user name and a password that OpenBao has made at some server: a database, a message broker.
#[derive(Debug)]
pub struct PasswordCredentials {
    /// The user.
    pub username: String,
    /// The password.
    pub password: Secret<String>,
}

#[derive(Deserialize)]
struct Leased<T> {
    lease_id: String,
    lease_duration: u64,
    renewable: bool,
    data: T,
}

#[derive(Deserialize)]
struct Renewed {
    lease_id: String,
    lease_duration: u64,
    renewable: bool,
}

#[derive(Deserialize)]
struct UserAndPassword {
    username: String,
    password: SecretText,
}

impl Lease {
    /// Has credentials made, at a path such as `database/creds/ROLE`.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn read(vault: &Vault, path: &VaultPath) -> Result<(Self, PasswordCredentials), VaultError> {
        let operation = "lease credentials";
        let answer = vault.call(Request::get("read_lease", operation, path.to_string())).await?;
        let Leased { lease_id, lease_duration, renewable, data } = answer.parse()?;
        let UserAndPassword { username, password } = data;
        let lease = Self::new(operation, lease_id, lease_duration, renewable)?;
        Ok((lease, PasswordCredentials { username, password: password.0 }))
    }

    /// The same lease for as long as it was first given, or for as long as OpenBao still allows.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn renew(&self, vault: &Vault, first: Duration) -> Result<Self, VaultError> {
        let operation = "renew a lease";
        let body = json!({"lease_id": self.id, "increment": first.as_secs()}).to_string();
        let renew = Request::post("renew_lease", operation, "sys/leases/renew".to_owned(), Bytes::from(body));
        let Renewed { lease_id, lease_duration, renewable } = vault.call(renew).await?.parse()?;
        if lease_id != self.id {
            return Err(VaultError::unexpected(operation, "the lease that was asked for", "another"));
        }
        Self::new(operation, lease_id, lease_duration, renewable)
    }

    /// Gives the secret back: OpenBao takes it away at the server that it was made for.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn revoke(&self, vault: &Vault) -> Result<(), VaultError> {
        let body = json!({"lease_id": self.id, "sync": true}).to_string();
        let path = "sys/leases/revoke".to_owned();
        vault.call(Request::post("revoke_lease", "revoke a lease", path, Bytes::from(body))).await.map(drop)
    }

    /// How long it was given for.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// True when it can be prolonged.
    pub fn is_renewable(&self) -> bool {
        self.renewable
    }

    fn new(operation: &'static str, id: String, seconds: u64, renewable: bool) -> Result<Self, VaultError> {
        if id.is_empty() || seconds == 0 {
            return Err(VaultError::unexpected(operation, "a lease with a name and an end", "none"));
        }
        Ok(Self { id, duration: Duration::from_secs(seconds), renewable })
    }
}
