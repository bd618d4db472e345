use super::refusal::Refusal;
use crate::TokenError;
use bridge_types::Invalid;
use http::HeaderName;
use std::time::Duration;

/// Why a call has no answer that a caller can use, split by what the caller can do about it.
///
/// Every status but 401 and 403 is an answer, not an error.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The request cannot be sent as it is. Change the code that made it.
    #[error("request not sent: {0}")]
    Invalid(#[from] RequestInvalid),
    /// There is no token. The partner was not contacted; see [`TokenError`].
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The partner does not accept our tokens (401), not even a new one if it asked for one. Ask the partner, with the
    /// correlation id.
    #[error("{partner} does not accept our token: {refusal}")]
    Unauthorized {
        /// The configured name.
        partner: String,
        /// What the partner says.
        refusal: Box<Refusal>,
    },
    /// The partner knows who asks and forbids it (403). No other token would help; more scope might, if
    /// [`Refusal::scope`] names one.
    #[error("{partner} forbids the request: {refusal}")]
    Forbidden {
        /// The configured name.
        partner: String,
        /// What the partner says.
        refusal: Box<Refusal>,
    },
    /// No connection came about, so the partner did not see the request. Trying again is safe.
    #[error("{partner} cannot be reached")]
    NotSent {
        /// The configured name.
        partner: String,
        /// What the connection said.
        #[source]
        source: reqwest::Error,
    },
    /// The request was sent and no whole answer came. The partner may have acted on it: try again only what may happen
    /// twice.
    #[error("{partner} did not answer")]
    NoAnswer {
        /// The configured name.
        partner: String,
        /// What the connection said.
        #[source]
        source: reqwest::Error,
    },
    /// The request was sent and the partner kept silent for too long. It may have acted on it, as with [`Self::NoAnswer`].
    #[error("{partner} did not answer within {patience:?}")]
    Late {
        /// The configured name.
        partner: String,
        /// How long it was waited for.
        patience: Duration,
    },
    /// The answer is larger than this client reads. The partner has acted on the request.
    #[error("{partner} answered more than {cap} bytes")]
    AnswerTooLarge {
        /// The configured name.
        partner: String,
        /// The cap in bytes.
        cap: usize,
    },
}

/// Why a request cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum RequestInvalid {
    /// The path would leave the API's base address, or is not encoded.
    #[error(transparent)]
    Path(#[from] Invalid),
    /// The header is not the caller's to set: it belongs to the transport, or carries the token.
    #[error("header {0} cannot be set by the caller")]
    Header(HeaderName),
}
