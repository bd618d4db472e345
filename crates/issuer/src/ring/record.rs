use bridge_jose::{Algorithm, PublicJwk};
use bridge_types::{ClientId, KeyId, Secret};
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;

/// What a key is for. One key serves one purpose.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyPurpose {
    /// Signs the access tokens of the issuer, and whatever else the issuer says to partners.
    AccessTokens,
    /// Signs the assertions of one client of the own company.
    Client(ClientId),
}

impl KeyPurpose {
    /// Its kind, as metrics name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::AccessTokens => "access_tokens",
            Self::Client(_) => "client",
        }
    }
}

impl fmt::Display for KeyPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccessTokens => f.write_str("access tokens"),
            Self::Client(client) => write!(f, "client {client}"),
        }
    }
}

/// Where a key stands in its life. It only ever goes down this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Published, and signs nothing yet: those who verify get to know it.
    Prepared,
    /// Signs. Every purpose has exactly one such key once it has any.
    Active,
    /// Signs nothing any more, and has no private half; published until the last thing it signed has expired.
    Retired,
    /// Forgotten by everybody, after a life in good order.
    Destroyed,
    /// Somebody else may have it: signs nothing any more, has no private half, and is about to be revoked.
    Tainted,
    /// Withdrawn: whatever it signed counts for nothing.
    Revoked,
}

impl KeyState {
    /// Every state, in order.
    pub const ALL: [Self; 6] =
        [Self::Prepared, Self::Active, Self::Retired, Self::Destroyed, Self::Tainted, Self::Revoked];

    /// Its name in logs, metrics and the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Destroyed => "destroyed",
            Self::Tainted => "tainted",
            Self::Revoked => "revoked",
        }
    }

    /// True while the public half of an issuer's key stands in the published set.
    pub fn is_published(self) -> bool {
        matches!(self, Self::Prepared | Self::Active | Self::Retired | Self::Tainted)
    }

    /// True while an assertion that this key signed is accepted by the own issuer. A tainted key is refused at once: no
    /// partner is involved who would have to be told first.
    pub fn authenticates(self) -> bool {
        matches!(self, Self::Prepared | Self::Active | Self::Retired)
    }
}

/// What is known of a key, without its private half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// The public half, with its `kid` (RFC 7638 thumbprint) and its one algorithm.
    pub public: PublicJwk,
    /// What it signs.
    pub purpose: KeyPurpose,
    /// Where it stands.
    pub state: KeyState,
    /// When it came into each of the states that it has been in.
    pub times: KeyTimes,
    /// Of an active key: that it is to be replaced.
    pub request: Option<RotationRequest>,
    /// Why it was tainted, in the operator's words.
    pub reason: Option<String>,
}

/// When a key came into each state; `None` for a state that it has not been in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KeyTimes {
    /// When it was made and published.
    pub prepared_at: Timestamp,
    /// When it began to sign.
    pub activated_at: Option<Timestamp>,
    /// When it ceased to sign. It then has no private half any more.
    pub retired_at: Option<Timestamp>,
    /// When its public half was withdrawn, after a life in good order.
    pub destroyed_at: Option<Timestamp>,
    /// When it was found to be in somebody else's hands.
    pub tainted_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl KeyTimes {
    /// Those of a key that is made now.
    pub fn prepared(at: Timestamp) -> Self {
        let [activated_at, retired_at, destroyed_at, tainted_at, revoked_at] = [None; 5];
        Self { prepared_at: at, activated_at, retired_at, destroyed_at, tainted_at, revoked_at }
    }
}

/// That an active key is to be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RotationRequest {
    /// Since when.
    pub at: Timestamp,
    /// What its successor is made for.
    pub algorithm: Algorithm,
}

impl KeyRecord {
    /// `kid`: the RFC 7638 thumbprint.
    pub fn kid(&self) -> &KeyId {
        self.public.kid()
    }

    /// The one algorithm of the key.
    pub fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }
}

/// A key as a store keeps it.
#[derive(Debug)]
pub struct StoredKey {
    /// What is known of it.
    pub record: KeyRecord,
    /// PKCS#8 of the private half; `None` when it is kept elsewhere, and always once the key signs nothing any more.
    pub private: Option<Secret<Vec<u8>>>,
}

/// A key pair that was just made. Nobody knows of it yet.
#[derive(Debug)]
pub struct NewKey {
    /// The public half.
    pub public: PublicJwk,
    /// What the store has to keep of the private half: PKCS#8, or nothing when it is kept elsewhere.
    pub private: Option<Secret<Vec<u8>>>,
}
