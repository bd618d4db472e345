use super::{Defect, defect};
use crate::support::World;
use bridge_jose::{Typ, UnsignedToken};
use bridge_testkit::Forge;
use bridge_types::Clock;
use bridge_validator::Reason::{
    AudienceMismatch, ClaimsMalformed, ClientNotAllowed, InsufficientScope, KeyUnknown, LifetimeExceeded,
    SenderConstraintUnmet, StatusNotAccepted, TokenExpired, TokenIssuedInFuture, TokenNotYetValid, TypeNotAccepted,
};
use serde_json::{Value, json};

/// Well-formed claims that do not mean what they should.
pub(super) fn defects() -> Vec<Defect> {
    [audience(), time(), client(), scope()].into_iter().flatten().collect()
}

fn audience() -> Vec<Defect> {
    [
        "https://api.company-a.example",
        "https://api.company-b.example/",
        "https://api.company-b.example:443",
        "https://API.company-b.example",
        "https://api.company-b.example.evil.example",
        "https://api.company-b.exampl",
        "https://issuer.company-a.example",
    ]
    .map(|audience| {
        defect(format!("aud {audience}"), AudienceMismatch, move |world| world.token().claim("aud", audience).sign())
    })
    .into()
}

fn time() -> Vec<Defect> {
    let spoilt = |name: &str, reason, change: fn(Forge, i64) -> Forge| {
        defect(name, reason, move |world: &World| change(world.token(), world.clock.now().as_second()).sign())
    };
    vec![
        spoilt("expired long ago", TokenExpired, |token, _| token.claim("iat", 1000).claim("exp", 1300)),
        spoilt("expired the whole leeway ago", TokenExpired, |token, now| {
            token.claim("iat", now - 300).claim("exp", now - 30)
        }),
        spoilt("exp 0", ClaimsMalformed, |token, _| token.claim("exp", 0)),
        spoilt("nbf a second beyond the leeway", TokenNotYetValid, |token, now| token.claim("nbf", now + 31)),
        spoilt("nbf in the year 9000", TokenNotYetValid, |token, _| token.claim("nbf", 221_845_392_000_i64)),
        spoilt("iat a second beyond the leeway", TokenIssuedInFuture, |token, now| {
            token.claim("iat", now + 31).claim("exp", now + 331)
        }),
        spoilt("exp before iat", ClaimsMalformed, |token, now| token.claim("exp", now - 1)),
        spoilt("exp at iat", ClaimsMalformed, |token, now| token.claim("exp", now)),
        spoilt("a second longer than 15 minutes", LifetimeExceeded, |token, now| token.claim("exp", now + 901)),
        spoilt("valid until the year 9000", LifetimeExceeded, |token, _| token.claim("exp", 221_845_392_000_i64)),
        spoilt("issued in 1970, valid now", LifetimeExceeded, |token, _| token.claim("iat", 0)),
    ]
}

fn client() -> Vec<Defect> {
    let mut defects: Vec<Defect> = ["stranger", "Order-Service", "order-service2", "order-servic", "order-service/"]
        .map(|client| {
            defect(format!("client {client}"), ClientNotAllowed, move |world| {
                world.token().claim("sub", client).claim("client_id", client).sign()
            })
        })
        .into();
    defects.extend([
        defect("sub is not client_id", ClaimsMalformed, |world| world.token().claim("sub", "someone-else").sign()),
        defect("an access token made from a client assertion", TypeNotAccepted, |world| {
            let claims: Value = serde_json::from_str(&world.token().claims_json()).unwrap();
            let key = &world.issuer.key;
            let token = UnsignedToken::new(Typ::ClientAssertion, key.algorithm(), key.kid(), &claims).unwrap();
            let signature = key.sign(token.signing_input()).unwrap();
            token.finish(&signature)
        }),
        defect("a token of another partner's issuer under our issuer's name", KeyUnknown, |world| {
            let now = world.clock.now();
            world
                .other
                .access_token("order-service", crate::support::API, "shipments:read", now)
                .claim("iss", crate::support::ISSUER)
                .sign()
        }),
        defect("a status list although the policy has no hosts for any", StatusNotAccepted, |world| {
            let status = json!({"status_list": {"idx": 1, "uri": "https://issuer.company-a.example/status-lists/1"}});
            world.token().claim("status", status).sign()
        }),
        defect("bound to a DPoP key", SenderConstraintUnmet, |world| {
            world.token().claim("cnf", json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"})).sign()
        }),
        defect("cnf null", SenderConstraintUnmet, |world| world.token().claim("cnf", Value::Null).sign()),
    ]);
    defects
}

fn scope() -> Vec<Defect> {
    [
        "shipments:write",
        "shipments",
        "shipments:rea",
        "shipments:read2",
        "Shipments:Read",
        "*",
        "shipments:*",
        "shipments:read,shipments:write",
    ]
    .map(|scope| {
        defect(format!("scope {scope}"), InsufficientScope, move |world| world.token().claim("scope", scope).sign())
    })
    .into()
}
