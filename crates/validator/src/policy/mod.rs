//! What this company believes of one partner: `partners/NAME.toml`, read strictly into a [`TrustPolicy`].

mod error;
mod file;
mod words;

pub use error::{PolicyError, PolicyProblem};

use crate::denial::Refusal;
use crate::reason::Reason;
use bridge_jose::{Algorithm, Header, KeySet};
use bridge_limits::Rate;
use bridge_types::{Audience, ClientId, KeyId, Network, PartnerIssuer, ScopeSet};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The trust policy for one partner (or for the own issuer): one file, made of parsed words only.
///
/// Reading it says nothing about the partner being up, or about its keys being the right ones: that is what the
/// operator who wrote the file vouches for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TrustPolicy {
    /// The stem of the file's name: 1 to 64 lower-case letters, digits and hyphens. Fit to be a metric label.
    pub partner: Arc<str>,
    /// `issuer`, compared byte for byte. Required.
    pub issuer: PartnerIssuer,
    /// `keys`. Default: `"discover"`.
    pub keys: KeySource,
    /// `ca_file`: certificates to trust when fetching from this partner, and from no other. Default: none.
    pub ca: Option<CaFile>,
    /// `private_networks`: networks that are not public in which the partner's hosts may be, such as that of a VPN.
    /// Everything fetched from the partner is fetched from public addresses or from these. Default: none.
    pub private_networks: Vec<Network>,
    /// `enabled`, the kill switch. Default: true.
    pub enabled: bool,
    /// `valid_until`: the last day, in UTC, on which tokens are accepted; all of that day counts. Default: no end.
    pub valid_until: Option<jiff::civil::Date>,
    /// `audience`: what the partner's tokens must name. Required.
    pub audience: Audience,
    /// `algorithms`, at least one. Default: `["ES256"]`.
    pub algorithms: Vec<Algorithm>,
    /// `max_token_lifetime`: the longest accepted `exp - iat`. Default: `"15m"`; at most `"1h"`.
    pub max_token_lifetime: Duration,
    /// `status_list_hosts`: where status lists may be fetched from. A token that refers to a list elsewhere is
    /// refused, and without hosts every token that refers to one. With hosts every token must refer to one.
    /// Default: none.
    pub status_list_hosts: Vec<String>,
    /// `[clients.ID]`: the ceiling of each client that is let in. Default: nobody is.
    pub clients: BTreeMap<ClientId, ScopeSet>,
    /// `requests_per_second` of `[clients.ID]`, where it is said. Default: what the API grants everybody.
    pub rates: BTreeMap<ClientId, Rate>,
    /// `[outbound]`: how this company calls the partner. Not used by the validator. Default: it does not.
    pub outbound: Option<Outbound>,
    /// SHA-256 of everything the policy was made of, files that it names included.
    pub(crate) content: [u8; 32],
    /// SHA-256 of what decides which keys are held: a policy with the same value may go on with the same keys.
    pub(crate) key_identity: [u8; 32],
}

/// Where the keys of an issuer come from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// From the issuer's metadata (RFC 8414) and the JWK set that it names, on the origin of the issuer.
    Discover,
    /// From a file beside the policy. It never ages; editing it is how a key is revoked.
    Pinned(PinnedKeys),
}

/// The keys of a `jwks_file`.
#[derive(Debug, Clone)]
pub struct PinnedKeys {
    /// The file.
    pub file: PathBuf,
    /// What it holds.
    pub set: KeySet,
}

/// A `ca_file`. That it is PEM with a certificate was checked; that the certificate is usable was not.
#[derive(Debug, Clone)]
pub struct CaFile {
    /// The file.
    pub file: PathBuf,
    /// What it holds.
    pub pem: Vec<u8>,
}

/// `[outbound]`: how this company calls the partner.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outbound {
    /// The partner's API, and the only origin that calls go to. Required.
    pub url: Audience,
    /// What tokens for it are asked for. Default: `url`.
    pub audience: Audience,
    /// The name of the own client (`clients/NAME.toml`) that calls. Required.
    pub client: String,
    /// The name of the own client with which the company itself, not its business, speaks to the partner: it pushes
    /// revocations and reads the partner mirror. Default: none, then neither happens.
    pub agent: Option<String>,
}

impl TrustPolicy {
    /// The policy, provided that it is in force: the switch is on and its last day is not over.
    pub(crate) fn in_force(&self, now: Timestamp) -> Result<&Self, Refusal> {
        if !self.enabled {
            return Err(Refusal::new(Reason::PartnerDisabled, "the policy says enabled = false"));
        }
        match self.valid_until {
            Some(last) if now >= words::end_of(last) => Err(Refusal::new(
                Reason::PolicyExpired,
                format!("the policy was valid until {last}, that day included"),
            )),
            _ => Ok(self),
        }
    }

    /// The id of the key to check against, provided that the header names an algorithm of the policy.
    pub(crate) fn key_named<'h>(&self, header: &'h Header) -> Result<&'h KeyId, Refusal> {
        let algorithm = header.algorithm();
        if self.algorithms.contains(&algorithm) {
            return Ok(header.key_id());
        }
        let detail = format!("expected one of {:?}, found {algorithm}", self.algorithms);
        Err(Refusal::new(Reason::AlgorithmNotAllowed, detail))
    }

    /// All that the client may ever do here, provided that it is let in at all.
    pub(crate) fn ceiling(&self, client: &ClientId) -> Result<&ScopeSet, Refusal> {
        self.clients
            .get(client)
            .ok_or_else(|| Refusal::new(Reason::ClientNotAllowed, format!("the policy has no [clients.{client}]")))
    }
}
