use crate::support::{AUDIENCE, CLIENT, ISSUER, World, client, order_service, refusal};
use bridge_issuer::Clients;
use bridge_jose::{Algorithm, SigningKey};
use bridge_testkit::Forge;
use bridge_types::Clock;
use serde_json::{Value, json};

const GENERIC: &str = "client authentication failed";

/// What is wrong with an assertion, the assertion, and the detail with which it must be refused.
type Spoilt = (String, String, &'static str);

/// Every assertion of the table must be refused for exactly its reason, and must not use up its `jti`.
async fn refuses_each(world: &World, cases: Vec<Spoilt>) {
    for (name, assertion, detail) in cases {
        assert_eq!(refusal(world.present(&assertion).await), ("invalid_client", detail), "{name}");
    }
    assert_eq!(world.store.writes(), 0, "a refused assertion reached the store");
    world.present(&world.assertion().sign()).await.expect("the unspoilt assertion is good");
}

#[tokio::test]
async fn refuses_each_defect_of_the_header() {
    let world = World::new().await;
    let mut cases = Vec::new();
    for (member, value, detail) in [
        ("alg", json!("none"), "algorithm_not_allowed"),
        ("alg", json!("None"), "algorithm_not_allowed"),
        ("alg", json!("HS256"), "algorithm_not_allowed"),
        ("alg", json!("ES384"), "algorithm_not_allowed"),
        ("alg", json!("es256"), "algorithm_not_allowed"),
        ("alg", json!(256), "assertion_malformed"),
        ("alg", json!("EdDSA"), "key_algorithm_mismatch"),
        ("alg", json!("RS256"), "key_algorithm_mismatch"),
        ("alg", json!("PS256"), "key_algorithm_mismatch"),
        ("kid", json!("unknown"), "key_unknown"),
        ("kid", json!(world.other_key.kid()), "key_unknown"),
        ("kid", json!(""), "assertion_malformed"),
        ("kid", json!(1), "assertion_malformed"),
        ("typ", json!("at+jwt"), "type_not_accepted"),
        ("typ", json!("application/at+jwt"), "type_not_accepted"),
        ("typ", json!("dpop+jwt"), "type_not_accepted"),
        ("typ", json!("secevent+jwt"), "type_not_accepted"),
        ("typ", json!("client-authentication+jwt "), "type_not_accepted"),
        ("typ", json!(""), "type_not_accepted"),
        ("typ", Value::Null, "assertion_malformed"),
        ("crit", json!([]), "header_forbidden"),
        ("b64", json!(true), "header_forbidden"),
        ("jwk", json!(world.key.public()), "header_forbidden"),
        ("jku", json!("https://evil.example/jwks.json"), "header_forbidden"),
        ("x5u", json!("https://evil.example/chain.pem"), "header_forbidden"),
        ("x5c", json!([]), "header_forbidden"),
    ] {
        cases.push((format!("{member} = {value}"), world.assertion().header(member, value).sign(), detail));
    }
    for (member, detail) in [("alg", "algorithm_not_allowed"), ("kid", "assertion_malformed")] {
        cases.push((format!("no {member}"), world.assertion().without_header(member).sign(), detail));
    }
    let claims = world.assertion().claims_json();
    let header = world.assertion().header_json();
    for (name, header) in [
        ("alg twice", header.replacen('{', r#"{"alg":"ES256","#, 1)),
        ("alg twice, once escaped", header.replacen('{', r#"{"\u0061lg":"ES256","#, 1)),
        ("header is no object", "[]".to_owned()),
        ("something behind the header", format!("{header} {{}}")),
    ] {
        cases.push((name.to_owned(), Forge::sign_text(&world.key, header, &claims), "assertion_malformed"));
    }
    refuses_each(&world, cases).await;
}

/// Good assertions, each with one claim changed.
fn spoilt(world: &World, claims: impl IntoIterator<Item = (&'static str, Value, &'static str)>) -> Vec<Spoilt> {
    let spoil = |(name, value, detail): (&str, Value, &'static str)| {
        (format!("{name} = {value}"), world.assertion().claim(name, value).sign(), detail)
    };
    claims.into_iter().map(spoil).collect()
}

#[tokio::test]
async fn refuses_each_defect_of_issuer_and_subject() {
    let world = World::new().await;
    let mut cases = spoilt(
        &world,
        [
            ("iss", json!("nobody"), "client_unknown"),
            ("iss", json!("ORDER-SERVICE"), "client_unknown"),
            ("iss", json!(ISSUER), "client_unknown"),
            ("iss", json!("shop"), "key_unknown"),
            ("iss", json!([CLIENT]), "assertion_malformed"),
            ("iss", Value::Null, "assertion_malformed"),
            ("sub", json!("shop"), "subject_mismatch"),
            ("sub", json!("someone-else"), "subject_mismatch"),
            ("sub", json!([CLIENT]), "claims_malformed"),
            ("sub", json!(""), "claims_malformed"),
            ("sub", Value::Null, "claims_malformed"),
            ("jti", json!(""), "claims_malformed"),
            ("jti", json!(7), "claims_malformed"),
            ("jti", json!("a b"), "claims_malformed"),
            ("jti", json!("j".repeat(257)), "claims_malformed"),
            ("jti", Value::Null, "claims_malformed"),
        ],
    );
    for (name, detail) in [("iss", "assertion_malformed"), ("sub", "claims_malformed"), ("jti", "claims_malformed")] {
        cases.push((format!("no {name}"), world.assertion().without_claim(name).sign(), detail));
    }
    refuses_each(&world, cases).await;
}

#[tokio::test]
async fn refuses_every_audience_but_the_issuer_identifier() {
    let world = World::new().await;
    let mut cases = spoilt(
        &world,
        [
            ("aud", json!(format!("{ISSUER}/token")), "audience_mismatch"),
            ("aud", json!(format!("{ISSUER}/")), "audience_mismatch"),
            ("aud", json!(format!("{ISSUER}/jwks.json")), "audience_mismatch"),
            ("aud", json!(ISSUER.to_uppercase()), "audience_mismatch"),
            ("aud", json!(ISSUER.replace(":8441", "")), "audience_mismatch"),
            ("aud", json!("https://issuer.company-b.example:8451"), "audience_mismatch"),
            ("aud", json!(["https://issuer.company-b.example:8451"]), "audience_mismatch"),
            ("aud", json!(AUDIENCE), "audience_mismatch"),
            ("aud", json!(CLIENT), "audience_mismatch"),
            ("aud", json!(""), "audience_mismatch"),
            ("aud", json!([]), "claims_malformed"),
            ("aud", json!([ISSUER, ISSUER]), "claims_malformed"),
            ("aud", json!([ISSUER, "https://issuer.company-b.example:8451"]), "claims_malformed"),
            ("aud", json!([[ISSUER]]), "claims_malformed"),
            ("aud", Value::Null, "claims_malformed"),
        ],
    );
    cases.push(("no aud".to_owned(), world.assertion().without_claim("aud").sign(), "claims_malformed"));
    refuses_each(&world, cases).await;
}

#[tokio::test]
async fn refuses_each_defect_of_time() {
    let world = World::new().await;
    let now = world.clock.now().as_second();
    let mut cases = spoilt(
        &world,
        [
            ("exp", json!(now - 30), "assertion_expired"),
            ("exp", json!(0), "assertion_expired"),
            ("exp", json!(now + 61), "lifetime_exceeded"),
            ("exp", json!(now + 31_536_000), "lifetime_exceeded"),
            ("exp", json!(253_402_207_200_i64), "lifetime_exceeded"),
            ("exp", json!(253_402_300_800_i64), "claims_malformed"),
            ("exp", json!(i64::MAX), "claims_malformed"),
            ("exp", json!(u64::MAX), "claims_malformed"),
            ("exp", json!(-1), "claims_malformed"),
            ("exp", json!(1e300), "claims_malformed"),
            ("exp", json!(55.0), "claims_malformed"),
            ("exp", json!((now + 55).to_string()), "claims_malformed"),
            ("exp", json!([now + 55]), "claims_malformed"),
            ("exp", json!(true), "claims_malformed"),
            ("exp", Value::Null, "claims_malformed"),
            ("iat", json!(now + 31), "assertion_issued_in_future"),
            ("iat", json!(now - 6), "lifetime_exceeded"),
            ("iat", json!(0), "lifetime_exceeded"),
            ("iat", json!(now.to_string()), "claims_malformed"),
            ("iat", Value::Null, "claims_malformed"),
            ("nbf", json!(now + 31), "assertion_not_yet_valid"),
            ("nbf", json!(253_402_207_200_i64), "assertion_not_yet_valid"),
            ("nbf", json!("soon"), "claims_malformed"),
            ("nbf", Value::Null, "claims_malformed"),
        ],
    );
    cases.push(("no exp".to_owned(), world.assertion().without_claim("exp").sign(), "claims_malformed"));
    let far = world.assertion().without_claim("iat").claim("exp", now + 91).sign();
    for (name, never) in [
        ("exp at iat", world.assertion().claim("exp", now)),
        ("exp before iat", world.assertion().claim("iat", now + 10).claim("exp", now + 9)),
        ("exp at nbf", world.assertion().claim("nbf", now + 10).claim("exp", now + 10)),
        ("exp before nbf, without iat", world.assertion().without_claim("iat").claim("nbf", now).claim("exp", now - 1)),
    ] {
        cases.push((name.to_owned(), never.sign(), "claims_malformed"));
    }
    cases.push(("too far without iat".to_owned(), far, "lifetime_exceeded"));
    refuses_each(&world, cases).await;
}

#[tokio::test]
async fn refuses_a_payload_that_parsers_could_read_in_two_ways() {
    let world = World::new().await;
    let (header, claims) = (world.assertion().header_json(), world.assertion().claims_json());
    let with = |members: &str| claims.replacen('{', &format!("{{{members},"), 1);
    let cases = [
        ("iss twice", with(r#""iss":"shop""#), "assertion_malformed"),
        ("exp twice", with(r#""exp":1"#), "claims_malformed"),
        ("jti twice", with(r#""jti":"another""#), "claims_malformed"),
        ("aud twice", with(r#""aud":"https://issuer.company-b.example""#), "claims_malformed"),
        ("aud twice, once escaped", with(r#""\u0061ud":"https://issuer.company-b.example""#), "claims_malformed"),
        ("an unknown member twice", with(r#""x":1,"x":2"#), "claims_malformed"),
        ("a nested member twice", with(r#""x":{"y":1,"y":2}"#), "claims_malformed"),
        ("something behind the object", format!("{claims}x"), "assertion_malformed"),
        ("no object", format!("[{claims}]"), "assertion_malformed"),
        ("no JSON", "iss=order-service".to_owned(), "assertion_malformed"),
        ("nothing", String::new(), "assertion_malformed"),
    ]
    .map(|(name, payload, detail)| (name.to_owned(), Forge::sign_text(&world.key, &header, payload), detail));
    refuses_each(&world, cases.into()).await;
}

#[tokio::test]
async fn refuses_a_signature_that_the_clients_key_did_not_make() {
    let world = World::new().await;
    let good = world.assertion();
    let signed = good.sign();
    let (input, signature) = signed.rsplit_once('.').unwrap();
    let other_claims = world.assertion().sign();
    let (other_input, _) = other_claims.rsplit_once('.').unwrap();
    let own_kid_other_key = good.sign_with(&world.other_key);
    let cases = [
        ("key of another client", own_kid_other_key, "signature_invalid"),
        ("signature of other claims", format!("{other_input}.{signature}"), "signature_invalid"),
        ("no signature", format!("{input}."), "signature_invalid"),
        ("zeros", good.sign_then(|signature| signature.fill(0)), "signature_invalid"),
        ("one bit changed", good.sign_then(|signature| signature[9] ^= 1), "signature_invalid"),
        ("cut off", good.sign_then(|signature| signature.truncate(63)), "signature_invalid"),
        ("two parts", input.to_owned(), "assertion_malformed"),
        ("four parts", format!("{signed}.e30"), "assertion_malformed"),
        ("padding", format!("{signed}=="), "assertion_malformed"),
        ("white space", format!(" {signed}"), "assertion_malformed"),
        ("something else", "Bearer".to_owned(), "assertion_malformed"),
        ("too large", good.clone().claim("x", "x".repeat(8000)).sign(), "assertion_too_large"),
    ]
    .map(|(name, assertion, detail)| (name.to_owned(), assertion, detail));
    refuses_each(&world, cases.into()).await;
}

#[tokio::test]
async fn accepts_every_good_form_of_an_assertion() {
    let world = World::new().await;
    let now = world.clock.now().as_second();
    let good = || world.assertion();
    for (name, forge) in [
        ("as our clients send it", good()),
        ("typ with prefix", good().header("typ", "application/client-authentication+jwt")),
        ("typ in capitals", good().header("typ", "CLIENT-AUTHENTICATION+JWT")),
        ("typ of older clients", good().header("typ", "JWT")),
        ("no typ", good().without_header("typ")),
        ("unknown header member", good().header("cty", "x")),
        ("unknown claim", good().claim("x", json!({"y": [1]}))),
        ("list of one audience", good().claim("aud", json!([ISSUER]))),
        ("no iat", good().without_claim("iat")),
        ("nbf is now", good().claim("nbf", now)),
        ("nbf within the leeway", good().claim("nbf", now + 30)),
        ("60 seconds", good().claim("exp", now + 60)),
        ("60 seconds by a fast clock", good().claim("iat", now + 30).claim("exp", now + 90)),
        ("expired within the leeway", good().claim("iat", now - 89).claim("exp", now - 29)),
        ("jti of 256 characters", good().claim("jti", "j".repeat(256))),
    ] {
        let token = world.present(&forge.sign()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(token.scope.to_string(), "shipments:read", "{name}");
    }
}

#[tokio::test]
async fn accepts_each_algorithm_and_several_keys_of_one_client() {
    let world = World::new().await;
    let keys = Algorithm::ALL.map(|algorithm| SigningKey::generate(algorithm).unwrap());
    world.issuer.replace_clients(Clients::new([order_service(&keys.each_ref())]).unwrap());
    for key in &keys {
        let assertion = Forge::assertion(key, CLIENT, ISSUER, world.clock.now()).sign();
        world.present(&assertion).await.unwrap_or_else(|error| panic!("{}: {error}", key.algorithm()));
    }
    assert_eq!(refusal(world.present(&world.assertion().sign()).await), ("invalid_client", "key_unknown"));
}

#[tokio::test]
async fn a_stranger_cannot_tell_which_clients_and_keys_exist() {
    let world = World::new().await;
    for assertion in [
        world.assertion().claim("iss", "nobody").sign(),
        world.assertion().claim("iss", "shop").sign(),
        world.assertion().header("kid", "unknown").sign(),
        world.assertion().header("alg", "EdDSA").sign(),
        world.assertion().sign_with(&world.other_key),
    ] {
        let error = world.present(&assertion).await.unwrap_err();
        assert_eq!((error.answer().0.as_u16(), error.code(), &*error.description()), (401, "invalid_client", GENERIC));
    }
}

#[tokio::test]
async fn two_clients_may_use_the_same_jti() {
    let world = World::new().await;
    world.issuer.replace_clients(
        Clients::new([
            order_service(&[&world.key]),
            client("shop", &[&world.other_key], &[("shipments:read", AUDIENCE)]),
        ])
        .unwrap(),
    );
    let of_shop = Forge::assertion(&world.other_key, "shop", ISSUER, world.clock.now()).claim("jti", "same");
    world.present(&world.assertion().claim("jti", "same").sign()).await.unwrap();
    world.present(&of_shop.sign()).await.unwrap();
    assert_eq!(refusal(world.present(&of_shop.sign()).await), ("invalid_client", "assertion_replayed"));
}
