use crate::{Failure, Parse, parse_json};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, LOCATION};
use actix_web::web::Bytes;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, HttpResponse};
use bridge_client::TraceParent;
use bridge_store::{Database, IdempotencyKey, IdempotentWrite, Once, StoredAnswer, WriteTransaction};
use bridge_validator::{Principal, Problem};
use serde::Serialize;
use std::future::Future;
use std::pin::Pin;

/// Names a write, so that sending it twice does it once.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer is that of an earlier, equal request.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

/// A request that changes something: its `Idempotency-Key` and its JSON body, exactly as it came.
///
/// As an extractor it refuses a missing key (400), another media type (415) and a body over the limit (413). The limit is
/// that of actix's `PayloadConfig`: 256 KiB.
#[derive(Debug)]
pub struct Write {
    key: IdempotencyKey,
    route: String,
    body: Bytes,
    trace: TraceParent,
}

impl Write {
    /// The body, parsed.
    ///
    /// # Errors
    /// 422 with every defect.
    pub fn parse<T: Parse>(&self) -> Result<T, Problem> {
        parse_json(&self.body)
    }

    /// Carries the write out, or repeats its first answer if it was carried out before. The key counts for one principal,
    /// that is one client of one issuer, and one path. Messages that `execute` sends belong to the trace of the request.
    ///
    /// # Errors
    /// Those of `execute`, 422 when the key came with another body, 500 when the database fails.
    pub async fn once(
        self,
        database: &Database,
        principal: Principal<'_>,
        execute: impl AsyncFnOnce(&mut WriteTransaction) -> Result<StoredAnswer, Failure>,
    ) -> Result<HttpResponse, Problem> {
        let caller = format!("{} {}", principal.issuer, principal.client_id);
        let write = IdempotentWrite::new(caller, self.route, self.key, &self.body);
        let once = async { database.once(&write, execute).await.map_err(Problem::from) };
        match self.trace.scope(once).await? {
            Once::Executed(answer) => Ok(respond(answer, false)),
            Once::Replayed(answer) => Ok(respond(answer, true)),
            Once::Reused => Err(Problem::idempotency_key_reused()),
        }
    }
}

/// The answer to a write that made something.
///
/// # Errors
/// [`Failure::Internal`] when the value has no JSON form.
pub fn created(location: String, value: &impl Serialize) -> Result<StoredAnswer, Failure> {
    Ok(StoredAnswer { status: 201, location: Some(location), body: serde_json::to_string(value)? })
}

/// The answer to a write that found done what it asked for.
///
/// # Errors
/// [`Failure::Internal`] when the value has no JSON form.
pub fn already_done(location: String, value: &impl Serialize) -> Result<StoredAnswer, Failure> {
    Ok(StoredAnswer { status: 200, ..created(location, value)? })
}

fn respond(answer: StoredAnswer, replayed: bool) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    if let Some(location) = answer.location {
        response.insert_header((LOCATION, location));
    }
    if replayed {
        response.insert_header((IDEMPOTENCY_REPLAYED, "true"));
    }
    response.content_type("application/json").body(answer.body)
}

impl FromRequest for Write {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let head = key(request.headers()).and_then(|key| is_json(request).map(|()| key));
        let route = format!("{} {}", request.method(), request.path());
        let trace = trace(request.headers());
        let body = Bytes::from_request(request, payload);
        Box::pin(async move {
            let key = head?;
            let body = body.await.map_err(|error| unreadable(&error))?;
            Ok(Self { key, route, body, trace })
        })
    }
}

fn key(headers: &HeaderMap) -> Result<IdempotencyKey, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY);
    let only = values.next().filter(|_| values.next().is_none());
    only.and_then(|value| value.to_str().ok()?.parse().ok()).ok_or_else(Problem::idempotency_key_missing)
}

/// The trace that the caller is in, or else a new one (W3C Trace Context §3.2).
fn trace(headers: &HeaderMap) -> TraceParent {
    let given = headers.get(TRACE_PARENT).and_then(|value| value.to_str().ok()?.parse().ok());
    given.unwrap_or_default()
}

fn is_json(request: &HttpRequest) -> Result<(), Problem> {
    let json = request.content_type().eq_ignore_ascii_case("application/json");
    json.then_some(()).ok_or_else(|| Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE))
}

/// actix hands on what a middleware said of the body, or its own limit.
fn unreadable(error: &Error) -> Problem {
    let status = match error.as_error::<PayloadError>() {
        Some(PayloadError::Io(_)) => StatusCode::REQUEST_TIMEOUT,
        _ => error.as_response_error().status_code(),
    };
    Problem::of_status(status)
}
