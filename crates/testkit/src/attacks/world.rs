use super::Policy;
use crate::forge::{Forge, Pen};
use bridge_jose::{Algorithm, EncodedStatusList, SigningKey, Typ, jwks_json};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many tokens the status list has room for.
pub(super) const LISTED: usize = 8192;

/// The index of the status list that is set.
pub(super) const REVOKED: usize = 1;

/// Everything that a forger holds: the keys of the issuers and what the target was told.
#[derive(Debug, Clone)]
pub struct World {
    /// What is attacked.
    pub face: Face,
    /// What the target was told.
    pub policy: Policy,
    /// The keys, for each algorithm under test.
    pub rings: BTreeMap<Algorithm, Ring>,
    /// How signatures are made.
    pub pen: Pen,
    /// Stands at the end of every `jti`, so that a later run does not repeat one.
    pub run: String,
    /// How far the target's clock may be from ours, in seconds: cases at the edge of a time keep away from it so far.
    pub margin: i64,
}

/// What is attacked, and so what a valid token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// A protected route, with access tokens (RFC 9068).
    ResourceServer,
    /// A token endpoint, with client assertions (RFC 7523).
    TokenEndpoint,
}

/// The keys of one algorithm. At a resource server they belong to issuers, at a token endpoint to clients.
#[derive(Debug, Clone)]
pub struct Ring {
    /// The published key of the trusted issuer, or the registered one of the client.
    pub current: SigningKey,
    /// A key that was published or registered once and has been taken back.
    pub retired: SigningKey,
    /// The published key of the other issuer, or the registered one of the other client.
    pub foreign: SigningKey,
    /// The attacker's own key, which nobody published.
    pub rogue: SigningKey,
}

impl Ring {
    /// New keys.
    pub fn generate(algorithm: Algorithm) -> Self {
        let key = || SigningKey::generate(algorithm).expect("a key can be made");
        Self { current: key(), retired: key(), foreign: key(), rogue: key() }
    }
}

impl World {
    /// New keys for every algorithm of the policy, and signatures as they come.
    pub fn generate(face: Face, policy: Policy, run: &str) -> Self {
        let rings = policy.algorithms.iter().map(|algorithm| (*algorithm, Ring::generate(*algorithm))).collect();
        Self { face, policy, rings, pen: Pen::default(), run: run.to_owned(), margin: 0 }
    }

    /// The world at one moment, with the keys of one algorithm.
    pub fn stage<'w>(&'w self, algorithm: Algorithm, id: &'w str, now: Timestamp) -> Stage<'w> {
        Stage::new(self, algorithm, id, now)
    }

    /// The key set that the trusted issuer publishes, or that of the client.
    pub fn jwks(&self) -> String {
        jwks_json(self.rings.values().map(|ring| ring.current.public()))
    }

    /// The status list that the trusted issuer publishes, if it has one, made at this moment for an hour
    /// (draft-ietf-oauth-status-list §5.1): 8,192 tokens, of which number [`REVOKED`] alone is not valid.
    ///
    /// # Panics
    /// When the world has no keys.
    pub fn status_list(&self, now: Timestamp) -> Option<String> {
        let uri = self.policy.status_list.as_deref()?;
        let mut bits = vec![0_u8; LISTED / 8];
        bits[REVOKED / 8] |= 1 << (REVOKED % 8);
        let now = now.as_second();
        let claims = json!({
            "sub": uri, "iat": now, "exp": now + 3600, "ttl": 600, "status_list": EncodedStatusList::of_bits(&bits),
        });
        let ring = self.rings.values().next().expect("the world has keys");
        Some(Forge::new(&ring.current, Typ::StatusList, claims).pen(&self.pen).sign())
    }

    /// The key set that the other issuer publishes, or that of the other client.
    pub fn foreign_jwks(&self) -> String {
        jwks_json(self.rings.values().map(|ring| ring.foreign.public()))
    }
}

/// The world at the moment when one case is forged.
#[derive(Debug)]
pub struct Stage<'w> {
    world: &'w World,
    algorithm: Algorithm,
    id: &'w str,
    now: Timestamp,
}

