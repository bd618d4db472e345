use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// How every error is answered (RFC 9457), for the OpenAPI document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemSchema {
    /// `urn:bridge:problem:` and the code.
    #[schema(rename = "type", example = "urn:bridge:problem:validation_failed")]
    pub kind: String,
    /// The code in words.
    pub title: String,
    /// The HTTP status again.
    pub status: u16,
    /// What happened: a word that never changes its meaning.
    #[schema(example = "validation_failed")]
    pub code: String,
    /// A sentence for people.
    pub detail: String,
    /// With `insufficient_scope`: the scope to ask the own issuer for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_scope: Option<String>,
    /// With `validation_failed`: every defect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<DefectSchema>>,
    /// What to quote when asking about this request; also in `X-Correlation-Id`.
    pub correlation_id: String,
}

/// One thing that is wrong with a request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Defect)]
pub struct DefectSchema {
    /// A JSON pointer (RFC 6901) into the body, or `/` and the name of a query parameter.
    #[schema(example = "/lines/0/quantity")]
    pub pointer: String,
    /// What should have been there.
    #[schema(example = "an integer from 1 to 10000")]
    pub expected: String,
    /// What was there.
    #[schema(example = "0")]
    pub found: String,
}

macro_rules! refusals {
    ($(#[$doc:meta])* $name:ident: $($variant:ident $status:literal $text:literal),*) => {
        $(#[$doc])*
        #[derive(Debug, IntoResponses)]
        pub enum $name {
            $(
                #[doc = $text]
                #[response(status = $status, description = $text, content_type = "application/problem+json")]
                $variant(ProblemSchema),
            )*
        }
    };
}

refusals! {
    /// How a request for something may be refused.
    ReadRefusals:
    Unauthorized 401 "No token, or one that is not accepted; see `WWW-Authenticate`",
    Forbidden 403 "The token lacks the scope, or this client may never have it",
    NotFound 404 "It does not exist, or does not concern the caller",
    Invalid 422 "The query parameters do not have the expected form",
    Unavailable 503 "The keys of the caller's issuer cannot be obtained now"
}

refusals! {
    /// How a request that changes something may be refused.
    WriteRefusals:
    KeyMissing 400 "No `Idempotency-Key`, or a malformed one",
    Unauthorized 401 "No token, or one that is not accepted; see `WWW-Authenticate`",
    Forbidden 403 "The token lacks the scope, or this client may never have it",
    NotFound 404 "It does not exist, or does not concern the caller",
    Conflict 409 "The state of the resource does not permit this",
    TooLarge 413 "The body is larger than 256 KiB",
    MediaType 415 "The body is not `application/json`",
    Invalid 422 "The body does not have the expected form, or the `Idempotency-Key` was used for another one",
    Unavailable 503 "Too many writes are waiting, or the keys of the caller's issuer cannot be obtained now; see `Retry-After`"
}
