use super::body::{BoundedBody, MAX_BODY};
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use bridge_validator::Problem;

/// All header fields of a request together. A token has 8 KiB at most.
const MAX_HEADERS: usize = 32 * 1024;

/// Refuses by its head alone a request that is too large, without reading its body, and bounds the bodies of all others.
pub(super) async fn limits<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if let Some(problem) = too_large(request.headers()) {
        let mut response = request.error_response(problem).map_into_right_body();
        // What the caller still sends is not read, so the connection cannot be used again.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
        return Ok(response);
    }
    if has_body(request.headers()) {
        let bounded = BoundedBody::around(request.take_payload());
        request.set_payload(bounded);
    }
    Ok(next.call(request).await?.map_into_left_body())
}

fn too_large(headers: &HeaderMap) -> Option<Problem> {
    let fields: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if fields > MAX_HEADERS {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Some(Problem::new(status, "headers_too_large", "the header fields are too large"));
    }
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    declared.filter(|length| *length > MAX_BODY).map(|_| Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE))
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}
