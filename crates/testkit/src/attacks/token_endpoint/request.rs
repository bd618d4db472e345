use crate::attacks::Stage;
use serde::Serialize;
use std::fmt::Write;

/// RFC 7523 §2.2.
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// A request to the token endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenRequest {
    /// The HTTP method.
    pub method: &'static str,
    /// The query of the URL, encoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Headers, each as it is sent.
    pub headers: Vec<(String, String)>,
    /// The body as it is sent.
    pub body: String,
}

/// The parameters of a token request, in order, before they are encoded.
#[derive(Debug, Clone)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// A request that gets a token, if the assertion is good.
    pub(super) fn with(stage: &Stage<'_>, assertion: impl Into<String>) -> Self {
        let policy = stage.policy();
        let fields = [
            ("grant_type", "client_credentials".to_owned()),
            ("client_assertion_type", JWT_BEARER.to_owned()),
            ("client_assertion", assertion.into()),
            ("resource", policy.audience.clone()),
            ("scope", policy.required_scope.clone()),
        ];
        Self(fields.map(|(name, value)| (name.to_owned(), value)).into())
    }

    /// A request that gets a token.
    pub(super) fn valid(stage: &Stage<'_>) -> Self {
        Self::with(stage, stage.token().sign())
    }

    /// Sets one parameter, where it stands or else at the end.
    pub(super) fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, place)) => *place = value.into(),
            None => return self.also(name, value),
        }
        self
    }

    /// Appends one parameter.
    pub(super) fn also(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.push((name.to_owned(), value.into()));
        self
    }

    /// Leaves one parameter out.
    pub(super) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    /// The value of a parameter.
    pub(super) fn value(&self, name: &str) -> String {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// Turns the order round.
    pub(super) fn reversed(mut self) -> Self {
        self.0.reverse();
        self
    }

    /// The parameters, encoded (RFC 6749 appendix B).
    pub(super) fn text(&self) -> String {
        let pairs: Vec<String> =
            self.0.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        pairs.join("&")
    }
}

impl From<Form> for TokenRequest {
    fn from(form: Form) -> Self {
        Self::post(form.text())
    }
}

impl TokenRequest {
    /// A `POST` of this form body.
    pub(super) fn post(body: impl Into<String>) -> Self {
        let headers = vec![("Content-Type".to_owned(), FORM.to_owned())];
        Self { method: "POST", query: None, headers, body: body.into() }
    }

    /// The request with another content type, or without one.
    pub(super) fn content_type(mut self, value: Option<&str>) -> Self {
        self.headers.retain(|(name, _)| name != "Content-Type");
        self.headers.extend(value.map(|value| ("Content-Type".to_owned(), value.to_owned())));
        self
    }

    /// The request with one more header.
    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// Everything but letters, digits, `-`, `.` and `_` becomes `%XX`; a space becomes `+`.
pub(super) fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b' ' => encoded.push('+'),
            b'-' | b'.' | b'_' => encoded.push(byte.into()),
            byte if byte.is_ascii_alphanumeric() => encoded.push(byte.into()),
            byte => write!(encoded, "%{byte:02X}").expect("a text takes a text"),
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn encodes_as_forms_do() {
        assert_eq!(super::encode("a b:c/ä~"), "a+b%3Ac%2F%C3%A4%7E");
    }
}
