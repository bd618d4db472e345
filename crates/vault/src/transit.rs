use crate::request::Request;
use crate::secret_text::{SecretText, secret_json};
use crate::transit_key::{Description, TransitKey, TransitKeyName, transit_type};
use crate::{Vault, VaultError, VaultPath};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bridge_jose::{Algorithm, VerificationKey};
use bridge_types::Secret;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::Zeroizing;

/// The transit engine: keys that never leave OpenBao.
#[derive(Debug, Clone)]
pub struct Transit {
    vault: Vault,
    mount: VaultPath,
}

/// A secret that the transit engine has encrypted: `vault:vN:…`. Not confidential, and not meant for anybody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped(String);

impl Wrapped {
    /// The text that [`Transit::encrypt`] gave, read back from where it was kept. Its form is OpenBao's business.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text to keep.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Transit {
    /// The transit engine at this mount.
    pub fn new(vault: Vault, mount: VaultPath) -> Self {
        Self { vault, mount }
    }

    /// The connection that it stands on.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Makes a signing key that can be neither exported nor backed up.
    ///
    /// # Errors
    /// [`VaultError`]. When the name is taken by a key of another type, or by one that may be exported, that key is not used.
    pub async fn create(&self, name: &TransitKeyName, algorithm: Algorithm) -> Result<TransitKey, VaultError> {
        let operation = "make a signing key";
        // Whether it may be exported is left out: it may not, and a policy can refuse whoever says otherwise.
        let body = json!({"type": transit_type(algorithm)});
        let made = self.post("create_key", operation, format!("keys/{name}"), &body).await?;
        made.data::<Description>()?.newest(operation, name, algorithm)
    }

