use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_types::AccessToken;
use serde::Serialize;
use serde_json::Value;

/// What may be shown of a token. Nothing here lets anybody use it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct TokenFacts {
    /// The first digits of its SHA-256, as in the logs.
    pub(crate) fingerprint: String,
    /// The key that it claims to be signed with.
    pub(crate) kid: String,
    /// Its issuer.
    pub(crate) iss: String,
    /// The client that it speaks for.
    pub(crate) client_id: String,
    /// The API that it is for.
    pub(crate) aud: String,
    /// What it permits.
    pub(crate) scope: String,
}

impl TokenFacts {
    /// Reads what a token says of itself. Nothing is verified: this is for showing, not for deciding.
    pub(crate) fn of(token: &AccessToken) -> Self {
        let [header, claims] = [0, 1].map(|part| unverified_part(token, part));
        let text = |part: &Value, name: &str| part.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            fingerprint: token.fingerprint().to_string(),
            kid: text(&header, "kid"),
            iss: text(&claims, "iss"),
            client_id: text(&claims, "client_id"),
            aud: text(&claims, "aud"),
            scope: text(&claims, "scope"),
        }
    }
}

/// The header (0) or the claims (1) of a token as it says them. Nothing is verified.
fn unverified_part(token: &AccessToken, part: usize) -> Value {
    let text = token.expose().split('.').nth(part).unwrap_or_default();
    let bytes = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// A token in the tester's hand.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    /// The token itself.
    pub(crate) token: AccessToken,
    /// What may be shown of it.
    pub(crate) facts: TokenFacts,
}

impl Held {
    /// The name of the token, `jti`.
    pub(crate) fn jti(&self) -> String {
        unverified_part(&self.token, 1)["jti"].as_str().unwrap_or_default().to_owned()
    }
}

impl From<AccessToken> for Held {
    fn from(token: AccessToken) -> Self {
        let facts = TokenFacts::of(&token);
        Self { token, facts }
    }
}

#[cfg(test)]
mod tests {
    use super::Held;
    use bridge_types::AccessToken;

    #[test]
    fn shows_what_a_token_says_but_not_the_token() {
        // {"alg":"ES256","kid":"k1"} . {"iss":"https://a.example","client_id":"c","aud":"https://b.example","scope":"r"}
        let text = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIn0.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsImNsaWVudF9pZCI6ImMiLCJhdWQiOiJodHRwczovL2IuZXhhbXBsZSIsInNjb3BlIjoiciJ9.AAAA";
        let held = Held::from(AccessToken::new(text.to_owned()));
        assert_eq!(held.facts.kid, "k1");
        assert_eq!(held.facts.iss, "https://a.example");
        assert_eq!(held.facts.scope, "r");
        let shown = format!("{held:?}");
        assert!(!shown.contains("eyJ"), "{shown}");
    }

    #[test]
    fn what_is_no_token_has_a_fingerprint_only() {
        let facts = Held::from(AccessToken::new("garbage".to_owned())).facts;
        assert_eq!((facts.fingerprint.len(), facts.iss.as_str()), (12, ""));
    }
}
