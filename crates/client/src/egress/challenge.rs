const MAX_BYTES: usize = 4096;

/// What a server asks for in `WWW-Authenticate` (RFC 9110 §11.6.1): a scheme, and its parameters or one `token68`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    scheme: String,
    token68: Option<String>,
    params: Vec<(String, String)>,
}

impl Challenge {
    /// Parses the value of one header field, which may carry several challenges of schemes known or unknown.
    ///
    /// Strict: nothing is guessed. After one defect, or a parameter given twice, no challenge of the field counts.
    ///
    /// # Errors
    /// [`ChallengeMalformed`] says where the field left the grammar.
    pub fn parse_all(field: &str) -> Result<Vec<Self>, ChallengeMalformed> {
        if field.len() > MAX_BYTES {
            return Err(ChallengeMalformed { expected: "at most 4096 bytes", at: MAX_BYTES });
        }
        let mut input = Input { text: field, at: 0 };
        let mut challenges = Vec::new();
        input.skip(|b| is_space(b) || b == b',');
        while !input.at_end() {
            challenges.push(input.challenge()?);
        }
        Ok(challenges)
    }

    /// The scheme as it was written. Schemes compare without regard to case.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The credentials-like text that some schemes send instead of parameters.
    pub fn token68(&self) -> Option<&str> {
        self.token68.as_deref()
    }

    /// The value of a parameter without its quotes and escapes. Names compare without regard to case.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The parameters in their order, names as they were written, values without their quotes and escapes.
    pub fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        self.params.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The field is not a list of challenges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a list of challenges: expected {expected} at byte {at}")]
pub struct ChallengeMalformed {
    expected: &'static str,
    at: usize,
}

/// A field and how far it has been read.
#[derive(Clone, Copy)]
struct Input<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Input<'t> {
    /// `challenge = auth-scheme [ 1*SP ( token68 / #auth-param ) ]`, and the comma that ends it.
    fn challenge(&mut self) -> Result<Challenge, ChallengeMalformed> {
        let scheme = self.token("a scheme")?.to_owned();
        let mut challenge = Challenge { scheme, token68: None, params: Vec::new() };
        let bare = self.skip(|b| b == b' ').is_empty() || self.at_end_of_item();
        if !bare {
            challenge.token68 = self.token68().map(str::to_owned);
        }
        if bare || challenge.token68.is_some() {
            return self.end_item().map(|()| challenge);
        }
        loop {
            let (name, value) = self.param()?;
            if challenge.param(name).is_some() {
                return Err(self.expected("each parameter once"));
            }
            challenge.params.push((name.to_owned(), value));
            self.end_item()?;
            if !self.param_follows() {
                return Ok(challenge);
            }
        }
    }

    /// `auth-param = token BWS "=" BWS ( token / quoted-string )`
    fn param(&mut self) -> Result<(&'t str, String), ChallengeMalformed> {
        let name = self.token("a parameter")?;
        self.skip(is_space);
        self.byte(b'=', "an equals sign")?;
        self.skip(is_space);
        let value = if self.peek() == Some(b'"') { self.quoted()? } else { self.token("a value")?.to_owned() };
        Ok((name, value))
    }

