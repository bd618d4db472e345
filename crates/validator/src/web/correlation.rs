use super::authorized::AccessDenied;
use super::problem::Problem;
use actix_web::body::{BodySize, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ALLOW, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse};
use bridge_types::CorrelationId;

/// The header that names a request in the logs of the API that answered it.
pub const CORRELATION_HEADER: HeaderName = HeaderName::from_static("x-correlation-id");

/// The id of this request: always minted here, never taken from the caller, who could otherwise write into our logs.
pub fn correlation_id(request: &impl HttpMessage) -> CorrelationId {
    *request.extensions_mut().get_or_insert_with(CorrelationId::new)
}

/// Marks a request whose answer somebody further out takes care of.
struct Correlated;

/// Middleware for the whole application: puts `X-Correlation-Id` on every answer, and gives every error the shape of a
/// [`Problem`] with that id, be it a handler's, actix's own, or a bare 404.
///
/// Answers that bring a body of their own are left alone. Where it is wrapped twice, the outer one does it. Wrap it outermost, with `actix_web::middleware::from_fn`.
///
/// # Errors
/// Those of the inner services; they get header and shape when they are answered.
pub async fn correlate<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if request.extensions_mut().insert(Correlated).is_some() {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let id = correlation_id(&request);
    match next.call(request).await {
        Ok(response) => {
            let (request, response) = response.into_parts();
            Ok(ServiceResponse::new(request, shape(response, id)))
        }
        Err(mut error) => {
            let problem = error.as_error::<Problem>().cloned();
            error.add_response_mapper(move |response| match &problem {
                Some(problem) => finish(problem, &response, id),
                None => shape(response, id).map_into_boxed_body(),
            });
            Err(error)
        }
    }
}

fn shape<B: MessageBody>(response: HttpResponse<B>, id: CorrelationId) -> HttpResponse<EitherBody<B>> {
    let mut shaped = match problem_of(&response) {
        Some(problem) => finish(&problem, &response, id).map_into_right_body(),
        None => response.map_into_left_body(),
    };
    shaped.headers_mut().insert(CORRELATION_HEADER, header_value(id));
    shaped
}

/// The problem that an answer stands for, unless it is none or already says so itself.
fn problem_of<B: MessageBody>(response: &HttpResponse<B>) -> Option<Problem> {
    let status = response.status();
    let bare = matches!(response.body().size(), BodySize::None | BodySize::Sized(0));
    match response.error() {
        _ if !(status.is_client_error() || status.is_server_error()) => None,
        Some(error) if error.as_error::<AccessDenied>().is_some() => None,
        Some(error) => Some(error.as_error::<Problem>().cloned().unwrap_or_else(|| Problem::of_status(status))),
        None => bare.then(|| Problem::of_status(status)),
    }
}

/// The problem as an answer, with what the original answer told clients and proxies to do.
fn finish<B>(problem: &Problem, original: &HttpResponse<B>, id: CorrelationId) -> HttpResponse {
    let mut answer = problem.answer(Some(id));
    for name in [ALLOW, RETRY_AFTER, WWW_AUTHENTICATE] {
        if let Some(value) = original.headers().get(&name) {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    answer.headers_mut().insert(CORRELATION_HEADER, header_value(id));
    answer
}

pub(super) fn header_value(id: CorrelationId) -> HeaderValue {
    HeaderValue::from_str(&id.to_string()).unwrap_or_else(|_| HeaderValue::from_static("-"))
}
