use crate::denial::Refusal;
use crate::reason::Reason;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::AUTHORIZATION;
use bridge_jose::MAX_TOKEN_BYTES;

/// The one bearer token of a request (RFC 6750 §2.1).
///
/// A token in the query is refused even beside a good header, because queries end up in logs (RFC 9700 §4.3.2). Bodies
/// are not looked at: a token in a form counts as none (RFC 6750 §2.2 is not supported).
pub(super) fn bearer_token(request: &ServiceRequest) -> Result<&str, Refusal> {
    let query = request.query_string();
    if !query.is_empty() && url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token") {
        return Err(Refusal::new(Reason::RequestInvalid, "a token was sent in the query"));
    }
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let (first, second) = (headers.next(), headers.next());
    let header = first.ok_or_else(|| Refusal::new(Reason::TokenMissing, "no Authorization header"))?;
    if second.is_some() {
        return Err(Refusal::new(Reason::RequestInvalid, "more than one Authorization header"));
    }
    token_of(header.as_bytes())
}

fn token_of(header: &[u8]) -> Result<&str, Refusal> {
    let invalid = |detail| Refusal::new(Reason::RequestInvalid, detail);
    let header = std::str::from_utf8(header).map_err(|_| invalid("the Authorization header is not text"))?;
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        let mixed = names_bearer_too(header);
        let other = Refusal::new(Reason::TokenMissing, "the authorization scheme is not Bearer");
        return Err(if mixed { invalid("more than one authorization scheme in one header") } else { other });
    }
    let token = token.trim_start_matches(' ');
    if token.len() > MAX_TOKEN_BYTES {
        let detail = format!("expected at most {MAX_TOKEN_BYTES} bytes, found {}", token.len());
        return Err(Refusal::new(Reason::TokenTooLarge, detail));
    }
    if is_b64token(token) { Ok(token) } else { Err(invalid("what follows Bearer is not a b64token")) }
}

/// True when a header that begins with another scheme goes on with Bearer. A comma alone says nothing: the parameters of
/// other schemes have them too (RFC 9110 §11.4), and so may what stands in their quotes.
fn names_bearer_too(header: &str) -> bool {
    let outside_quotes = header.split('"').step_by(2);
    let mut parts = outside_quotes.flat_map(|text| text.split(',')).map(str::trim_start);
    parts.any(|part| part.split(' ').next().is_some_and(|word| word.eq_ignore_ascii_case("bearer")))
}

/// `b64token` of RFC 6750 §2.1.
fn is_b64token(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|b| LETTERS[usize::from(b)])
}

/// The letters of a `b64token`: a table, because every byte of every request's token is looked at.
const LETTERS: [bool; 256] = {
    let mut letters = [false; 256];
    let mut b = u8::MAX;
    while b > 0 {
        letters[b as usize] = b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
        b -= 1;
    }
    letters
};

#[cfg(test)]
mod tests {
    use super::token_of;
    use crate::reason::Reason;

    #[test]
    fn takes_one_token_whatever_the_case_of_the_scheme() {
        for header in ["Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c", "Bearer   a.b.c"] {
            assert_eq!(token_of(header.as_bytes()).unwrap(), "a.b.c", "{header}");
        }
    }

    #[test]
    fn tells_no_token_from_a_malformed_one() {
        for (header, reason) in [
            ("", Reason::TokenMissing),
            ("Basic YTpi", Reason::TokenMissing),
            ("DPoP a.b.c", Reason::TokenMissing),
            ("Bearera.b.c", Reason::TokenMissing),
            ("Digest a,b", Reason::TokenMissing),
            ("Digest username=\"a\", realm=\"x, Bearer y\", uri=\"/\"", Reason::TokenMissing),
            ("Digest username=\"bearer\", bearer=\"x\"", Reason::TokenMissing),
            (",", Reason::TokenMissing),
            ("Basic YTpi, Bearer a.b.c", Reason::RequestInvalid),
            ("Digest realm=\"x\",bearer a.b.c", Reason::RequestInvalid),
            ("Bearer", Reason::RequestInvalid),
            ("Bearer ", Reason::RequestInvalid),
            ("Bearer =", Reason::RequestInvalid),
            ("Bearer a.b.c d", Reason::RequestInvalid),
            ("Bearer a.b.c ", Reason::RequestInvalid),
            ("Bearer \ta.b.c", Reason::RequestInvalid),
            ("Bearer a.b.c, Basic YTpi", Reason::RequestInvalid),
            ("Bearer a.b.c,a.b.c", Reason::RequestInvalid),
            ("Bearer \"a.b.c\"", Reason::RequestInvalid),
            ("Bearer a=b", Reason::RequestInvalid),
            ("Bearer ä", Reason::RequestInvalid),
        ] {
            assert_eq!(token_of(header.as_bytes()).unwrap_err().reason, reason, "{header:?}");
        }
        assert_eq!(token_of(b"Bearer \xff").unwrap_err().reason, Reason::RequestInvalid);
        let large = format!("Bearer {}", "a".repeat(8193));
        assert_eq!(token_of(large.as_bytes()).unwrap_err().reason, Reason::TokenTooLarge);
    }
}