    /// `quoted-string` (RFC 9110 §5.6.4).
    fn quoted(&mut self) -> Result<String, ChallengeMalformed> {
        self.byte(b'"', "a quote")?;
        let mut value = String::new();
        loop {
            value.push_str(self.skip(|b| !matches!(b, b'"' | b'\\') && (b == b'\t' || !b.is_ascii_control())));
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.at += 1,
                _ => return Err(self.expected("a closing quote")),
            }
            let escaped = self.text[self.at..].chars().next().filter(|c| *c == '\t' || !c.is_control());
            let escaped = escaped.ok_or_else(|| self.expected("an escaped character"))?;
            value.push(escaped);
            self.at += escaped.len_utf8();
        }
        self.at += 1;
        Ok(value)
    }

    /// `token68`, only if it is the whole rest of the item; else nothing is read.
    fn token68(&mut self) -> Option<&'t str> {
        let mut ahead = *self;
        let body = ahead.skip(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b));
        ahead.skip(|b| b == b'=');
        let text = &self.text[self.at..ahead.at];
        if body.is_empty() || !ahead.at_end_of_item() {
            return None;
        }
        self.at = ahead.at;
        Some(text)
    }

    /// Whether the next item is one more parameter rather than the next challenge.
    fn param_follows(self) -> bool {
        let mut ahead = self;
        ahead.token("").is_ok() && {
            ahead.skip(is_space);
            ahead.peek() == Some(b'=')
        }
    }

    fn token(&mut self, what: &'static str) -> Result<&'t str, ChallengeMalformed> {
        let token = self.skip(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
        if token.is_empty() { Err(self.expected(what)) } else { Ok(token) }
    }

    fn byte(&mut self, byte: u8, what: &'static str) -> Result<(), ChallengeMalformed> {
        if self.peek() != Some(byte) {
            return Err(self.expected(what));
        }
        self.at += 1;
        Ok(())
    }

    /// The end of an item of the list: spaces, then a comma, empty items behind it, or the end of the field.
    fn end_item(&mut self) -> Result<(), ChallengeMalformed> {
        if !self.at_end_of_item() {
            return Err(self.expected("a comma"));
        }
        self.skip(|b| is_space(b) || b == b',');
        Ok(())
    }

    fn at_end_of_item(mut self) -> bool {
        self.skip(is_space);
        matches!(self.peek(), None | Some(b','))
    }

    /// Reads on while the bytes are wanted, and gives what was read.
    fn skip(&mut self, wanted: impl Fn(u8) -> bool) -> &'t str {
        let rest = &self.text[self.at..];
        let length = rest.bytes().position(|b| !wanted(b)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn at_end(&self) -> bool {
        self.at == self.text.len()
    }

    fn expected(&self, expected: &'static str) -> ChallengeMalformed {
        ChallengeMalformed { expected, at: self.at }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::Challenge;

    fn shown(field: &str) -> Vec<String> {
        let show = |c: &Challenge| format!("{} {} {:?}", c.scheme, c.token68().unwrap_or("-"), c.params);
        Challenge::parse_all(field).unwrap().iter().map(show).collect()
    }

    #[test]
    fn reads_challenges_of_every_kind() {
        for (field, expected) in [
            ("", vec![]),
            (" , ,", vec![]),
            ("Bearer", vec!["Bearer - []"]),
            ("Bearer , Basic", vec!["Bearer - []", "Basic - []"]),
            ("Bearer error=invalid_token", vec![r#"Bearer - [("error", "invalid_token")]"#]),
            ("Bearer  error = \"x\" ,\t, scope=\"a b\",", vec![r#"Bearer - [("error", "x"), ("scope", "a b")]"#]),
            (r#"Bearer d="a \"b\" \\, c""#, vec![r#"Bearer - [("d", "a \"b\" \\, c")]"#]),
            (r#"Bearer d="ä=,""#, vec![r#"Bearer - [("d", "ä=,")]"#]),
            ("Negotiate abc==", vec!["Negotiate abc== []"]),
            ("Bearer error=", vec!["Bearer error= []"]),
            ("Negotiate a=, Bearer x=y", vec!["Negotiate a= []", r#"Bearer - [("x", "y")]"#]),
            (
                r#"Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple""#,
                vec![
                    r#"Newauth - [("realm", "apps"), ("type", "1"), ("title", "Login to \"apps\"")]"#,
                    r#"Basic - [("realm", "simple")]"#,
                ],
            ),
        ] {
            assert_eq!(shown(field), expected, "{field:?}");
        }
    }

    #[test]
    fn refuses_everything_outside_the_grammar() {
        for field in [
            "=",
            "Bearer error= x=y",
            "Bearer =x",
            "Bearer error=\"open",
            "Bearer error=\"open\\",
            "Bearer error=\"a\"b",
            "Bearer error=\"a\" scope=\"b\"",
            "Bearer error=a error=b",
            "Bearer error=a, ERROR=b",
            "Bearer error=(a)",
            "Bearer, error=x",
            "Bearer a b",
            "\"Bearer\"",
            "Bearer error=\"a\u{1}\"",
            "Bearer error=\"\\\u{1}\"",
            "Bearer\terror=x",
            &format!("Bearer error={}", "x".repeat(5000)),
        ] {
            assert!(Challenge::parse_all(field).is_err(), "accepted {field:?}");
        }
    }
}
