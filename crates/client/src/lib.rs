//! The client role: gets access tokens from the own company's issuer and calls partner APIs with them.
//!
//! [`Credential`] proves who the client is, [`TokenSource`] keeps its tokens, [`PartnerApi`] calls one partner. What a
//! caller can rely on:
//!
//! - Tokens come from the [`OwnIssuer`](bridge_types::OwnIssuer) alone. Its token endpoint is found in its own metadata and
//!   must have its own origin; no argument and no setting names a token endpoint.
//! - A token leaves the process in one header, towards one configured origin. Redirects are never followed.
//! - However many callers wait, one request is under way for each audience and set of scopes.
//! - While the issuer is down a token serves until it expires; after that there is a clear error and no call.

mod credential;
mod egress;
mod http_client;
mod retry_after;
mod text;
mod token;
mod token_file;
mod trace_parent;

pub use credential::Credential;
pub use egress::{
    ApiRequest, ApiResponse, ApiUrl, BearerChallenge, CallError, Challenge, ChallengeMalformed, FlowingAnswer,
    PartnerApi, Problem, Refusal, RequestInvalid,
};
pub use http_client::OutboundHttp;
pub use token::{BearerToken, Outage, TokenError, TokenFailure, TokenSource};
pub use token_file::{PlatformToken, TokenFile, TokenFileError};
pub use trace_parent::TraceParent;
