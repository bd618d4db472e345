use super::{Failure, Invocation};
use crate::config::ClientSettings;
use crate::credential::{next_file, read_or_make};
use bridge_jose::{SigningKey, jwks_json};
use bridge_process::config::ConfigError;
use std::path::Path;

/// Makes what is missing and prints the public halves. Never prints, and never replaces, a private key.
pub(super) fn run(invocation: &mut Invocation, next: bool) -> Result<(), Failure> {
    let client = invocation.load()?.client;
    let path = client.key_file()?;
    let mut keys = vec![read_or_make(&client, path)?];
    if next || next_file(path).exists() {
        keys.push(read_or_make(&client, &next_file(path))?);
    }
    invocation.print(jwks_json(keys.iter().map(SigningKey::public)))?;
    let ClientSettings { client_id, .. } = &client;
    invocation.say(format_args!(
        "Hand this JWK set, in which there is no secret, to the operator of the own issuer: it belongs beside \
         clients/NAME.toml, which names it with client_id = \"{client_id}\" and credential = {{ jwks_file = \"NAME.jwks.json\" }}."
    ));
    Ok(())
}

/// Puts the next key in the place of the present one. A sidecar that runs notices within a second.
pub(super) fn activate(invocation: &mut Invocation) -> Result<(), Failure> {
    let client = invocation.load()?.client;
    let path = client.key_file()?;
    let key = existing(&client, &next_file(path))?;
    std::fs::rename(next_file(path), path)
        .map_err(|error| Failure::Failed(format!("the next key cannot be put in place: {error}")))?;
    invocation.print(jwks_json([key.public()]))?;
    invocation.say("The public key that is not in this set can be removed from the issuer now.");
    Ok(())
}

fn existing(client: &ClientSettings, path: &Path) -> Result<SigningKey, ConfigError> {
    if path.exists() {
        return read_or_make(client, path);
    }
    Err(ConfigError::new(client.credential.place.clone(), "no next key")
        .expected(format!("a key in {}", path.display()))
        .found("no such file")
        .remedy("run `bridge-sidecar register --next`, and have the issuer know its public half first"))
}
