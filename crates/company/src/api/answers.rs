use super::body::{BoundedBody, MAX_BODY};
use super::problem::{MEDIA_TYPE, Problem};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, ResponseError};
use bridge_types::CorrelationId;

/// All header fields of a request together. A token has 8 KiB at most.
const MAX_HEADERS: usize = 32 * 1024;
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// Around every route of the API: gives the request its correlation id, refuses what is too large by its head alone, and
/// sees to it that every error is problem details and every answer names the correlation id.
pub(super) async fn answers(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let correlation_id = CorrelationId::new();
    request.extensions_mut().insert(correlation_id);
    let response = match too_large(request.headers()) {
        Some(problem) => {
            let mut response = request.into_response(problem.error_response());
            response.response_mut().head_mut().set_connection_type(actix_web::http::ConnectionType::Close);
            response
        }
        None => {
            if has_body(request.headers()) {
                let bounded = BoundedBody::around(request.take_payload());
                request.set_payload(bounded);
            }
            next.call(request).await?.map_into_boxed_body()
        }
    };
    Ok(finish(response, correlation_id))
}

fn too_large(headers: &HeaderMap) -> Option<Problem> {
    let fields: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if fields > MAX_HEADERS {
        return Some(Problem::of_status(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
    }
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    declared.filter(|length| *length > MAX_BODY).map(|_| Problem::body_too_large())
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}

/// Errors that a handler or the framework made get their body here; those of the validator have theirs already.
fn finish(response: ServiceResponse<BoxBody>, correlation_id: CorrelationId) -> ServiceResponse<BoxBody> {
    let body = undescribed(&response).and_then(|problem| problem.body(correlation_id).ok());
    let mut response = match body {
        Some(body) => {
            let mut response = response.map_body(|_, _| BoxBody::new(body));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
            response
        }
        None => response,
    };
    if let Ok(value) = HeaderValue::try_from(correlation_id.to_string())
        && !response.headers().contains_key(CORRELATION_ID)
    {
        response.headers_mut().insert(CORRELATION_ID, value);
    }
    response
}

/// The problem of an answer whose body does not say it yet.
fn undescribed(response: &ServiceResponse<BoxBody>) -> Option<Problem> {
    if let Some(problem) = response.response().extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let media_type = response.headers().get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    (is_error && !media_type.starts_with(MEDIA_TYPE.as_bytes())).then(|| Problem::of_status(status))
}
