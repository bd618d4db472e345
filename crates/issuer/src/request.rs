use crate::defect::{ClientDefect, RequestDefect, ScopeDefect, TargetDefect};
use crate::error::TokenError;
use crate::form::TokenForm;
use bridge_limits::PeerAddress;
use bridge_types::ScopeSet;

/// Of which kind the client says that its assertion is: `client_assertion_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AssertionType {
    /// RFC 7523 §2.2.
    JwtBearer,
    /// A JWT-SVID (draft-ietf-oauth-spiffe-client-auth).
    JwtSpiffe,
}

const JWT_SPIFFE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What of a token or revocation request matters once HTTP is done with it.
///
/// No `Debug`: it carries credentials.
#[derive(Clone, Copy)]
pub struct TokenRequest<'r> {
    /// The body, `application/x-www-form-urlencoded`.
    pub form: &'r [u8],
    /// True when the request had an `Authorization` header. Its content does not matter: it is never accepted.
    pub authorization_header: bool,
    /// Where the connection comes from.
    pub peer: PeerAddress,
}

/// The credentials of a request, well formed. Whose they are is not known yet.
pub(crate) struct Credentials<'f> {
    pub(crate) assertion: &'f str,
    pub(crate) kind: AssertionType,
    pub(crate) client_id: Option<&'f str>,
}

impl<'f> Credentials<'f> {
    /// Takes the one credential out of the form.
    pub(crate) fn read(form: &'f TokenForm<'_>, authorization_header: bool) -> Result<Self, TokenError> {
        let (assertion, kind) = assertion(form, authorization_header)?;
        Ok(Self { assertion, kind, client_id: form.client_id.as_deref() })
    }
}

/// A token request that is well formed in every parameter. Who sent it is not known yet.
pub(crate) struct Asked<'f> {
    pub(crate) credentials: Credentials<'f>,
    pub(crate) resource: &'f str,
    pub(crate) scope: ScopeSet,
}

impl<'f> Asked<'f> {
    /// Takes the parameters out of the form: grant type, credentials, resource, scope, in this order.
    pub(crate) fn read(form: &'f TokenForm<'_>, authorization_header: bool) -> Result<Self, TokenError> {
        match form.grant_type.as_deref() {
            Some("client_credentials") => {}
            Some(_) => return Err(TokenError::UnsupportedGrantType),
            None => return Err(RequestDefect::GrantTypeMissing.into()),
        }
        let credentials = Credentials::read(form, authorization_header)?;
        let resource = match form.resource.as_deref() {
            Some(_) if form.more_resources => return Err(TargetDefect::Repeated.into()),
            Some(resource) => resource,
            None => return Err(TargetDefect::Missing.into()),
        };
        let scope = form.scope.as_deref().ok_or(ScopeDefect::Missing)?;
        let scope = scope.parse().map_err(|_| ScopeDefect::Malformed)?;
        Ok(Self { credentials, resource, scope })
    }
}

/// The client assertion, if it is the one credential of the request (RFC 6749 §2.3, RFC 7521 §4.2).
fn assertion<'f>(form: &'f TokenForm<'_>, authorization_header: bool) -> Result<(&'f str, AssertionType), TokenError> {
    let assertion = form.client_assertion.as_deref();
    let ways = [authorization_header, form.client_secret.is_some(), assertion.is_some()];
    if ways.into_iter().filter(|used| *used).count() > 1 {
        return Err(RequestDefect::CredentialsTwice.into());
    }
    if authorization_header {
        return Err(ClientDefect::AuthorizationHeader.into());
    }
    if form.client_secret.is_some() {
        return Err(ClientDefect::Secret.into());
    }
    match (assertion, form.client_assertion_type.as_deref()) {
        (Some(assertion), Some(JWT_BEARER)) => Ok((assertion, AssertionType::JwtBearer)),
        (Some(assertion), Some(JWT_SPIFFE)) => Ok((assertion, AssertionType::JwtSpiffe)),
        (Some(_), Some(_)) => Err(ClientDefect::AssertionType.into()),
        (Some(_), None) => Err(RequestDefect::AssertionTypeMissing.into()),
        (None, Some(_)) => Err(RequestDefect::AssertionMissing.into()),
        (None, None) => Err(ClientDefect::Missing.into()),
    }
}
