use super::Tester;
use super::forge::Draft;
use serde_json::json;

impl Tester {
    /// Changes the one thing about a token that a feature names; `None` when no such defect is known here.
    pub(crate) fn spoil<'t>(&'t self, draft: Draft<'t>, defect: &str) -> Option<Draft<'t>> {
        let now = draft.claims["iat"].as_i64().unwrap_or_default();
        Some(match defect {
            "it expired a minute ago" => draft.between(-300, -60),
            "it is not valid yet" => draft.claim("nbf", now + 120),
            "it is two minutes old" => draft.between(-120, 180),
            "it was issued in the future" => draft.between(120, 300),
            "its issuer's clock is 30 seconds ahead" => draft.between(30, 330),
            "its issuer's clock is 30 seconds behind" => draft.between(-30, 270),
            "its issuer's clock is 5 minutes ahead" => draft.between(300, 600),
            // Such a token is as good as expired when it is made: the leeway lets it live for half a minute.
            "its issuer's clock is 5 minutes behind, and it is 31 seconds old" => draft.between(-331, -31),
            "it lives for an hour" => draft.between(0, 3600),
            "it never expires" => draft.without("exp"),
            "its client is not its subject" => draft.claim("client_id", "somebody-else"),
            "its client is not in the policy" => draft.claim("client_id", "somebody").claim("sub", "somebody"),
            "it is for another API" => draft.claim("aud", "https://api.elsewhere.example"),
            "it is for several APIs" => {
                let audiences = json!([draft.claims["aud"], "https://api.elsewhere.example"]);
                draft.claim("aud", audiences)
            }
            "it is bound to a key of its sender" => draft.claim("cnf", json!({"jkt": "some-thumbprint"})),
            "it has no signature" => draft.header("alg", "none").unsigned(),
            "it says that it is signed with a shared secret" => draft.header("alg", "HS256"),
            "it is signed with another key" => draft.signed_with(self.strangers_key()),
            "it names a key that its issuer does not have" => draft.header("kid", "no-such-key"),
            "it brings its own key" => {
                let key = serde_json::to_value(self.strangers_key().public()).ok()?;
                draft.header("jwk", key).signed_with(self.strangers_key())
            }
            "it says where to fetch its key" => draft.header("jku", "https://keys.elsewhere.example/jwks.json"),
            "it is no access token" => draft.header("typ", "JWT"),
            "it is larger than 8 KiB" => draft.claim("padding", "x".repeat(8 * 1024)),
            _ => return None,
        })
    }
}