impl<'w> Stage<'w> {
    pub(super) fn new(world: &'w World, algorithm: Algorithm, id: &'w str, now: Timestamp) -> Self {
        Self { world, algorithm, id, now }
    }

    /// A valid token: for a route an access token, for a token endpoint a client assertion.
    pub fn token(&self) -> Forge {
        self.token_of(&self.policy().issuer, &self.policy().client, self.key())
    }

    /// A valid token of any issuer and client.
    pub fn token_of(&self, issuer: &str, client: &str, key: &SigningKey) -> Forge {
        match self.world.face {
            Face::ResourceServer => self.access_token(issuer, client, key),
            Face::TokenEndpoint => self.assertion(issuer, client, key),
        }
    }

    /// A valid access token (RFC 9068) of 5 minutes.
    pub(super) fn access_token(&self, issuer: &str, client: &str, key: &SigningKey) -> Forge {
        let claims = json!({
            "iss": issuer, "sub": client, "client_id": client, "aud": self.policy().audience,
            "scope": self.policy().required_scope, "iat": self.issued(), "exp": self.issued() + 300, "jti": self.jti(),
        });
        let token = Forge::new(key, Typ::AccessToken, claims).pen(self.pen());
        match &self.policy().status_list {
            Some(uri) if issuer == self.policy().issuer => token.claim("status", Self::status(0, uri.as_str())),
            _ => token,
        }
    }

    /// The claim that says where it stands whether the token is valid (draft-ietf-oauth-status-list §6.2).
    pub(super) fn status(index: impl Into<Value>, uri: impl Into<Value>) -> Value {
        json!({"status_list": {"idx": index.into(), "uri": uri.into()}})
    }

    /// A valid client assertion (RFC 7523, RFC 10070) of 55 seconds.
    pub(super) fn assertion(&self, issuer: &str, client: &str, key: &SigningKey) -> Forge {
        let claims = json!({
            "iss": client, "sub": client, "aud": issuer, "iat": self.issued(), "exp": self.issued() + 55, "jti": self.jti(),
        });
        Forge::new(key, Typ::ClientAssertion, claims).pen(self.pen())
    }

    /// A name that no other case and no other run uses.
    pub fn jti(&self) -> String {
        format!("{}{}", self.id, self.world.run)
    }

    /// What the target was told.
    pub fn policy(&self) -> &'w Policy {
        &self.world.policy
    }

    /// The keys of the algorithm of the case.
    ///
    /// # Panics
    /// When the world has no keys of this algorithm.
    pub fn ring(&self) -> &'w Ring {
        self.world.rings.get(&self.algorithm).expect("the world has keys of every algorithm under test")
    }

    /// The published key of the trusted issuer.
    pub fn key(&self) -> &'w SigningKey {
        &self.ring().current
    }

    /// A published key of the trusted issuer for another algorithm, if there is one.
    pub fn sibling(&self) -> Option<&'w SigningKey> {
        let mut others = self.world.rings.iter().filter(|(algorithm, _)| **algorithm != self.algorithm);
        others.next().map(|(_, ring)| &ring.current)
    }

    /// How signatures are made.
    pub fn pen(&self) -> &'w Pen {
        &self.world.pen
    }

    /// The moment, in seconds since 1970.
    pub fn now(&self) -> i64 {
        self.now.as_second()
    }

    /// When a valid token was issued: not in the future for a clock that is behind ours.
    pub fn issued(&self) -> i64 {
        self.now() - self.world.margin
    }

    /// A moment that is certainly on the outer side of an edge that lies `seconds` from now.
    pub fn beyond(&self, seconds: i64) -> i64 {
        self.now() + seconds + seconds.signum() * self.world.margin
    }

    /// A moment that is certainly on the inner side of an edge that lies `seconds` from now.
    pub fn within(&self, seconds: i64) -> i64 {
        self.now() + seconds - seconds.signum() * self.world.margin
    }
}
