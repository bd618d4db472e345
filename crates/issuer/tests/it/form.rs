use crate::support::{AUDIENCE, CLIENT, JWT_BEARER, World, encode, good_form, refusal};
use bridge_issuer::TokenRequest;
use bridge_limits::PeerAddress;

/// A good form in which one parameter is set (or, with an empty value, absent), and what must come of it.
type Case = (&'static str, &'static str, &'static str, &'static str);

const ONE_PARAMETER: [Case; 23] = [
    ("grant_type", "", "invalid_request", "grant_type_missing"),
    ("grant_type", "authorization_code", "unsupported_grant_type", "grant_type_unsupported"),
    ("grant_type", "password", "unsupported_grant_type", "grant_type_unsupported"),
    ("grant_type", "refresh_token", "unsupported_grant_type", "grant_type_unsupported"),
    ("grant_type", "Client_Credentials", "unsupported_grant_type", "grant_type_unsupported"),
    ("grant_type", "client_credentials ", "unsupported_grant_type", "grant_type_unsupported"),
    ("client_assertion_type", "", "invalid_request", "assertion_type_missing"),
    (
        "client_assertion_type",
        "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
        "invalid_client",
        "assertion_type_unsupported",
    ),
    ("client_assertion_type", "jwt-bearer", "invalid_client", "assertion_type_unsupported"),
    ("client_assertion", "", "invalid_request", "assertion_missing"),
    ("client_assertion", "x", "invalid_client", "assertion_malformed"),
    ("client_id", "shop", "invalid_client", "client_id_mismatch"),
    ("client_id", "ORDER-SERVICE", "invalid_client", "client_id_mismatch"),
    ("client_secret", "hunter2", "invalid_request", "credentials_twice"),
    ("scope", "", "invalid_scope", "scope_missing"),
    ("scope", " ", "invalid_scope", "scope_malformed"),
    ("scope", "shipments:read  shipments:write", "invalid_scope", "scope_malformed"),
    ("scope", "shipments:read shipments:read", "invalid_scope", "scope_malformed"),
    ("scope", "shipments:read\tshipments:write", "invalid_scope", "scope_malformed"),
    ("scope", "\"shipments:read\"", "invalid_scope", "scope_malformed"),
    ("resource", "", "invalid_target", "resource_missing"),
    ("resource", "not a url", "invalid_target", "resource_not_registered"),
    ("resource", "https://api.company-b.example:8452#x", "invalid_target", "resource_not_registered"),
];

#[tokio::test]
async fn refuses_each_defect_of_one_parameter() {
    let world = World::new().await;
    for (name, value, code, detail) in ONE_PARAMETER {
        let assertion = world.assertion().sign();
        let mut form = good_form(&assertion);
        form.retain(|(held, _)| *held != name);
        form.push((name, value));
        assert_eq!(refusal(world.ask(&form).await), (code, detail), "{name}={value:?}");
    }
}

#[tokio::test]
async fn refuses_each_parameter_given_twice() {
    let world = World::new().await;
    let assertion = world.assertion().sign();
    for (name, value) in good_form(&assertion) {
        let mut form = good_form(&assertion);
        form.push((name, value));
        let expected = match name {
            "resource" => ("invalid_target", "resource_repeated"),
            _ => ("invalid_request", "parameter_repeated"),
        };
        assert_eq!(refusal(world.ask(&form).await), expected, "{name}");
    }
    let mut unknown = good_form(&assertion);
    unknown.extend([("x", "1"), ("x", "1")]);
    assert_eq!(refusal(world.ask(&unknown).await), ("invalid_request", "parameter_repeated"));
    assert_eq!(world.store.writes(), 0);
}

#[tokio::test]
async fn accepts_parameters_that_change_nothing() {
    let world = World::new().await;
    for extra in [("client_id", CLIENT), ("client_secret", ""), ("scope", ""), ("audience", "x"), ("resource", "")] {
        let assertion = world.assertion().sign();
        let mut form = good_form(&assertion);
        form.push(extra);
        world.ask(&form).await.unwrap_or_else(|error| panic!("{extra:?}: {error}"));
    }
}

#[tokio::test]
async fn accepts_one_credential_alone() {
    let world = World::new().await;
    let rest = [("grant_type", "client_credentials"), ("resource", AUDIENCE), ("scope", "shipments:read")];
    let assertion = world.assertion().sign();
    let jwt = [("client_assertion_type", JWT_BEARER), ("client_assertion", &*assertion)];
    let id = ("client_id", CLIENT);
    let secret = ("client_secret", "hunter2");
    for (name, credentials, header, expected) in [
        ("nothing", vec![], false, ("invalid_client", "credentials_missing")),
        ("only an id", vec![id], false, ("invalid_client", "credentials_missing")),
        ("id and secret", vec![id, secret], false, ("invalid_client", "client_secret")),
        ("header", vec![], true, ("invalid_client", "authorization_header")),
        ("header and id", vec![id], true, ("invalid_client", "authorization_header")),
        ("header and secret", vec![secret], true, ("invalid_request", "credentials_twice")),
        ("header and assertion", jwt.to_vec(), true, ("invalid_request", "credentials_twice")),
        ("secret and assertion", [jwt.as_slice(), &[secret]].concat(), false, ("invalid_request", "credentials_twice")),
        ("all", [jwt.as_slice(), &[secret]].concat(), true, ("invalid_request", "credentials_twice")),
    ] {
        let form = encode(&[rest.as_slice(), &credentials].concat());
        let request = TokenRequest { form: form.as_bytes(), authorization_header: header, peer: PeerAddress::UNKNOWN };
        assert_eq!(refusal(world.issuer.token(request).await), expected, "{name}");
    }
    assert_eq!(world.store.writes(), 0);
    let form = encode(&[rest.as_slice(), &jwt].concat());
    world
        .issuer
        .token(TokenRequest { form: form.as_bytes(), authorization_header: false, peer: PeerAddress::UNKNOWN })
        .await
        .unwrap();
}
