use crate::RequestDefect;
use std::borrow::Cow;

/// More parameters than any token request has.
const MAX_PARAMETERS: usize = 32;

/// The parameters of a token request (RFC 6749 §4.4.2, RFC 7521 §4.2, RFC 8707 §2) or of a revocation request (RFC 7009
/// §2.1), each at most once.
///
/// No `Debug`: it carries credentials.
#[derive(Default)]
pub(crate) struct TokenForm<'r> {
    pub(crate) grant_type: Option<Cow<'r, str>>,
    pub(crate) scope: Option<Cow<'r, str>>,
    pub(crate) resource: Option<Cow<'r, str>>,
    /// RFC 8707 permits several resources, this issuer does not. It is a defect of the target, not of the form.
    pub(crate) more_resources: bool,
    pub(crate) client_id: Option<Cow<'r, str>>,
    pub(crate) client_secret: Option<Cow<'r, str>>,
    pub(crate) client_assertion: Option<Cow<'r, str>>,
    pub(crate) client_assertion_type: Option<Cow<'r, str>>,
    /// RFC 7009 §2.1, for the revocation endpoint alone.
    pub(crate) token: Option<Cow<'r, str>>,
    unrecognised: Vec<Cow<'r, str>>,
}

impl<'r> TokenForm<'r> {
    /// Reads `application/x-www-form-urlencoded` strictly (RFC 6749 appendix B).
    ///
    /// A parameter without a value counts as absent, one that is not recognised is ignored, and one given twice is
    /// refused whatever its name (RFC 6749 §3.2).
    pub(crate) fn parse(body: &'r [u8]) -> Result<Self, RequestDefect> {
        let text = std::str::from_utf8(body).map_err(|_| RequestDefect::FormMalformed)?;
        let mut form = Self::default();
        for (index, pair) in text.split('&').filter(|pair| !pair.is_empty()).enumerate() {
            if index == MAX_PARAMETERS {
                return Err(RequestDefect::FormMalformed);
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            if !value.is_empty() {
                form.take(name, value)?;
            }
        }
        Ok(form)
    }

    fn take(&mut self, name: Cow<'r, str>, value: Cow<'r, str>) -> Result<(), RequestDefect> {
        let place = match &*name {
            "grant_type" => &mut self.grant_type,
            "scope" => &mut self.scope,
            "resource" => {
                self.more_resources |= self.resource.is_some();
                self.resource = Some(value);
                return Ok(());
            }
            "client_id" => &mut self.client_id,
            "client_secret" => &mut self.client_secret,
            "client_assertion" => &mut self.client_assertion,
            "client_assertion_type" => &mut self.client_assertion_type,
            "token" => &mut self.token,
            _ if self.unrecognised.contains(&name) => return Err(RequestDefect::ParameterRepeated),
            _ => {
                self.unrecognised.push(name);
                return Ok(());
            }
        };
        match place.replace(value) {
            None => Ok(()),
            Some(_) => Err(RequestDefect::ParameterRepeated),
        }
    }
}

/// Resolves `+` and `%XX`. A percent sign without two hexadecimal digits, and bytes that are not UTF-8, are refused.
fn decode(text: &str) -> Result<Cow<'_, str>, RequestDefect> {
    if !text.bytes().any(|byte| matches!(byte, b'+' | b'%')) {
        return Ok(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => match (bytes.next().and_then(hex), bytes.next().and_then(hex)) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => return Err(RequestDefect::FormMalformed),
            },
            other => other,
        });
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| RequestDefect::FormMalformed)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::TokenForm;
    use crate::RequestDefect;
    use proptest::prelude::*;

    fn defect(body: &str) -> Option<RequestDefect> {
        TokenForm::parse(body.as_bytes()).err()
    }

    #[test]
    fn reads_each_parameter_decoded() {
        let body = b"grant_type=client_credentials&scope=a+b%20c&resource=https%3A%2F%2Fapi.example&client_id=%C3%A4";
        let form = TokenForm::parse(body).unwrap();
        assert_eq!(form.grant_type.as_deref(), Some("client_credentials"));
        assert_eq!(form.scope.as_deref(), Some("a b c"));
        assert_eq!(form.resource.as_deref(), Some("https://api.example"));
        assert_eq!(form.client_id.as_deref(), Some("ä"));
    }

    #[test]
    fn a_parameter_without_a_value_counts_as_absent() {
        let form = TokenForm::parse(b"scope=&client_id&=x&&scope=a").unwrap();
        assert_eq!((form.scope.as_deref(), form.client_id), (Some("a"), None));
    }

    #[test]
    fn refuses_a_repeated_parameter_whatever_its_name() {
        for name in
            ["grant_type", "scope", "client_id", "client_secret", "client_assertion", "x", "client_assertion_type"]
        {
            let body = format!("{name}=1&y=2&{name}=1");
            assert_eq!(defect(&body), Some(RequestDefect::ParameterRepeated), "{body}");
        }
        assert_eq!(defect("x=1&%78=2"), Some(RequestDefect::ParameterRepeated));
        assert!(TokenForm::parse(b"resource=a&resource=b").unwrap().more_resources);
    }

    #[test]
    fn refuses_broken_encoding() {
        for body in ["scope=%", "scope=%4", "scope=%4g", "scope=%+1", "%=1", "scope=%ff", "scope=%c3"] {
            assert_eq!(defect(body), Some(RequestDefect::FormMalformed), "{body}");
        }
        assert!(TokenForm::parse(b"scope=\xff").is_err());
    }

    #[test]
    fn refuses_more_parameters_than_a_request_can_have() {
        let body = |count: usize| (0..count).map(|index| format!("p{index}=1")).collect::<Vec<_>>().join("&");
        assert_eq!(defect(&body(32)), None);
        assert_eq!(defect(&body(33)), Some(RequestDefect::FormMalformed));
    }

    proptest! {
        #[test]
        fn agrees_with_the_url_crate_on_what_it_accepts(value in "[ -~äß€]{1,40}", body in "[ -~]{0,60}") {
            let encoded: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("scope", &value).finish();
            let form = TokenForm::parse(encoded.as_bytes()).unwrap();
            prop_assert_eq!(form.scope.as_deref(), Some(&*value));
            if let Ok(form) = TokenForm::parse(body.as_bytes()) {
                let theirs = url::form_urlencoded::parse(body.as_bytes()).find(|(name, value)| name == "scope" && !value.is_empty());
                prop_assert_eq!(form.scope, theirs.map(|(_, value)| value));
            }
        }
    }
}
