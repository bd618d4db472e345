use super::account::Handed;
use super::flow::{Interrupted, Metered};
use super::headers::{CORRELATION_ID, PROXY_STATUS};
use super::refusal::{Outward, Refusal};
use crate::answers;
use bridge_types::CorrelationId;
use bytes::Bytes;
use http::header::{ALLOW, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use serde::Serialize;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The body of an answer: our own, or the partner's as it arrives.
#[derive(Debug)]
pub(crate) enum AnswerBody {
    /// A problem document.
    Own(Full<Bytes>),
    /// The partner's.
    Flowing(Box<Downstream>),
}

/// The partner's body on its way to the application, and the account that is closed when it ends.
#[derive(Debug)]
pub(crate) struct Downstream {
    pub(super) body: Metered<reqwest::Body>,
    pub(super) _account: Handed,
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Interrupted;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Interrupted>>> {
        match &mut *self {
            Self::Own(body) => Pin::new(body).poll_frame(context).map_err(|never| match never {}),
            Self::Flowing(downstream) => Pin::new(&mut downstream.body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(body) => body.is_end_stream(),
            Self::Flowing(downstream) => downstream.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(body) => body.size_hint(),
            Self::Flowing(downstream) => downstream.body.size_hint(),
        }
    }
}

/// Problem details (RFC 9457), with the members that Bridge's APIs have, and one of the sidecar's own.
#[derive(Serialize)]
struct Problem<'p> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: &'p str,
    correlation_id: String,
    /// Whether to try again only what may happen twice.
    partner_may_have_acted: bool,
}

/// The answer that tells a refusal.
pub(super) fn refusal(refusal: &Refusal, detail: &str, correlation_id: CorrelationId) -> Response<AnswerBody> {
    let Outward { status, code, title, proxy_error } = refusal.outward();
    let problem = Problem {
        kind: format!("urn:bridge:problem:{code}"),
        title,
        status: status.as_u16(),
        code,
        detail,
        correlation_id: correlation_id.to_string(),
        partner_may_have_acted: refusal.partner_may_have_acted(),
    };
    let mut answer = answers::json(status, "application/problem+json", &problem).map(AnswerBody::Own);
    let retry_after =
        refusal.retry_after().map(|wait| wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)));
    let texts = [
        (CORRELATION_ID, Some(correlation_id.to_string())),
        (PROXY_STATUS, Some(format!("bridge-sidecar; error={proxy_error}; details=\"{code}\""))),
        (RETRY_AFTER, retry_after.map(|seconds| seconds.to_string())),
        (
            ALLOW,
            (status == StatusCode::METHOD_NOT_ALLOWED)
                .then(|| "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS".to_owned()),
        ),
    ];
    for (name, text) in texts {
        if let Some(value) = text.and_then(|text| HeaderValue::try_from(text).ok()) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}
