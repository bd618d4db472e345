use crate::text::with_causes;
use bridge_types::IssuerUrl;
use jiff::Timestamp;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Why there is no token, split by what the caller can do about it. Cheap to clone: all who waited for one request share
/// its error.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TokenError {
    /// The own issuer answers, and refuses. Change how the client is registered there, or what is asked.
    #[error("token refused: {0}")]
    Refused(Outage),
    /// The own issuer does not answer, or not now. Try again after [`Outage::retry_in`].
    #[error("no token at the moment: {0}")]
    Unavailable(Outage),
    /// The own issuer gave an answer that must not be used. Its operator has to look at it.
    #[error("token answer not acceptable: {0}")]
    Unacceptable(Outage),
    /// The runtime that fetches tokens is shutting down.
    #[error("no token: the process is stopping")]
    Stopping,
}

impl TokenError {
    pub(crate) fn new(outage: Outage) -> Self {
        match *outage.cause {
            TokenFailure::Refused { .. } => Self::Refused(outage),
            TokenFailure::Unreachable { .. }
            | TokenFailure::Status { .. }
            | TokenFailure::Late
            | TokenFailure::Panicked
            | TokenFailure::TokenFile(_) => Self::Unavailable(outage),
            TokenFailure::BodyTooLarge { .. }
            | TokenFailure::Form { .. }
            | TokenFailure::WrongIssuer { .. }
            | TokenFailure::ForeignTokenEndpoint { .. }
            | TokenFailure::TokenType { .. }
            | TokenFailure::Lifetime { .. }
            | TokenFailure::Scope { .. }
            | TokenFailure::Token
            | TokenFailure::Assertion(_) => Self::Unacceptable(outage),
        }
    }

    /// The kind of error as one word, for logs and metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Unavailable(_) => "unavailable",
            Self::Unacceptable(_) => "unacceptable",
            Self::Stopping => "stopping",
        }
    }

    /// Since when there is no new token and why, unless the process is stopping.
    pub fn outage(&self) -> Option<&Outage> {
        match self {
            Self::Refused(outage) | Self::Unavailable(outage) | Self::Unacceptable(outage) => Some(outage),
            Self::Stopping => None,
        }
    }
}

/// A time without a new token: whose fault, since when, the last cause, and when the next attempt is due.
#[derive(Debug, Clone)]
pub struct Outage {
    pub(crate) issuer: IssuerUrl,
    pub(crate) since: Timestamp,
    pub(crate) retry_in: Duration,
    pub(crate) cause: Arc<TokenFailure>,
}

impl Outage {
    /// The own issuer.
    pub fn issuer(&self) -> &IssuerUrl {
        &self.issuer
    }

    /// When the first of the failed attempts failed.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// Until then every caller gets this error at once and the issuer is left in peace. Zero when it is due.
    pub fn retry_in(&self) -> Duration {
        self.retry_in
    }

    /// Why the last attempt failed.
    pub fn cause(&self) -> &TokenFailure {
        &self.cause
    }
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { issuer, since, retry_in, cause } = self;
        write!(f, "own issuer {issuer}, since {since:.0}: {}; next attempt in {retry_in:.1?}", with_causes(&**cause))
    }
}

/// What was wrong with one attempt to get a token. No variant carries a token, an assertion or a body.
#[derive(Debug, thiserror::Error)]
pub enum TokenFailure {
    /// No answer came, or it broke off.
    #[error("no answer from {url}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What the connection said.
        #[source]
        source: reqwest::Error,
    },
    /// An answer without an RFC 6749 error in it. Redirects count here: they are not followed.
    #[error("{url} answered {status}, expected 200")]
    Status {
        /// What was asked.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The issuer's refusal (RFC 6749 §5.2).
    #[error("{code}{}", description.as_ref().map(|text| format!(" ({text})")).unwrap_or_default())]
    Refused {
        /// The error code, such as `invalid_client`.
        code: String,
        /// `error_description`, cut and escaped.
        description: Option<String>,
    },
    /// The body is larger than anything this protocol needs.
    #[error("{url} answered more than {cap} bytes")]
    BodyTooLarge {
        /// What was asked.
        url: String,
        /// The cap in bytes.
        cap: usize,
    },
    /// The body is not the JSON that the standard describes. Its text is not repeated: it may contain a token.
    #[error("{url} answered something else than {expected}")]
    Form {
        /// What was asked.
        url: String,
        /// The expected document.
        expected: &'static str,
    },
    /// The metadata is another issuer's (RFC 8414 §3.3).
    #[error("metadata names another issuer: expected {expected}, found \"{found}\"")]
    WrongIssuer {
        /// The own issuer.
        expected: IssuerUrl,
        /// What the metadata says, cut and escaped.
        found: String,
    },
    /// The metadata sends clients elsewhere with their assertions.
    #[error("token endpoint has another origin than the issuer: expected {expected}, found \"{found}\"")]
    ForeignTokenEndpoint {
        /// The origin of the own issuer.
        expected: String,
        /// What the metadata says, cut and escaped.
        found: String,
    },
    /// Not a bearer token (RFC 6749 §7.1: such a token must not be used).
    #[error("token type not understood: expected Bearer, found \"{found}\"")]
    TokenType {
        /// What came, cut and escaped.
        found: String,
    },
    /// `expires_in` is absent or out of range.
    #[error("lifetime not usable: expected expires_in from 1 to {max} seconds, found {}", found.map_or("none".to_owned(), |seconds| seconds.to_string()))]
    Lifetime {
        /// What came.
        found: Option<u64>,
        /// The longest that is accepted.
        max: u64,
    },
    /// The issuer granted something else than was asked (RFC 6749 §5.1).
    #[error("granted scope is not the scope asked for: expected \"{asked}\", found \"{granted}\"")]
    Scope {
        /// What was asked.
        asked: String,
        /// What was granted, cut and escaped.
        granted: String,
    },
    /// The token is empty, larger than 8 KiB, or has characters that a header cannot carry.
    #[error("token not usable: expected a b64token of at most 8192 bytes")]
    Token,
    /// The answer took longer than the token lives.
    #[error("token expired before it arrived")]
    Late,
    /// The request panicked: a defect of this program, which the log names.
    #[error("the request broke off: a defect of this program, see the log")]
    Panicked,
    /// The client assertion could not be signed.
    #[error("client assertion not signed: {0}")]
    Assertion(#[from] bridge_jose::SignError),
    /// The platform's token is not there.
    #[error(transparent)]
    TokenFile(#[from] crate::token_file::TokenFileError),
}

/// One attempt that failed, and how long the issuer asks to be left alone.
#[derive(Debug)]
pub(crate) struct FailedAttempt {
    pub(crate) cause: TokenFailure,
    pub(crate) retry_after: Option<Duration>,
}
