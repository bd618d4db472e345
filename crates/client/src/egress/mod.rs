//! Calls to one partner's API.

mod api_url;
mod bearer_challenge;
mod call;
mod challenge;
mod error;
mod flow;
mod forward;
mod partner_api;
mod refusal;
mod report;
mod request;
mod response;

pub use api_url::ApiUrl;
pub use bearer_challenge::BearerChallenge;
pub use challenge::{Challenge, ChallengeMalformed};
pub use error::{CallError, RequestInvalid};
pub use forward::FlowingAnswer;
pub use partner_api::PartnerApi;
pub use refusal::{Problem, Refusal};
pub use request::ApiRequest;
pub use response::ApiResponse;
