use super::directory::{Entry, Reader};
use super::error::ConfigError;
use super::source::{Source, unreadable};
use super::words::Name;
use bridge_jose::KeySet;
use bridge_types::{Audience, ClientId, ScopeSet};
use serde::Deserialize;
use std::path::PathBuf;
use toml::Spanned;

/// What stands in `clients/NAME.toml`: a client of the OWN issuer.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The identifier at the own issuer.
    pub client_id: ClientId,
    /// How it authenticates.
    pub credential: ClientCredential,
    /// What it may ask for: each audience once, never without a scope.
    pub access: Vec<Access>,
    source: PathBuf,
}

/// How a client of the own issuer authenticates.
#[derive(Debug, Clone)]
pub enum ClientCredential {
    /// With a key pair that this company makes and keeps in its own store.
    Managed,
    /// With a key pair kept elsewhere; these are the public keys.
    Keys(KeySet),
}

/// What a client may ask for at one API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// The API (`resource` of the request, RFC 8707).
    pub audience: Audience,
    /// The scopes.
    pub scopes: ScopeSet,
}

impl Entry for ClientConfig {
    const DIRECTORY: &'static str = "clients";

    fn read(_: &Name, source: &Source, reader: &mut Reader<'_>) -> Result<Self, ConfigError> {
        let file: ClientFile = source.parse()?;
        let credential = match file.credential.get_ref() {
            CredentialSection::Managed => ClientCredential::Managed,
            CredentialSection::File(path) => ClientCredential::Keys(public_keys(source, &file.credential, path, reader)?),
        };
        check_access(source, &file.access)?;
        let access = file.access.into_iter().map(Spanned::into_inner).collect();
        Ok(Self { client_id: file.client_id, credential, access, source: source.path().to_owned() })
    }

    fn conflict(&self, other: &Self) -> Option<ConfigError> {
        (self.client_id == other.client_id).then(|| {
            ConfigError::new(super::Place::file(&self.source), format!("client id `{}` for a second time", self.client_id))
                .expected("each client id in one file")
                .found(format!("the same in {}", other.source.display()))
                .remedy("remove or rename one of the two clients")
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientFile {
    client_id: ClientId,
    credential: Spanned<CredentialSection>,
    access: Vec<Spanned<Access>>,
}

/// `"managed"` or `{ jwks_file = "…" }`. Not an untagged enum, whose complaints would lose line and reason.
enum CredentialSection {
    Managed,
    File(PathBuf),
}

impl<'de> Deserialize<'de> for CredentialSection {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CredentialVisitor)
    }
}

struct CredentialVisitor;

impl<'de> serde::de::Visitor<'de> for CredentialVisitor {
    type Value = CredentialSection;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("\"managed\" or { jwks_file = \"FILE\" }")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<CredentialSection, E> {
        if word == "managed" {
            return Ok(CredentialSection::Managed);
        }
        Err(E::invalid_value(serde::de::Unexpected::Str(word), &self))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<CredentialSection, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct KeysElsewhere {
            jwks_file: PathBuf,
        }
        let keys = KeysElsewhere::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
        Ok(CredentialSection::File(keys.jwks_file))
    }
}

/// The keys of a client elsewhere. A key that cannot be used is a mistake here, because this file is the company's own.
fn public_keys(
    source: &Source,
    at: &Spanned<CredentialSection>,
    path: &std::path::Path,
    reader: &mut Reader<'_>,
) -> Result<KeySet, ConfigError> {
    let file = reader.resolve(path);
    let json = reader.bytes(path).map_err(|error| unreadable(&file, "a JWK set with the client's public keys", &error))?;
    let refused = |found: String| {
        ConfigError::new(source.place(at.span()), format!("the keys in {} cannot be used", file.display()))
            .expected("a JWK set with at least one public key, and nothing else in it")
            .found(found)
            .remedy("ask the owner of the client for the public half of its keys, each with kid and alg")
    };
    let (keys, ignored) = KeySet::parse(&json).map_err(|error| refused(error.to_string()))?;
    match ignored.first() {
        Some(bad) => Err(refused(bad.reason.to_string())),
        None if keys.is_empty() => Err(refused("no key".to_owned())),
        None => Ok(keys),
    }
}

fn check_access(source: &Source, access: &[Spanned<Access>]) -> Result<(), ConfigError> {
    for (index, section) in access.iter().enumerate() {
        let Access { audience, scopes } = section.get_ref();
        let place = || source.place(section.span());
        if scopes.is_empty() {
            return Err(ConfigError::new(place(), format!("no scopes for {audience}"))
                .expected("at least one scope")
                .found("an empty list")
                .remedy("name the scopes that the client may ask for, or remove this section"));
        }
        if access.iter().take(index).any(|earlier| earlier.get_ref().audience == *audience) {
            return Err(ConfigError::new(place(), format!("{audience} for a second time"))
                .expected("one section [[access]] for each audience")
                .found("two")
                .remedy("move the scopes into one of them"));
        }
    }
    Ok(())
}
