use super::Invocation;
use super::failure::Failure;
use super::keys_rotate::existing;
use crate::application::Application;
use crate::config::Configuration;
use serde::Serialize;
use std::fmt;

/// Seals the private halves of every key anew. The keys stay what they are, and a company that serves goes on.
pub(super) async fn run<A: Application>(invocation: &mut Invocation, new: bool) -> Result<(), Failure> {
    let configuration = Configuration::load(&invocation.directory, &invocation.variables)?;
    let database = existing::<A>(invocation, &configuration).await?;
    let resealed = configuration.company.keys.of(&database).rewrap(new).await;
    database.close().await;
    let resealed = resealed?;
    invocation.console.print(&Rewrapped { kek: resealed.kek.to_string(), keys: resealed.rows })
}

#[derive(Serialize)]
struct Rewrapped {
    /// The id of the key-encryption key.
    kek: String,
    /// How many private halves are sealed under it.
    keys: usize,
}

impl fmt::Display for Rewrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} keys are sealed under the key-encryption key {}", self.keys, self.kek)
    }
}
