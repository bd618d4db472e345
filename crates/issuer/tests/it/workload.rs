//! Clients that have no key of their own.

use crate::support::{AUDIENCE, CLIENT, ISSUER, JWT_BEARER, World, client, good_form, refusal};
use async_trait::async_trait;
use bridge_issuer::{
    AccessList, BoundClaims, BoundValue, Client, Clients, IssuedToken, Platform, TokenError, WorkloadAuthority,
    WorkloadBinding, WorkloadIssuer, WorkloadKeyMissing, WorkloadKeys,
};
use bridge_jose::{Algorithm, KeySet, SigningKey, Typ, VerificationKey};
use bridge_testkit::{Forge, SERVICE_ACCOUNT_UID, TestIssuer};
use bridge_types::{Clock, KeyId};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const JWT_SPIFFE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";
const CLUSTER: &str = "https://kubernetes.default.svc.cluster.local";
const SVID: &str = "spiffe://prod.company-a.example/ns/prod/sa/orders";

/// The keys of a platform as they are now; `None` while they cannot be had.
#[derive(Debug, Clone)]
struct Published(Arc<Mutex<Option<KeySet>>>);

#[async_trait]
impl WorkloadKeys for Published {
    async fn find(&self, kid: &KeyId) -> Result<Arc<VerificationKey>, WorkloadKeyMissing> {
        let held = self.0.lock().unwrap().clone();
        let held = held.ok_or_else(|| WorkloadKeyMissing::Unavailable("no answer".to_owned()))?;
        held.find(kid).cloned().ok_or(WorkloadKeyMissing::Unknown)
    }
}

impl Published {
    fn of(keys: &[&SigningKey]) -> Self {
        Self(Arc::new(Mutex::new(Some(KeySet::from_jwks(keys.iter().map(|key| key.public())).unwrap()))))
    }

    fn become_keys(&self, keys: Option<&[&SigningKey]>) {
        *self.0.lock().unwrap() = keys.map(|keys| KeySet::from_jwks(keys.iter().map(|key| key.public())).unwrap());
    }
}

/// A company whose `order-service` runs on a platform; `shop` has a key of its own.
struct Stand {
    world: World,
    platform: TestIssuer,
    published: Published,
}

impl Stand {
    async fn kubernetes() -> Self {
        Self::bound(
            Platform::Kubernetes,
            &[
                ("/kubernetes.io/namespace", json!("prod")),
                ("/kubernetes.io/serviceaccount/name", json!("orders")),
                ("/kubernetes.io/serviceaccount/uid", json!(SERVICE_ACCOUNT_UID)),
            ],
        )
        .await
    }

    async fn github_actions() -> Self {
        Self::bound(
            Platform::GithubActions,
            &[
                ("/repository_id", json!("74")),
                ("/repository_owner_id", json!("65")),
                ("/environment", json!("production")),
            ],
        )
        .await
    }

    async fn bound(platform: Platform, claims: &[(&str, Value)]) -> Self {
        let issuer = TestIssuer::new(CLUSTER, Algorithm::Rs256);
        let authority = WorkloadAuthority::Issuer(platform, issuer.url.clone());
        Self::with(issuer, authority, claims).await
    }

    async fn spiffe() -> Self {
        let authority = WorkloadAuthority::TrustDomain("prod.company-a.example".to_owned().try_into().unwrap());
        Self::with(TestIssuer::new(CLUSTER, Algorithm::Rs256), authority, &[("/sub", json!(SVID))]).await
    }

    async fn with(platform: TestIssuer, authority: WorkloadAuthority, claims: &[(&str, Value)]) -> Self {
        let (world, published) = (World::new().await, Published::of(&[&platform.key]));
        let claim = |(name, value): &(&str, Value)| {
            let value: BoundValue = serde_json::from_value(value.clone()).unwrap();
            ((*name).to_owned().try_into().unwrap(), value)
        };
        let claims = BoundClaims::new(&authority, claims.iter().map(claim).collect()).unwrap();
        let issuer = WorkloadIssuer {
            name: "cluster".to_owned(),
            authority,
            algorithms: vec![Algorithm::Rs256],
            max_token_lifetime: Duration::from_hours(1),
            keys: Arc::new(published.clone()),
        };
        let max_token_lifetime = Duration::from_mins(10);
        let binding = WorkloadBinding { issuer: Arc::new(issuer), claims, max_token_lifetime };
        let access = [(AUDIENCE.parse().unwrap(), "shipments:read".parse().unwrap())];
        let bound = Client::new(CLIENT.parse().unwrap(), binding, AccessList::new(access).unwrap());
        let shop = client("shop", &[&world.other_key], &[("shipments:read", AUDIENCE)]);
        world.issuer.replace_clients(Clients::new([bound, shop]).unwrap());
        Self { world, platform, published }
    }

