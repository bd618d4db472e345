use bridge_issuer::{AccessList, ClientCredential, ClientFile};
use bridge_jose::KeySet;
use bridge_process::config::{ConfigError, Name, Place, Source, unreadable};
use bridge_types::ClientId;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

/// A client of the OWN issuer: `clients/NAME.toml` and the public keys that the file names.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The stem of the file's name.
    pub name: Name,
    /// The identifier at the own issuer.
    pub client_id: ClientId,
    /// How it authenticates.
    pub keys: ClientKeys,
    /// What it may ask for.
    pub access: AccessList,
    /// Tells one reading from another: a digest of all that the client was read from.
    pub(super) digest: u64,
}

/// Whose key pair a client authenticates with.
#[derive(Debug, Clone)]
pub enum ClientKeys {
    /// One that this company makes and keeps in its own store.
    Managed,
    /// One that is kept elsewhere; these are the public keys.
    Elsewhere(KeySet),
}

impl ClientConfig {
    /// Reads one file, and the key file that it may name from beside it.
    pub(super) fn read(file: &Path) -> Result<Self, ConfigError> {
        let name = stem(file)?;
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, "a TOML file", &error))?;
        let mut digest = DefaultHasher::new();
        text.hash(&mut digest);
        let source = Source::new(file, text);
        let table = source.table()?;
        let place = source.place_of(table.get_ref(), "credential");
        let ClientFile { client_id, credential, access } = source.deserialize(table)?;
        let keys = match credential {
            ClientCredential::Managed => ClientKeys::Managed,
            ClientCredential::JwksFile(beside) => {
                let path = file.with_file_name("").join(beside);
                ClientKeys::Elsewhere(public_keys(&place, &path, &mut digest)?)
            }
        };
        Ok(Self { name, client_id, keys, access, digest: digest.finish() })
    }
}

fn stem(file: &Path) -> Result<Name, ConfigError> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    Name::try_from(stem.clone().into_owned()).map_err(|_| {
        ConfigError::new(Place::file(file), "a file whose name cannot be a name")
            .expected("1 to 64 lower-case letters, digits and hyphens before .toml")
            .found(format!("\"{stem}\""))
            .remedy("rename it")
    })
}

/// The keys of a client elsewhere. A key that cannot be used is a mistake here, because this file is the company's own.
fn public_keys(place: &Place, file: &Path, digest: &mut DefaultHasher) -> Result<KeySet, ConfigError> {
    let refused = |found: String| {
        ConfigError::new(place.clone(), "the keys in the file that is named here cannot be used")
            .expected("a JWK set with at least one public key, and nothing else in it")
            .found(found)
            .remedy("ask the owner of the client for the public half of its keys, each with kid and alg")
    };
    let json = std::fs::read(file).map_err(|error| refused(error.to_string()))?;
    json.hash(digest);
    let (keys, ignored) = KeySet::parse(&json).map_err(|error| refused(error.to_string()))?;
    match ignored.first() {
        Some(bad) => Err(refused(bad.reason.to_string())),
        None if keys.is_empty() => Err(refused("no key".to_owned())),
        None => Ok(keys),
    }
}