    /// The newest version of a signing key.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn read(&self, name: &TransitKeyName, algorithm: Algorithm) -> Result<TransitKey, VaultError> {
        let operation = "describe a signing key";
        let read = Request::get("read_key", operation, format!("{}/keys/{name}", self.mount));
        self.vault.call(read).await?.data::<Description>()?.newest(operation, name, algorithm)
    }

    /// The raw JWS signature (RFC 7515 §5.1, step 5) of a message by this version of a key.
    ///
    /// It is believed once it verifies under the public half that is given: that of the store, not of OpenBao.
    ///
    /// # Errors
    /// [`VaultError::Unexpected`] for a signature by another key or version, and the others.
    pub async fn sign(
        &self,
        name: &TransitKeyName,
        version: u32,
        public: &VerificationKey,
        message: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        #[derive(Deserialize)]
        struct Signed {
            signature: String,
            key_version: u32,
        }
        let operation = "sign";
        let body = sign_request(public.algorithm(), version, message);
        let signed = self.post("sign", operation, format!("sign/{name}/sha2-256"), &body).await?;
        let Signed { signature, key_version } = signed.data()?;
        let unexpected = |expected, found: String| VaultError::unexpected(operation, expected, found);
        let prefix = format!("vault:v{version}:");
        let text = signature.strip_prefix(&prefix).filter(|_| key_version == version);
        let text = text.ok_or_else(|| unexpected("a signature by the version asked for", "another".to_owned()))?;
        let signature = URL_SAFE_NO_PAD.decode(text).map_err(|error| unexpected("base64url", error.to_string()))?;
        public
            .verify_signature(message, &signature)
            .map_err(|error| unexpected("a signature by the key asked for", error.to_string()))?;
        Ok(signature)
    }

    /// Destroys a key with all its versions.
    ///
    /// # Errors
    /// [`VaultError`]. A key that is not there any more is destroyed already.
    pub async fn destroy(&self, name: &TransitKeyName) -> Result<(), VaultError> {
        let (label, operation, path) = ("destroy_key", "destroy a key", format!("keys/{name}"));
        let permit = self.post(label, operation, format!("{path}/config"), &json!({"deletion_allowed": true})).await;
        match permit {
            Err(VaultError::Refused { status: 400 | 404, .. }) if self.is_gone(name).await? => return Ok(()),
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        let delete = Request::delete(label, operation, format!("{}/{path}", self.mount));
        self.vault.call(delete).await.map(drop)
    }

    /// Destroys the versions of a key below this one.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn trim(&self, name: &TransitKeyName, oldest: u32) -> Result<(), VaultError> {
        let (label, operation) = ("trim_key", "destroy old versions of a key");
        let minimum = json!({"min_decryption_version": oldest, "min_encryption_version": oldest});
        self.post(label, operation, format!("keys/{name}/config"), &minimum).await?;
        let trim = json!({"min_available_version": oldest});
        self.post(label, operation, format!("keys/{name}/trim"), &trim).await.map(drop)
    }

    /// Encrypts a secret, bound to the data that says what it is for (AES-256-GCM with associated data).
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn encrypt(
        &self,
        name: &TransitKeyName,
        secret: &Secret<Vec<u8>>,
        bound_to: &[u8],
    ) -> Result<Wrapped, VaultError> {
        #[derive(Serialize)]
        struct Encrypt<'a> {
            plaintext: &'a str,
            associated_data: &'a str,
        }
        #[derive(Deserialize)]
        struct Encrypted {
            ciphertext: String,
        }
        let (plaintext, bound_to) = (Zeroizing::new(STANDARD.encode(secret.expose())), STANDARD.encode(bound_to));
        let body = Encrypt { plaintext: &plaintext, associated_data: &bound_to };
        let json = secret_json(&body, plaintext.len() + bound_to.len() + 64);
        let json = json.map_err(|error| VaultError::Client(error.to_string()))?;
        let encrypt = Request::post("encrypt", "wrap a key", format!("{}/encrypt/{name}", self.mount), json);
        let Encrypted { ciphertext } = self.vault.call(encrypt).await?.data()?;
        if !ciphertext.starts_with("vault:v") {
            return Err(VaultError::unexpected("wrap a key", "vault:vN:…", "another form"));
        }
        Ok(Wrapped(ciphertext))
    }

    /// Decrypts what [`Self::encrypt`] gave, for the same binding.
    ///
    /// # Errors
    /// [`VaultError::Refused`] when it was encrypted by another key, for another binding, or was altered.
    pub async fn decrypt(
        &self,
        name: &TransitKeyName,
        wrapped: &Wrapped,
        bound_to: &[u8],
    ) -> Result<Secret<Vec<u8>>, VaultError> {
        #[derive(Deserialize)]
        struct Decrypted {
            plaintext: SecretText,
        }
        let body = json!({"ciphertext": wrapped.0, "associated_data": STANDARD.encode(bound_to)});
        let answer = self.post("decrypt", "unwrap a key", format!("decrypt/{name}"), &body).await?;
        let Decrypted { plaintext } = answer.data()?;
        // As large as it will get, so that no copy is left behind.
        let mut secret = Vec::with_capacity(plaintext.0.expose().len());
        let decoded = STANDARD.decode_vec(plaintext.0.expose(), &mut secret);
        let secret = Secret::new(secret);
        decoded.map(|()| secret).map_err(|_| VaultError::unexpected("unwrap a key", "base64", "something else"))
    }

    async fn is_gone(&self, name: &TransitKeyName) -> Result<bool, VaultError> {
        let read = Request::get("read_key", "describe a signing key", format!("{}/keys/{name}", self.mount));
        match self.vault.call(read).await {
            Ok(_) => Ok(false),
            Err(VaultError::Refused { status: 404, .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }

    async fn post(
        &self,
        label: &'static str,
        operation: &'static str,
        path: String,
        body: &serde_json::Value,
    ) -> Result<crate::answer::Answer, VaultError> {
        let body = Bytes::from(body.to_string());
        self.vault.call(Request::post(label, operation, format!("{}/{path}", self.mount), body)).await
    }
}

/// RFC 7518 §3.3 to §3.5 and RFC 8037 §3.1 in the words of the transit engine.
fn sign_request(algorithm: Algorithm, version: u32, message: &[u8]) -> serde_json::Value {
    let mut body = json!({"input": STANDARD.encode(message), "key_version": version, "marshaling_algorithm": "jws"});
    match algorithm {
        Algorithm::Es256 | Algorithm::EdDsa => {}
        Algorithm::Rs256 => body["signature_algorithm"] = "pkcs1v15".into(),
        Algorithm::Ps256 => {
            body["signature_algorithm"] = "pss".into();
            // RFC 7518 §3.5: the salt is as long as the hash.
            body["salt_length"] = "hash".into();
        }
    }
    body
}