    /// A good token of the platform, to be spoilt.
    fn token(&self) -> Forge {
        self.platform.kubernetes_token(ISSUER, self.world.clock.now())
    }

    fn svid(&self) -> Forge {
        Forge::jwt_svid(&self.platform.key, SVID, ISSUER, self.world.clock.now())
    }

    async fn present(&self, token: &str) -> Result<IssuedToken, TokenError> {
        self.present_as(Some(CLIENT), JWT_BEARER, token).await
    }

    async fn present_as(&self, id: Option<&str>, kind: &str, token: &str) -> Result<IssuedToken, TokenError> {
        let mut form = good_form(token);
        form.retain(|(name, _)| *name != "client_assertion_type");
        form.push(("client_assertion_type", kind));
        form.extend(id.map(|id| ("client_id", id)));
        self.world.ask(&form).await
    }

    /// Every token of the table must be refused for exactly its reason.
    async fn refuses_each(&self, kind: &str, good: Forge, cases: Vec<(String, String, &'static str)>) {
        for (name, token, detail) in cases {
            let outcome = self.present_as(Some(CLIENT), kind, &token).await;
            assert_eq!(refusal(outcome), ("invalid_client", detail), "{name}");
        }
        assert_eq!(self.world.store.writes(), 0, "a refused token reached the store");
        self.present_as(Some(CLIENT), kind, &good.sign()).await.expect("the unspoilt token is good");
    }
}

#[tokio::test]
async fn a_token_of_the_platform_stands_for_the_client_that_it_is_bound_to() {
    let stand = Stand::kubernetes().await;
    let token = stand.token().sign();
    stand.present(&token).await.unwrap();
    // One token serves for many requests: its life is capped instead.
    stand.present(&token).await.unwrap();

    let stand = Stand::github_actions().await;
    let token = stand.platform.github_actions_token(ISSUER, stand.world.clock.now());
    stand.present(&token.sign()).await.unwrap();

    let stand = Stand::spiffe().await;
    for token in [stand.svid(), stand.svid().header("typ", "JOSE"), stand.svid().without_header("typ")] {
        stand.present_as(Some(CLIENT), JWT_SPIFFE, &token.sign()).await.unwrap();
    }
    // Whatever it says about its issuer: nobody looks.
    let elsewhere = stand.svid().claim("iss", "https://evil.example");
    stand.present_as(Some(CLIENT), JWT_SPIFFE, &elsewhere.sign()).await.unwrap();
}

#[tokio::test]
async fn refuses_each_claim_that_is_not_the_bound_one() {
    let stand = Stand::kubernetes().await;
    let kubernetes = |namespace: Value, account: Value| json!({"namespace": namespace, "serviceaccount": account});
    let account = |name: &str, uid: Value| json!({"name": name, "uid": uid});
    let uid = || json!(SERVICE_ACCOUNT_UID);
    let mut cases = Vec::new();
    for (name, claim) in [
        ("other name space", kubernetes(json!("test"), account("orders", uid()))),
        ("other account", kubernetes(json!("prod"), account("shop", uid()))),
        ("other uid", kubernetes(json!("prod"), account("orders", json!("another")))),
        ("uid in other case", kubernetes(json!("prod"), account("orders", json!(SERVICE_ACCOUNT_UID.to_uppercase())))),
        ("uid is a number", kubernetes(json!("prod"), account("orders", json!(6)))),
        ("uid is a list", kubernetes(json!("prod"), account("orders", json!([SERVICE_ACCOUNT_UID])))),
        ("uid is null", kubernetes(json!("prod"), account("orders", Value::Null))),
        ("no uid", kubernetes(json!("prod"), json!({"name": "orders"}))),
        ("no account", json!({"namespace": "prod"})),
        ("a text", json!("kubernetes")),
    ] {
        cases.push((name.to_owned(), stand.token().claim("kubernetes.io", claim).sign(), "workload_claim_mismatch"));
    }
    cases.push(("none".to_owned(), stand.token().without_claim("kubernetes.io").sign(), "workload_claim_mismatch"));
    stand.refuses_each(JWT_BEARER, stand.token(), cases).await;

    let stand = Stand::github_actions().await;
    let token = || stand.platform.github_actions_token(ISSUER, stand.world.clock.now());
    let mut cases = Vec::new();
    for name in ["repository_id", "repository_owner_id", "environment"] {
        for value in [json!("75"), json!(74), json!(""), Value::Null, json!(true)] {
            let spoilt = token().claim(name, value.clone()).sign();
            cases.push((format!("{name} = {value}"), spoilt, "workload_claim_mismatch"));
        }
        cases.push((format!("no {name}"), token().without_claim(name).sign(), "workload_claim_mismatch"));
    }
    stand.refuses_each(JWT_BEARER, token(), cases).await;
}

#[tokio::test]
async fn refuses_each_defect_that_every_platform_shares() {
    let stand = Stand::kubernetes().await;
    let now = stand.world.clock.now().as_second();
    let mut cases = Vec::new();
    for (name, value, detail) in [
        ("iss", json!("https://other.example"), "workload_issuer_mismatch"),
        ("iss", json!(format!("{CLUSTER}/")), "workload_issuer_mismatch"),
        ("iss", json!([CLUSTER]), "assertion_malformed"),
        ("iss", json!(CLIENT), "workload_issuer_mismatch"),
        ("aud", json!("https://kubernetes.default.svc"), "audience_mismatch"),
        ("aud", json!(format!("{ISSUER}/token")), "audience_mismatch"),
        ("aud", json!([ISSUER, "https://kubernetes.default.svc"]), "audience_mismatch"),
        ("aud", json!([ISSUER, ISSUER]), "audience_mismatch"),
        ("aud", json!([]), "audience_mismatch"),
        ("aud", json!([[ISSUER]]), "claims_malformed"),
        ("aud", json!({"a": ISSUER}), "claims_malformed"),
        ("aud", Value::Null, "claims_malformed"),
        ("sub", json!(1), "claims_malformed"),
        ("exp", json!(now - 31), "assertion_expired"),
        ("exp", json!(now), "claims_malformed"),
        ("exp", json!(now + 601), "lifetime_exceeded"),
        ("exp", json!(now + 365 * 86_400), "lifetime_exceeded"),
        ("exp", json!("never"), "claims_malformed"),
        ("exp", json!(9.5e9), "claims_malformed"),
        ("exp", Value::Null, "claims_malformed"),
        ("iat", json!(now - 1), "lifetime_exceeded"),
        ("iat", json!(now + 31), "assertion_issued_in_future"),
        ("iat", Value::Null, "claims_malformed"),
        ("nbf", json!(now + 31), "assertion_not_yet_valid"),
        ("nbf", json!("now"), "claims_malformed"),
    ] {
        cases.push((format!("{name} = {value}"), stand.token().claim(name, value).sign(), detail));
    }
    for (name, detail) in [
        ("iss", "assertion_malformed"),
        ("aud", "claims_malformed"),
        ("exp", "claims_malformed"),
        ("sub", "claims_malformed"),
    ] {
        cases.push((format!("no {name}"), stand.token().without_claim(name).sign(), detail));
    }
    let far = stand.token().without_claim("iat").claim("exp", now + 631).sign();
    cases.push(("no iat, and an end beyond the cap".to_owned(), far, "lifetime_exceeded"));
    let twice = stand.token().claims_with(|claims| claims.append("sub", "\"x\"")).sign();
    cases.push(("sub twice".to_owned(), twice, "claims_malformed"));
    stand.refuses_each(JWT_BEARER, stand.token(), cases).await;
}

#[tokio::test]
async fn refuses_foreign_keys_algorithms_and_types() {
    let stand = Stand::kubernetes().await;
    let foreign = SigningKey::generate(Algorithm::Rs256).unwrap();
    let own = &stand.world.other_key;
    let mut cases = vec![
        ("foreign key".to_owned(), stand.token().sign_with(&foreign), "signature_invalid"),
        (
            "foreign key, named".to_owned(),
            stand.token().header("kid", foreign.kid().as_str()).sign_with(&foreign),
            "key_unknown",
        ),
        (
            "the key of another client".to_owned(),
            stand.token().header("kid", own.kid().as_str()).header("alg", "ES256").sign_with(own),
            "algorithm_not_allowed",
        ),
        ("no kid".to_owned(), stand.token().without_header("kid").sign(), "assertion_malformed"),
        ("jku".to_owned(), stand.token().header("jku", "https://evil.example").sign(), "header_forbidden"),
        ("x5c".to_owned(), stand.token().header("x5c", json!([])).sign(), "header_forbidden"),
        ("not a token".to_owned(), "x.y.z".to_owned(), "assertion_malformed"),
    ];
    for (algorithm, detail) in
        [("PS256", "algorithm_not_allowed"), ("ES256", "algorithm_not_allowed"), ("none", "algorithm_not_allowed")]
    {
        cases.push((algorithm.to_owned(), stand.token().header("alg", algorithm).sign(), detail));
    }
    // What Bridge signs for other purposes, with whatever key: a partner's access token above all.
    for typ in [Typ::AccessToken, Typ::ClientAssertion, Typ::StatusList, Typ::SecurityEvent] {
        cases.push((typ.as_str().to_owned(), stand.token().header("typ", typ.as_str()).sign(), "type_not_accepted"));
    }
    cases.push(("JOSE".to_owned(), stand.token().header("typ", "JOSE").sign(), "type_not_accepted"));
    stand.refuses_each(JWT_BEARER, stand.token(), cases).await;
}

#[tokio::test]
async fn refuses_svids_that_are_not_the_bound_one() {
    let stand = Stand::spiffe().await;
    let cases = [
        ("other workload", json!("spiffe://prod.company-a.example/ns/prod/sa/shop"), "workload_claim_mismatch"),
        ("other domain", json!("spiffe://test.company-a.example/ns/prod/sa/orders"), "workload_issuer_mismatch"),
        ("no SPIFFE ID", json!("orders"), "workload_issuer_mismatch"),
        ("a list", json!([SVID]), "claims_malformed"),
    ];
    let spoilt =
        |(name, sub, detail): (&str, Value, _)| (name.to_owned(), stand.svid().claim("sub", sub).sign(), detail);
    stand.refuses_each(JWT_SPIFFE, stand.svid(), cases.into_iter().map(spoilt).collect()).await;

    let svid = stand.svid().sign();
    for (id, kind, detail) in [
        (Some(CLIENT), JWT_BEARER, "assertion_type_unsupported"),
        (None, JWT_SPIFFE, "client_id_missing"),
        (Some("nobody"), JWT_SPIFFE, "client_unknown"),
        (Some("shop"), JWT_SPIFFE, "assertion_type_unsupported"),
    ] {
        assert_eq!(refusal(stand.present_as(id, kind, &svid).await), ("invalid_client", detail), "{id:?} {kind}");
    }
}

#[tokio::test]
async fn the_request_says_which_client_it_is_and_the_file_how_that_one_authenticates() {
    let stand = Stand::kubernetes().await;
    let token = stand.token().sign();
    let assertion = Forge::assertion(&stand.world.other_key, "shop", ISSUER, stand.world.clock.now());
    let posing = Forge::assertion(&stand.world.other_key, CLIENT, ISSUER, stand.world.clock.now());
    for (name, id, text, detail) in [
        ("a workload token without client_id", None, &token, "client_unknown"),
        ("for a client that nobody knows", Some("nobody"), &token, "client_unknown"),
        ("for a client with a key", Some("shop"), &token, "client_unknown"),
        ("as a JWT-SVID", Some(CLIENT), &token, "assertion_type_unsupported"),
        ("an assertion of another client", Some(CLIENT), &assertion.sign(), "type_not_accepted"),
        ("a key of another client", None, &posing.sign(), "key_unknown"),
    ] {
        let kind = if name == "as a JWT-SVID" { JWT_SPIFFE } else { JWT_BEARER };
        let error = stand.present_as(id, kind, text).await.unwrap_err();
        assert_eq!((error.code(), error.detail()), ("invalid_client", detail), "{name}");
    }
    stand.present_as(None, JWT_BEARER, &assertion.sign()).await.expect("clients with keys go on as before");
}

#[tokio::test]
async fn follows_the_keys_of_the_platform_and_says_later_while_they_cannot_be_had() {
    let stand = Stand::kubernetes().await;
    let next = SigningKey::generate(Algorithm::Rs256).unwrap();
    let old = stand.token().sign();
    let new = stand.token().header("kid", next.kid().as_str()).sign_with(&next);
    assert_eq!(refusal(stand.present(&new).await), ("invalid_client", "key_unknown"));

    stand.published.become_keys(Some(&[&stand.platform.key, &next]));
    stand.present(&old).await.unwrap();
    stand.present(&new).await.unwrap();

    stand.published.become_keys(Some(&[&next]));
    assert_eq!(refusal(stand.present(&old).await), ("invalid_client", "key_unknown"));
    stand.present(&new).await.unwrap();

    stand.published.become_keys(None);
    let error = stand.present(&new).await.unwrap_err();
    assert_eq!((error.code(), error.detail()), ("temporarily_unavailable", "workload_keys_unavailable"));
    assert!(error.retry_after().is_some());
}

#[tokio::test]
async fn the_caller_learns_nothing_of_the_binding_and_the_log_which_claim_it_was() {
    let stand = Stand::kubernetes().await;
    let oversized = "x".repeat(5000);
    let spoilt = json!({"namespace": "prod", "serviceaccount": {"name": "orders", "uid": oversized}});
    let error = stand.present(&stand.token().claim("kubernetes.io", spoilt).sign()).await.unwrap_err();
    assert_eq!(error.description(), "client authentication failed");
    let log = error.to_string();
    let expected =
        format!("claim /kubernetes.io/serviceaccount/uid of the workload token: expected {SERVICE_ACCOUNT_UID:?}");
    assert!(log.contains(&expected) && log.contains("found \"xxx") && log.len() < 512, "{log}");
}
