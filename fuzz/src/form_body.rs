//! Bodies at the token endpoint: whatever gets a token asked for exactly that, once, and with the registered key.

use super::fixture::{API, CLIENT, ISSUER, clock, ring, runtime};
use async_trait::async_trait;
use bridge_issuer::{
    AccessList, Claims, Client, Clients, EmbeddedKeys, IssuedToken, Issuer, IssuerConfig, IssuerStore, IssuerStores,
    KeyRing, KeysInMemory, PeerAddress, Revisions, StoreFailure, TokenRequest, UsedAssertion,
};
use bridge_jose::profile::AccessTokenClaims;
use bridge_jose::{Algorithm, KeySet, SigningKey, UnverifiedToken, VerificationKey};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use tokio::runtime::Runtime;

/// The first byte says whether the request has an `Authorization` header; the rest is the body.
pub fn check(data: &[u8]) {
    let Some((header, form)) = data.split_first() else { return };
    let authorization_header = *header == 1;
    thread_local!(static RUNTIME: Runtime = runtime());
    let outcome = RUNTIME.with(|runtime| {
        runtime.block_on(async {
            // A new issuer for each input: it has seen no assertion before.
            let issuer = issuer().await;
            let outcome = issuer.token(TokenRequest { form, authorization_header, peer: PeerAddress::UNKNOWN }).await;
            issuer.stop().await;
            outcome.map(|token| (issuer, token))
        })
    });
    match outcome {
        Ok((issuer, token)) => {
            assert!(!authorization_header, "a second credential went unnoticed");
            is_what_was_asked_for(&issuer, &token, form);
        }
        Err(error) => explains_itself(error.code(), &error.description(), form),
    }
}

/// An error of RFC 6749 §5.2 or RFC 8707, described in words of our own.
fn explains_itself(code: &str, description: &str, form: &[u8]) {
    let known = ["invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope", "invalid_target"];
    assert!(known.contains(&code), "{code}");
    assert!(description.bytes().all(|b| matches!(b, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{description}");
    // Tokens and URLs are told from the words of descriptions by their punctuation.
    for (_, value) in url::form_urlencoded::parse(form).filter(|(_, value)| value.matches(['.', '/', '%']).count() > 1)
    {
        assert!(!description.contains(&*value), "the description repeats {value}");
    }
}

/// The key of the client in the vectors for token endpoints, so that their assertions are good here.
fn key() -> &'static SigningKey {
    static KEY: LazyLock<SigningKey> = LazyLock::new(|| ring(Algorithm::Es256).current);
    &KEY
}

async fn issuer() -> Arc<Issuer> {
    let keys = KeySet::from_jwks([key().public()]).expect("the key of the vectors is good");
    let access = (API.parse().expect("an audience"), "shipments:read shipments:write".parse().expect("scopes"));
    let client = Client::new(CLIENT.parse().expect("a client id"), keys, AccessList::new([access]).expect("a list"));
    let clients = Clients::new([client]).expect("one client");
    let config =
        IssuerConfig::new(ISSUER.parse().expect("an issuer"), Algorithm::EdDsa, IssuerConfig::DEFAULT_LIFETIME);
    let stores = IssuerStores::with_status_in_memory(Arc::new(Forgetful));
    let keys = KeyRing::open(Arc::new(KeysInMemory::default()), Arc::new(EmbeddedKeys::default()), clock());
    let keys = keys.await.expect("a store in memory");
    let issuer = Issuer::start(config.expect("a configuration"), stores, keys, clients, clock());
    issuer.await.expect("the issuer starts")
}

fn is_what_was_asked_for(issuer: &Issuer, token: &IssuedToken, form: &[u8]) {
    let mut asked: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(form).filter(|(_, value)| !value.is_empty()) {
        assert!(asked.insert(name.into_owned(), value.into_owned()).is_none(), "a parameter came twice");
    }
    assert_eq!(asked["grant_type"], "client_credentials");
    assert_eq!(asked["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    assert!(!asked.contains_key("client_secret"), "a second credential went unnoticed");
    assert!(asked.get("client_id").is_none_or(|id| id == CLIENT));
    let keys = issuer.ring().snapshot();
    let signing = VerificationKey::try_from(keys.signing().expect("a key")).expect("the issuer's key is good");
    let minted = UnverifiedToken::parse(token.access_token.expose()).expect("the issuer writes what it reads");
    let minted = minted.verify(&signing).expect("the issuer signs with its key");
    let claims: AccessTokenClaims = minted.claims().expect("the issuer writes what it reads");
    assert_eq!(claims.aud.as_str(), asked["resource"]);
    assert_eq!((claims.sub.as_str(), claims.client_id.as_str()), (CLIENT, CLIENT));
    let scope = asked["scope"].parse().expect("a scope was asked for");
    assert_eq!((&claims.scope, &token.scope), (&scope, &scope), "something else was granted");
    let assertion = UnverifiedToken::parse(&asked["client_assertion"]).expect("the assertion was good");
    let registered = VerificationKey::try_from(key().public()).expect("the key of the vectors is good");
    assert!(assertion.verify(&registered).is_ok(), "another key was taken");
}

/// Keeps nothing.
struct Forgetful;

#[async_trait]
impl IssuerStore for Forgetful {
    async fn claim_assertions(&self, batch: &[UsedAssertion]) -> Result<Claims, StoreFailure> {
        Ok(Claims { new: vec![true; batch.len()], revisions: Revisions::default() })
    }

    async fn purge_assertions(&self, _: Timestamp) -> Result<u64, StoreFailure> {
        Ok(0)
    }
}
